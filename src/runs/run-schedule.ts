// When a run is due next. Arithmetic only.
import { type Forwarding, type Run, type RunRules, UNANSWERED_MS } from "./run.ts";

const DAY_MS = 86_400_000;
const ASK_AGAIN_MS = 60_000;
/** A start that stays unanswered is polled less and less often. */
const HINT_PAUSE_SHARE = 8;
const DEFAULT_POLL_SECONDS = 300;

/**
 * When the run must be polled or delivered again: the first moment after `afterMs`. A waiting run's polls follow from its
 * acceptance and the schedule, so that a poll writes nothing down. Not for a finished run.
 */
export function dueAtMs(run: Run, { pollSchedule }: RunRules, afterMs: number): number {
  switch (run.status) {
    case "forwarding":
      return run.hintedRunId === null ? run.abandonAtMs : afterMs + hintPauseMs(run, afterMs);
    case "accepted":
      return nextPollAtMs(run.acceptedAtMs, pollSchedule, afterMs);
    case "abandoned":
      return afterMs + ASK_AGAIN_MS;
    case "ended":
      return run.delivery.kind === "pending" ? run.delivery.nextAtMs : afterMs;
  }
}

export function nextPollAtMs(acceptedAtMs: number, schedule: readonly number[], afterMs: number): number {
  let atMs = acceptedAtMs;
  for (const seconds of schedule) {
    atMs += seconds * 1000;
    if (atMs > afterMs) return atMs;
  }
  const lastMs = (schedule.at(-1) ?? DEFAULT_POLL_SECONDS) * 1000;
  return atMs + (Math.floor((afterMs - atMs) / lastMs) + 1) * lastMs;
}

function hintPauseMs({ abandonAtMs }: Forwarding, nowMs: number): number {
  const sinceMs = nowMs - (abandonAtMs - UNANSWERED_MS);
  return Math.max(ASK_AGAIN_MS, Math.min(Math.ceil(sinceMs / HINT_PAUSE_SHARE), DAY_MS));
}
