// What holds for every schedule, failure and throw of the dice.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AttemptFailure } from "../../src/runs/attempt.ts";
import { type FailedAttempt, planNextAttempt } from "../../src/runs/retry-schedule.ts";

const FAILURES: AttemptFailure[] = [
  "destination refused",
  "no connection",
  "no answer in time",
  "redirect not followed",
  "status is no 2xx",
];

const failedTry: fc.Arbitrary<FailedAttempt> = fc
  .record({
    schedule: fc.array(fc.integer({ min: 0, max: 604_800 }), { minLength: 1, maxLength: 50 }),
    step: fc.nat(),
    failure: fc.constantFrom(...FAILURES),
    status: fc.option(fc.constantFrom(301, 404, 429, 500, 502, 503, 504)),
    retryAfterSeconds: fc.option(fc.nat(2_000_000)),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    nowMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  })
  .map(({ step, failure, status, retryAfterSeconds, ...rest }) => ({
    ...rest,
    attempts: 1 + (step % rest.schedule.length),
    outcome: { kind: "failed", status, failure, retryAfterSeconds },
  }));

function delayMs(of: FailedAttempt): number {
  const next = planNextAttempt(of);
  if (next.kind === "dead") throw new Error("dead before the schedule was over");
  return next.atMs - of.nowMs;
}

function scheduledMs({ schedule, attempts }: FailedAttempt): number {
  return (schedule[attempts - 1] ?? Number.NaN) * 1000;
}

function isSlowedDown({ outcome: { status, failure } }: FailedAttempt): boolean {
  return status === 429 || status === 502 || status === 504 || failure === "no answer in time";
}

test("a delay is a whole number of milliseconds, at least 80 % and at most twice what the schedule says, and never below a minute where that holds", () => {
  fc.assert(
    fc.property(failedTry, (of) => {
      const delay = delayMs(of);
      const leastMs = isSlowedDown(of) ? 60_000 : 0;
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(Math.max(leastMs, (scheduledMs(of) * 4) / 5));
      expect(delay).toBeLessThanOrEqual(2 * Math.max(leastMs, scheduledMs(of)));
    }),
  );
});

test("a Retry-After never brings an attempt forward, and none is made before it unless it asks for more than twice the plan", () => {
  fc.assert(
    fc.property(failedTry, fc.nat(2_000_000), (of, retryAfterSeconds) => {
      const plainMs = delayMs({ ...of, outcome: { ...of.outcome, retryAfterSeconds: null } });
      const askedMs = delayMs({ ...of, outcome: { ...of.outcome, retryAfterSeconds } });
      expect(askedMs).toBeGreaterThanOrEqual(plainMs);
      const plannedMs = Math.max(isSlowedDown(of) ? 60_000 : 0, scheduledMs(of));
      if (retryAfterSeconds * 1000 <= 2 * plannedMs)
        expect(askedMs).toBeGreaterThanOrEqual(retryAfterSeconds * 1000);
    }),
  );
});
