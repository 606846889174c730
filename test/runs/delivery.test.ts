import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../src/runs/attempt.ts";
import { applyAttempt, type Deferral, type Delivery, firstAttempt } from "../../src/runs/delivery.ts";
import { FAILED, OK, T0 } from "../gate/observed.ts";
import { HOUR } from "../support/clock.ts";

const SCHEDULE = [5, 300];

const REST: Deferral = { forMs: 30_000, why: "breaker_open" };
const CROWDED: Deferral = { forMs: 5_000, why: "no_capacity" };

const paused = (forMs: number): Deferral => ({ forMs, why: "paused" });

const fresh = firstAttempt(0, T0);

function attempted(delivery: Delivery, outcome: AttemptOutcome, nowMs = T0) {
  const attempt = { outcome, agoMs: 40, durationMs: 30 };
  return applyAttempt(delivery, { attempt, deferral: null }, SCHEDULE, nowMs, 0.5);
}

function deferred(delivery: Delivery, deferral: Deferral, nowMs: number, random = 0.5, schedule = SCHEDULE) {
  return applyAttempt(delivery, { attempt: null, deferral }, schedule, nowMs, random);
}

function nextAtMs(delivery: Delivery): number {
  if (delivery.kind !== "pending") throw new Error(`the delivery is ${delivery.kind}`);
  return delivery.nextAtMs;
}

describe("an attempt", () => {
  it("is recorded as of when it was made, by the gate's clock", () => {
    expect(attempted(fresh, OK, T0 + 1_000)).toEqual({
      delivery: { kind: "delivered", attempts: 1 },
      attempt: { number: 1, atMs: T0 + 960, durationMs: 30, outcome: OK },
    });
  });

  it("that failed is followed by the next one on schedule, and after the last by a dead letter", () => {
    const first = attempted(fresh, FAILED).delivery;
    expect(first).toEqual({ ...fresh, attempts: 1, scheduleAttempts: 1, nextAtMs: T0 + 5_000 });
    const second = attempted(first, FAILED).delivery;
    expect(second).toMatchObject({ attempts: 2, scheduleAttempts: 2, nextAtMs: T0 + 300_000 });
    expect(attempted(second, FAILED)).toMatchObject({
      delivery: { kind: "dead", attempts: 3 },
      attempt: { number: 3 },
    });
  });

  it("is not followed by another when the receiver wants no more", () => {
    const { delivery } = attempted(fresh, { kind: "aborted", status: 410 });
    expect(delivery).toEqual({ kind: "aborted", attempts: 1 });
  });

  it.each<Delivery>([
    { kind: "none" },
    { kind: "delivered", attempts: 2 },
    { kind: "dead", attempts: 2 },
    { kind: "aborted", attempts: 2 },
  ])("on a delivery that is $kind counts for nothing", (delivery) => {
    expect(attempted(delivery, OK)).toEqual({ delivery, attempt: null });
  });

  it("that was not made, nor deferred, leaves the delivery as it was", () => {
    const report = { attempt: null, deferral: null };
    expect(applyAttempt(fresh, report, SCHEDULE, T0, 0.5)).toEqual({ delivery: fresh, attempt: null });
  });
});

