// How far the delivery of a run's end has got. An attempt is made, or deferred: at no cost while the consumer has no room
// for it or operators have paused its host; and while the breaker of its host is open until the next attempt would be due,
// an hour at least. Then it counts as one that failed, so that a host that stays down makes dead letters in the time that
// the schedule says. Pure.
import type { Attempt, AttemptOutcome } from "./attempt.ts";
import { afterDeferralMs, afterPauseMs, graceEndsMs, planNextAttempt } from "./retry-schedule.ts";

export type Delivery =
  | { kind: "none" }
  /** `attempts` counts those of the delivery's whole life, `scheduleAttempts` those of the present schedule. */
  | {
      kind: "pending";
      attempts: number;
      scheduleAttempts: number;
      nextAtMs: number;
      /** Since when an open breaker has deferred the next attempt. */
      deferredSinceMs: number | null;
    }
  | { kind: "delivered" | "dead" | "aborted"; attempts: number };

/** Contract, Deliveries; `none`: the run has no callback. */
export type DeliveryState = "waiting" | "retrying" | "delivered" | "dead" | "aborted" | "none";

type Pending = Extract<Delivery, { kind: "pending" }>;

/** No attempt for so long: the breaker of its host is open, operators have paused the host, or the consumer had no memory or no connection for it. */
export type Deferral = { forMs: number; why: "breaker_open" | "paused" | "no_capacity" };

/** What a consumer did about a delivery. Durations only: the gate has the clock. */
export type DeliveryReport = {
  attempt: { outcome: AttemptOutcome; agoMs: number; durationMs: number } | null;
  deferral: Deferral | null;
};

export type DeliveryResult = { delivery: Delivery; attempt: Attempt | null };

const STAYED_DOWN: AttemptOutcome = {
  kind: "failed",
  status: null,
  failure: "host stayed down",
  retryAfterSeconds: null,
};

/** A delivery that begins, with `attempts` of earlier schedules behind it. */
export function firstAttempt(attempts: number, nextAtMs: number): Pending {
  return { kind: "pending", attempts, scheduleAttempts: 0, nextAtMs, deferredSinceMs: null };
}

export function attemptsOf(delivery: Delivery): number {
  return delivery.kind === "none" ? 0 : delivery.attempts;
}

/** The delivery after a consumer's report; `schedule` is in seconds, `random` from 0 up to 1. */
export function applyAttempt(
  delivery: Delivery,
  report: DeliveryReport,
  schedule: readonly number[],
  nowMs: number,
  random: number,
): DeliveryResult {
  if (delivery.kind !== "pending") return { delivery, attempt: null };
  const when = { schedule, nowMs, random };
  if (report.deferral !== null) return afterDeferral(delivery, report.deferral, when);
  if (report.attempt === null) return { delivery, attempt: null };
  const { outcome, agoMs, durationMs } = report.attempt;
  const attempt = { number: delivery.attempts + 1, atMs: nowMs - agoMs, durationMs, outcome };
  return { delivery: afterAttempt(delivery, outcome, when), attempt };
}

type When = { schedule: readonly number[]; nowMs: number; random: number };

function afterAttempt(
  delivery: Pending,
  outcome: AttemptOutcome,
  { schedule, nowMs, random }: When,
): Delivery {
  const attempts = delivery.attempts + 1;
  const scheduleAttempts = delivery.scheduleAttempts + 1;
  if (outcome.kind === "acknowledged") return { kind: "delivered", attempts };
  if (outcome.kind === "aborted") return { kind: "aborted", attempts };
  const plan = planNextAttempt({ attempts: scheduleAttempts, schedule, outcome, random, nowMs });
  return plan.kind === "dead"
    ? { kind: "dead", attempts }
    : { kind: "pending", attempts, scheduleAttempts, nextAtMs: plan.atMs, deferredSinceMs: null };
}

function afterDeferral(delivery: Pending, { forMs, why }: Deferral, when: When): DeliveryResult {
  const { schedule, nowMs, random } = when;
  if (why === "no_capacity")
    return { attempt: null, delivery: { ...delivery, nextAtMs: afterDeferralMs(nowMs + forMs, 0, random) } };
  // What an open breaker has deferred before is forgotten: the host gets its whole grace after the pause.
  if (why === "paused") {
    const nextAtMs = afterPauseMs(nowMs, forMs, random);
    return { attempt: null, delivery: { ...delivery, nextAtMs, deferredSinceMs: null } };
  }
  const sinceMs = delivery.deferredSinceMs ?? nowMs;
  const nextAtMs = afterDeferralMs(nowMs + forMs, nowMs - sinceMs, random);
  const endsMs = graceEndsMs({ attempts: delivery.scheduleAttempts, schedule, sinceMs });
  if (nowMs < endsMs) return { attempt: null, delivery: { ...delivery, nextAtMs, deferredSinceMs: sinceMs } };
  const attempt = { number: delivery.attempts + 1, atMs: nowMs, durationMs: 0, outcome: STAYED_DOWN };
  const after = afterAttempt(delivery, STAYED_DOWN, when);
  // The next attempt is due, and the breaker is still open.
  const isNext = after.kind === "pending";
  return { attempt, delivery: isNext ? { ...after, nextAtMs, deferredSinceMs: endsMs } : after };
}
