// A run that is accepted in a gate, and a consumer that takes it.
import { expect } from "vitest";
import type { LeasedRun } from "../../src/gate/admission.ts";
import type { Taken, TakeRequest } from "../../src/gate/leases.ts";
import { reportRun } from "../../src/gate/reports.ts";
import type { Runs } from "../../src/gate/runs.ts";
import { acceptedRun, type Observation, type Run } from "../../src/runs/run.ts";
import { MINUTE, SECOND, T0 } from "../support/clock.ts";
import { withStore } from "../support/gate-store.ts";
import { CALLBACK_TERMS } from "../support/terms.ts";

export const KEY = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
export const DUE = T0 + 2 * SECOND;
export const ACCEPTED = acceptedRun("r1", 0, T0);
export const WAITING: Observation = { kind: "waiting", runId: "r1" };

export function request(members: Partial<TakeRequest> = {}): TakeRequest {
  return { runKey: KEY, notified: false, hintedRunId: null, isAlone: false, leaseMs: MINUTE, ...members };
}

export function put(runs: Runs, run: Run, runKey = KEY): void {
  runs.put({ runKey, claim: null, terms: CALLBACK_TERMS, run, failures: 0 }, T0);
}

/** A gate whose run r1 was accepted at T0, and is due at DUE. */
export function withRun<T>(work: (runs: Runs) => T): Promise<T> {
  return withStore(({ runs }) => {
    put(runs, ACCEPTED);
    return work(runs);
  });
}

export function leased(taken: Taken): LeasedRun {
  if (taken.kind !== "leased") throw new Error(`the run is not leased: ${taken.kind}`);
  return taken.run;
}

export function report(runs: Runs, { revision }: LeasedRun, seen: Observation, nowMs: number): void {
  expect(reportRun(runs, KEY, revision, seen, { nowMs, random: 0.5 })).not.toBeNull();
}