describe("an attempt that is deferred", () => {
  it("by a rest of its host is not counted", () => {
    expect(deferred(fresh, REST, T0)).toEqual({
      attempt: null,
      delivery: { ...fresh, nextAtMs: T0 + 31_500, deferredSinceMs: T0 },
    });
  });

  it("asks again the later the longer it has waited, within ten minutes of the rest's end", () => {
    const pauses = [];
    let { delivery } = deferred(fresh, REST, T0, 0.999);
    for (let poll = 0; poll < 6; poll += 1) {
      const atMs = nextAtMs(delivery);
      ({ delivery } = deferred(delivery, REST, atMs, 0.999));
      pauses.push(Math.round((nextAtMs(delivery) - atMs) / 1000));
    }
    expect(pauses).toEqual([63, 126, 252, 503, 629, 629]);
  });

  it("until the next one is due, and for an hour at least, counts as one that failed", () => {
    const waiting = deferred(deferred(fresh, REST, T0).delivery, REST, T0 + HOUR - 1);
    expect(waiting).toMatchObject({ attempt: null, delivery: { attempts: 0, deferredSinceMs: T0 } });
    expect(deferred(waiting.delivery, REST, T0 + HOUR)).toMatchObject({
      delivery: { kind: "pending", attempts: 1, scheduleAttempts: 1, deferredSinceMs: T0 + HOUR },
      attempt: {
        number: 1,
        atMs: T0 + HOUR,
        durationMs: 0,
        outcome: { kind: "failed", status: null, failure: "host stayed down", retryAfterSeconds: null },
      },
    });
  });

  it("for the length of a longer pause counts when that is over", () => {
    const { delivery } = deferred(fresh, REST, T0, 0.5, [7_200]);
    expect(deferred(delivery, REST, T0 + 2 * HOUR - 1, 0.5, [7_200]).attempt).toBeNull();
    expect(deferred(delivery, REST, T0 + 2 * HOUR, 0.5, [7_200]).attempt).toMatchObject({ number: 1 });
  });

  it("at every turn ends as a dead letter when the schedule is over", () => {
    let { delivery } = deferred(fresh, REST, T0);
    let atMs = T0;
    const counted = new Set<number>();
    while (delivery.kind === "pending") {
      counted.add(delivery.attempts);
      atMs = delivery.nextAtMs;
      ({ delivery } = deferred(delivery, REST, atMs));
    }
    expect([...counted]).toEqual([0, 1, 2]);
    expect(delivery).toEqual({ kind: "dead", attempts: 3 });
    // Three attempts, an hour each, and the last rest.
    expect((atMs - T0) / 60_000).toBeGreaterThan(180);
    expect((atMs - T0) / 60_000).toBeLessThan(192);
  });

  it("for want of room costs nothing, however long that is", () => {
    let delivery: Delivery = fresh;
    for (let poll = 0; poll < 10_000; poll += 1) {
      const atMs = nextAtMs(delivery);
      ({ delivery } = deferred(delivery, CROWDED, atMs));
      expect(nextAtMs(delivery)).toBe(atMs + 6_500);
    }
    expect(delivery).toMatchObject({ attempts: 0, scheduleAttempts: 0, deferredSinceMs: null });
  });

  it("by operators costs nothing, and asks again within three minutes, or a minute after the pause", () => {
    const asked = (forMs: number, random: number) =>
      nextAtMs(deferred(fresh, paused(forMs), T0, random).delivery);
    expect([asked(7 * 24 * HOUR, 0), asked(7 * 24 * HOUR, 1)]).toEqual([T0 + 120_000, T0 + 180_000]);
    expect([asked(1_000, 0), asked(1_000, 1)]).toEqual([T0 + 1_000, T0 + 61_000]);
    let delivery: Delivery = deferred(fresh, REST, T0).delivery;
    for (let leftMs = 7 * 24 * HOUR; leftMs > 0; leftMs -= 150_000)
      ({ delivery } = deferred(delivery, paused(leftMs), T0 + 7 * 24 * HOUR - leftMs));
    expect(delivery).toMatchObject({ attempts: 0, scheduleAttempts: 0, deferredSinceMs: null });
    // A breaker that is open then has its whole grace.
    expect(deferred(delivery, REST, T0 + 8 * 24 * HOUR).attempt).toBeNull();
  });

  it("and made at last has a pause of the schedule before the next one", () => {
    const { delivery } = deferred(fresh, REST, T0);
    const next = { ...fresh, attempts: 1, scheduleAttempts: 1, nextAtMs: T0 + 95_000 };
    expect(attempted(delivery, FAILED, T0 + 90_000).delivery).toEqual(next);
  });
});

it("a delivery that begins again has the attempts of earlier schedules behind it", () => {
  expect(attempted(firstAttempt(10, T0), FAILED)).toMatchObject({
    delivery: { kind: "pending", attempts: 11, scheduleAttempts: 1, nextAtMs: T0 + 5_000 },
    attempt: { number: 11 },
  });
});
