// A run's page: what its user's gate has on record, as a time line, past and planned, and what an operator can do with the run
// now.
import { parseHost } from "../../callbacks/destination.ts";
import {
  type BreakerNamespace,
  breakerOf,
  type HostPermission,
} from "../../callbacks/destination-breaker.ts";
import { findPause } from "../../callbacks/host-pauses.ts";
import { readPauses } from "../../callbacks/paused-hosts.ts";
import type { RunRecord } from "../../gate/admission.ts";
import { attemptError } from "../../gate/delivery-view.ts";
import { ABANDONED } from "../../gate/index-event.ts";
import { canPoll, findRun, hasSomethingToDeliver, isDeadLetter, isOpen } from "../../operators/find-run.ts";
import type { RunDetail, TimeLineEntry } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { log } from "../../platform/observability/log.ts";
import { withTimeout } from "../../platform/timeout.ts";
import type { Attempt } from "../../runs/attempt.ts";
import type { Abandoned, Ended } from "../../runs/run.ts";
import type { Services } from "../../services/services.ts";
import { toRunSummary } from "../runs/run-summary.ts";

const BREAKER_ANSWERS_WITHIN_MS = 2_000;

/** Null when the run is not on record. Throws when the index or the gate does not answer. */
export async function runDetail(
  deps: Pick<Services, "operatorsDb" | "gates" | "breakers" | "kv">,
  runId: string,
  user: string | null,
): Promise<RunDetail | null> {
  const found = await findRun(deps, runId, user);
  if (found === null) return null;
  const [breaker, paused] = await Promise.all([
    openBreaker(deps.breakers, found.record),
    findHostPause(deps.kv, found.record),
  ]);
  return { ...toDetail(found.record), breaker, paused };
}

/** Null: operators have not paused the run's host, or KV does not answer, or no attempt is to come. */
async function findHostPause(kv: KVNamespace, { terms, state }: RunRecord): Promise<RunDetail["paused"]> {
  const host = parseHost(terms.callbackUrl);
  if (host === null || state === "delivered" || state === "aborted") return null;
  try {
    const nowMs = Date.now();
    const pause = findPause(await readPauses(kv, nowMs), host, nowMs);
    return pause && { until: formatTime(pause.untilMs), set_by: pause.operator };
  } catch (error) {
    log({ event: "paused_hosts.unavailable", error });
    return null;
  }
}

/** Of the run's host, for its user; null: it lets attempts through, or does not answer, or no attempt is to come. */
async function openBreaker(
  breakers: BreakerNamespace,
  { terms, state }: RunRecord,
): Promise<RunDetail["breaker"]> {
  const host = parseHost(terms.callbackUrl);
  if (host === null || state === "delivered" || state === "aborted") return null;
  const peeked: Promise<HostPermission> = breakerOf(breakers, host).peek(terms.userKey);
  try {
    const permission = await withTimeout(BREAKER_ANSWERS_WITHIN_MS, peeked);
    return permission.kind === "open" ? { until: formatTime(permission.untilMs) } : null;
  } catch (error) {
    // The page shows what the gate has, whatever becomes of a breaker.
    log({ event: "breaker.unavailable", error });
    return null;
  }
}

function toDetail(record: RunRecord): Omit<RunDetail, "breaker" | "paused"> {
  const { callbackUrl, billing } = record.terms;
  // Of an abandoned run the upstream is asked for the end first.
  const canRedeliver = !isOpen(record) && hasSomethingToDeliver(record);
  const { dismissal } = record;
  const isDismissable = isDeadLetter(record) && dismissal === null;
  return {
    ...toRunSummary(record),
    callback_url: callbackUrl,
    billable: billing.is_billable,
    time_line: buildTimeLine(record),
    can: { poll: canPoll(record), redeliver: canRedeliver, abandon: isOpen(record), dismiss: isDismissable },
    dismissed: dismissal && {
      at: formatTime(dismissal.atMs),
      by: dismissal.operator,
      reason: dismissal.reason,
    },
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
