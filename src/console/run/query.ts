// A run's page: what its user's gate has on record, as a time line, past and planned, and what an operator can do with the run
// now.
import type { RunRecord } from "../../gate/admission.ts";
import { attemptError } from "../../gate/delivery-view.ts";
import { ABANDONED } from "../../gate/index-event.ts";
import { canPoll, findRun, hasSomethingToDeliver, isOpen } from "../../operators/find-run.ts";
import type { RunDetail, TimeLineEntry } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import type { Attempt } from "../../runs/attempt.ts";
import type { Abandoned, Ended } from "../../runs/run.ts";
import type { Services } from "../../services/services.ts";
import { toRunSummary } from "../runs/run-summary.ts";

/** Null when the run is not on record. Throws when the index or the gate does not answer. */
export async function runDetail(
  deps: Pick<Services, "operatorsDb" | "gates">,
  runId: string,
  user: string | null,
): Promise<RunDetail | null> {
  const found = await findRun(deps, runId, user);
  return found && toDetail(found.record);
}

function toDetail(record: RunRecord): RunDetail {
  const { callbackUrl, billing } = record.terms;
  // Of an abandoned run the upstream is asked for the end first.
  const canRedeliver = !isOpen(record) && hasSomethingToDeliver(record);
  return {
    ...toRunSummary(record),
    callback_url: callbackUrl,
    billable: billing.is_billable,
    time_line: buildTimeLine(record),
    can: { poll: canPoll(record), redeliver: canRedeliver, abandon: isOpen(record) },
  };
}

function buildTimeLine(record: RunRecord): TimeLineEntry[] {
  const { run } = record;
  const entries = [
    plain("accepted", run.acceptedAtMs),
    ...(run.status === "ended" ? toEndEntries(run) : []),
    ...run.attempts.map(attemptEntry),
    ...(run.status === "abandoned" ? [abandonedEntry(run)] : []),
    ...toOutcomeEntries(record),
    ...toPlanEntries(record),
  ];
  // Of one moment's, cause before effect: the order above. Text of one form sorts as time does.
  return entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function toEndEntries({ endedAtMs, chargedAtMs }: Ended): TimeLineEntry[] {
  const end = plain("ended", endedAtMs);
  return chargedAtMs === null ? [end] : [end, plain("charged", chargedAtMs)];
}

function attemptEntry(attempt: Attempt): TimeLineEntry {
  const { number, atMs, durationMs, outcome } = attempt;
  const error = attemptError(attempt);
  const shown = { number, status: outcome.status, duration_ms: durationMs, error };
  return { ...plain("attempt", atMs), attempt: shown };
}

function abandonedEntry({ abandonedAtMs, reason }: Abandoned): TimeLineEntry {
  return { ...plain("abandoned", abandonedAtMs), reason: ABANDONED[reason] };
}

/** What the last attempt came to; a run that was abandoned without one is dead since its end, or since then. */
function toOutcomeEntries({ run, state }: RunRecord): TimeLineEntry[] {
  if (state !== "delivered" && state !== "aborted" && state !== "dead") return [];
  const last = run.attempts.at(-1);
  const attemptedMs = last === undefined ? run.acceptedAtMs : last.atMs + last.durationMs;
  switch (run.status) {
    case "accepted":
      return [plain(state, attemptedMs)];
    case "ended":
      return [plain(state, Math.max(attemptedMs, run.endedAtMs))];
    case "abandoned":
      return [plain(state, state === "dead" ? run.abandonedAtMs : attemptedMs)];
  }
}

function toPlanEntries({ run, dueAtMs }: RunRecord): TimeLineEntry[] {
  if (dueAtMs === null) return [];
  if (run.status !== "ended") return [plain("next_poll", dueAtMs)];
  const { delivery } = run;
  return delivery.kind === "pending" ? [plain("next_attempt", delivery.nextAtMs)] : [];
}

function plain(kind: TimeLineEntry["kind"], atMs: number): TimeLineEntry {
  return { at: formatTime(atMs), kind, attempt: null, reason: null };
}
