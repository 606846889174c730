// The life of a run in order, past and planned. Pure.
import type { LiveRun } from "../gate/admission.ts";
import { isFinished } from "../gate/run.ts";
import type { LedgerAttempt } from "../ledger/entry.ts";
import { timeOf } from "./times.ts";
import type { RunSummary, TimeLineEntry } from "./views.ts";

export function timeLineOf(
  run: RunSummary,
  attempts: readonly LedgerAttempt[],
  live: LiveRun | null,
): TimeLineEntry[] {
  const entries = [
    plain("accepted", run.accepted_at),
    ...endOf(run),
    ...attempts.map(attemptEntry),
    ...outcomeOf(run, attempts),
    ...plansOf(live),
  ];
  // Of one moment's, cause before effect: the order above. Text of one form sorts as time does.
  return entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function endOf({ ended_at, result, charged }: RunSummary): TimeLineEntry[] {
  if (ended_at === null) return [];
  const end = plain(result === null ? "lost" : "ended", ended_at);
  return charged ? [end, plain("charged", ended_at)] : [end];
}

function attemptEntry({ number, atMs, status, durationMs, error }: LedgerAttempt): TimeLineEntry {
  return {
    at: timeOf(atMs),
    kind: "attempt",
    attempt: { number, status, duration_ms: durationMs, error },
  };
}

/** What the last attempt came to; a run that was given up without one is dead since its end. */
function outcomeOf({ state, ended_at }: RunSummary, attempts: readonly LedgerAttempt[]): TimeLineEntry[] {
  if (state !== "delivered" && state !== "aborted" && state !== "dead") return [];
  const last = attempts.at(-1);
  const at = last === undefined ? ended_at : timeOf(last.atMs + last.durationMs);
  return at === null ? [] : [plain(state, at)];
}

function plansOf(live: LiveRun | null): TimeLineEntry[] {
  if (live === null || isFinished(live.run)) return [];
  if (live.run.status === "accepted") return [plain("next_look", timeOf(live.run.dueAtMs))];
  const { delivery } = live.run;
  return delivery.kind === "pending" ? [plain("next_attempt", timeOf(delivery.nextAtMs))] : [];
}

function plain(kind: TimeLineEntry["kind"], at: string): TimeLineEntry {
  return { at, kind, attempt: null };
}
