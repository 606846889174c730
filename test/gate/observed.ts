// What consumers may see of a run, and the run after it.
import type { AttemptOutcome } from "../../src/runs/attempt.ts";
import {
  type Abandoned,
  type Accepted,
  acceptedRun,
  advance,
  beginRun,
  type Ended,
  type Observation,
  type Run,
  type RunRules,
} from "../../src/runs/run.ts";
import { CALLBACK_TERMS } from "../support/terms.ts";

export const RUN_ID = "7d6ff3a1-0c1e-4c55-8f43-5b7a5a4b7c11";
export const T0 = 1_000_000_000_000;
export const RULES: RunRules = { pollSchedule: [2, 4, 8], retrySchedule: [5, 300] };

export const OK: AttemptOutcome = { kind: "acknowledged", status: 204 };
export const FAILED: AttemptOutcome = {
  kind: "failed",
  status: 500,
  failure: "status is no 2xx",
  retryAfterSeconds: null,
};
export const WAITING: Observation = { kind: "waiting", runId: RUN_ID };
export const UNKNOWN: Observation = { kind: "unseen", unknown: true };
export const UNREACHABLE: Observation = { kind: "unseen", unknown: false };

export const forwarding = beginRun(T0);
export const accepted = acceptedRun(RUN_ID, 0, T0);

export function end(
  outcome: AttemptOutcome | null,
  more: Partial<Observation & { kind: "ended" }> = {},
): Observation {
  return {
    kind: "ended",
    runId: RUN_ID,
    result: "success",
    readAgoMs: 0,
    bodyKept: false,
    attempt: outcome && { outcome, agoMs: 0, durationMs: 7 },
    deferral: null,
    ...more,
  };
}

/** What consumers saw of a run with a callback, one after the other. */
export function after(run: Run, nowMs: number, ...seen: Observation[]): Run {
  return seen.reduce((last, one) => advance(last, CALLBACK_TERMS, one, RULES, { nowMs, random: 0.5 }), run);
}

export function asAccepted(run: Run): Accepted {
  if (run.status !== "accepted") throw new Error(`the run is ${run.status}`);
  return run;
}

export function asEnded(run: Run): Ended {
  if (run.status !== "ended") throw new Error(`the run is ${run.status}`);
  return run;
}

export function asAbandoned(run: Run): Abandoned {
  if (run.status !== "abandoned") throw new Error(`the run is ${run.status}`);
  return run;
}
