// The breaker against random histories, judged by a second count that keeps everything and forgets nothing.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { acquire, type Breaker, CLOSED, report } from "../../src/callbacks/breaker.ts";

const T0 = 1_800_000_000_000;
const FIVE_MINUTES = 300_000;

type Step = { kind: "ask" | "ok" | "fail"; afterMs: number };

function steps(kinds: Step["kind"][]): fc.Arbitrary<Step[]> {
  const afterMs = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 29_999, 30_000, 30_001, 299_999, 300_000) },
  );
  return fc.array(fc.record({ kind: fc.constantFrom(...kinds), afterMs }), { maxLength: 400, size: "max" });
}

/** The share of failures among the last `n` attempts of the last five minutes, for some n from 10 to 100. */
function wasDownAt(attempts: { atMs: number; ok: boolean }[], nowMs: number): boolean {
  const recent = attempts.filter(({ atMs }) => atMs > nowMs - FIVE_MINUTES).slice(-100);
  const failures = recent.filter(({ ok }) => !ok).length;
  return recent.length >= 10 && failures * 10 >= recent.length * 7;
}

test("a host rests only if 70 % of the last ten or more attempts within five minutes failed, and then it does", () => {
  fc.assert(
    fc.property(steps(["ok", "fail", "fail"]), (history) => {
      let breaker: Breaker = CLOSED;
      let nowMs = T0;
      const attempts: { atMs: number; ok: boolean }[] = [];
      for (const { kind, afterMs } of history) {
        nowMs += afterMs;
        attempts.push({ atMs: nowMs, ok: kind === "ok" });
        breaker = report(breaker, kind === "ok", nowMs);
        expect(breaker.status).toBe(wasDownAt(attempts, nowMs) ? "open" : "closed");
        if (breaker.status === "open") return;
      }
    }),
    { numRuns: 500 },
  );
});

test("a host that is down gets at most one attempt in 30 seconds, and the first request after the rest gets it", () => {
  fc.assert(
    fc.property(steps(["ask", "ask", "ask", "fail"]), (interleaving) => {
      let nowMs = T0;
      let breaker: Breaker = CLOSED;
      for (let attempts = 0; attempts < 10; attempts++) breaker = report(breaker, false, nowMs);
      let notBeforeMs = nowMs + 30_000;
      for (const { kind, afterMs } of interleaving) {
        nowMs += afterMs;
        if (kind === "fail") {
          // From any attempt: the probe, an attempt from before the rest, an isolate that did not ask.
          const before = breaker;
          breaker = report(breaker, false, nowMs);
          if (before.status === "half_open") notBeforeMs = nowMs + 30_000;
          continue;
        }
        const [asked, permission] = acquire(breaker, nowMs);
        breaker = asked;
        if (nowMs < notBeforeMs) {
          expect(permission).toEqual({ kind: "open", untilMs: notBeforeMs });
        } else {
          expect(permission).toEqual({ kind: "go" });
          notBeforeMs = nowMs + 30_000;
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("whatever is reported, a new attempt is allowed within 30 seconds", () => {
  fc.assert(
    fc.property(steps(["ask", "ok", "fail", "fail", "fail"]), (history) => {
      let nowMs = T0;
      let breaker: Breaker = CLOSED;
      for (const { kind, afterMs } of history) {
        nowMs += afterMs;
        if (kind === "ask") {
          const [asked, permission] = acquire(breaker, nowMs);
          breaker = asked;
          if (permission.kind === "go") continue;
          expect(permission.untilMs).toBeGreaterThan(nowMs);
          expect(permission.untilMs).toBeLessThanOrEqual(nowMs + 30_000);
          expect(acquire(breaker, permission.untilMs)[1]).toEqual({ kind: "go" });
        } else breaker = report(breaker, kind === "ok", nowMs);
      }
    }),
  );
});
