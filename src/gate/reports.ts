// What a consumer saw of a run that it had, applied to the run.

import { type OpenRun, withoutClaim } from "../runs/open-run.ts";
import {
  advance,
  type Moment,
  type Observation,
  owesCharge,
  type Run,
  toDeliveryState,
} from "../runs/run.ts";
import { dueAtMs } from "../runs/run-schedule.ts";
import type { Reported } from "./admission.ts";
import type { IndexedRun } from "./run-index.ts";
import type { Runs } from "./runs.ts";

/** Until there may be room for a result, or a connection to its receiver, again. */
const CROWDED_MS = 5_000;

/** `pollAgain`: a completion came while the run was polled, so that poll may have been too early. */
export type Applied = { result: Reported; pollAgain: IndexedRun | null };

/** Null when the report is of an older state of the run. */
export function reportRun(
  runs: Runs,
  runKey: string,
  revision: number,
  observation: Observation,
  at: Moment,
): Applied | null {
  const indexed = runs.index.get(runKey);
  if (indexed === null) return null;
  const open = runs.read(indexed);
  if (open.run.revision !== revision) return null;
  if ("runId" in observation) {
    const { runId } = observation;
    // Its key is another run's by now.
    if (open.run.status !== "forwarding" && open.run.runId !== runId) return null;
    if (open.run.status === "forwarding" && runs.isElsewhere(runId, runKey)) {
      // It has become known as another start's.
      runs.drop(runKey, at.nowMs);
      return null;
    }
  }
  const run = advance(open.run, open.terms, observation, runs.rules, at);
  const isPolledAgain =
    indexed.notified &&
    observation.kind !== "crowded" &&
    run.status !== "ended" &&
    run.status !== "abandoned";
  const dueMs = isPolledAgain ? at.nowMs : nextAtMs(runs, run, observation, at.nowMs);
  // A run that still waits is not written: when it is polled next follows from its acceptance.
  if (run === open.run && open.failures === 0) runs.index.free(indexed, dueMs);
  else {
    const known = run.status === "forwarding" ? open : withoutClaim(open);
    runs.put({ ...known, run, failures: 0 }, at.nowMs, dueMs);
  }
  return { result: toReported(open, run), pollAgain: isPolledAgain ? indexed : null };
}

function nextAtMs(runs: Runs, run: Run, seen: Observation, nowMs: number): number {
  return seen.kind === "crowded" ? nowMs + CROWDED_MS : dueAtMs(run, runs.rules, nowMs);
}

function toReported({ run: before, terms }: OpenRun, run: Run): Reported {
  const isNewlyEnded = run.status === "ended" && before.status !== "ended";
  const last = lastAttempt(run);
  return {
    state: run.status === "forwarding" ? "waiting" : toDeliveryState(run, terms),
    attempt: last === lastAttempt(before) ? null : last,
    ended: isNewlyEnded ? run.result : null,
    isCharged: isNewlyEnded && owesCharge(run, terms),
    isAbandoned: run.status === "abandoned" && before.status === "accepted",
  };
}

function lastAttempt(run: Run) {
  return run.status === "forwarding" ? null : (run.attempts.at(-1) ?? null);
}
