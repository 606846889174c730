// When a failed attempt is followed by the next one, if at all (contract, Callbacks: Attempts). Arithmetic only: the
// clock and the dice are passed in, so that the same facts always give the same moment.
import type { AttemptOutcome } from "./attempt.ts";

export type FailedOutcome = Extract<AttemptOutcome, { kind: "failed" }>;

export type NextAttempt = { kind: "retry"; atMs: number } | { kind: "dead" };

export type FailedAttempt = {
  /** Attempts made on this schedule, the failed one included: from 1. */
  attempts: number;
  /** Seconds between attempts; one entry is one more attempt after the first. */
  schedule: readonly number[];
  outcome: FailedOutcome;
  /** From 0 up to, but not including, 1. */
  random: number;
  nowMs: number;
};

export type DeferredAttempt = Pick<FailedAttempt, "schedule"> & {
  /** Attempts made on this schedule before it: from 0. */
  attempts: number;
  /** When its host's breaker began to defer it. */
  sinceMs: number;
};

const JITTER = 0.2;
/** A receiver that is overloaded is not helped by an attempt within the minute. */
const SLOW_DOWN_MS = 60_000;
const OVERLOADED_STATUSES: readonly number[] = [429, 502, 504];
const LEAST_GRACE_MS = 60 * 60 * 1000;
const LEAST_SPREAD_MS = 3_000;
const MAX_SPREAD_MS = 10 * 60 * 1000;
/** A resumed host is known everywhere within 90 s, and is to get what waits within five minutes. */
const PAUSED_ASKS_AGAIN_MS = 2 * 60 * 1000;
const PAUSED_SPREAD_MS = 60 * 1000;

export function planNextAttempt({ attempts, schedule, outcome, random, nowMs }: FailedAttempt): NextAttempt {
  const scheduledSeconds = schedule[attempts - 1];
  if (scheduledSeconds === undefined) return { kind: "dead" };
  return { kind: "retry", atMs: nowMs + delayMs(scheduledSeconds * 1000, outcome, random) };
}

/**
 * An open breaker defers an attempt until the next one is due, and for an hour at the least. Then it counts as one
 * that failed, so that a host that stays down makes dead letters in the time that the schedule says.
 */
export function graceEndsMs({ attempts, schedule, sinceMs }: DeferredAttempt): number {
  return sinceMs + Math.max(LEAST_GRACE_MS, (schedule[attempts] ?? 0) * 1000);
}

/**
 * When a deferred attempt asks again. All deliveries to one host get the same moment, so they are spread,
 * the further the longer they have waited: each of them is a message, and work for its gate.
 */
export function afterDeferralMs(untilMs: number, waitedMs: number, random: number): number {
  const spreadMs = Math.min(MAX_SPREAD_MS, Math.max(LEAST_SPREAD_MS, waitedMs));
  return untilMs + Math.round(random * spreadMs);
}

/** When a delivery to a paused host asks again: `leftMs` of the pause are left, unless operators resume the host before. */
export function afterPauseMs(nowMs: number, leftMs: number, random: number): number {
  return nowMs + Math.min(leftMs, PAUSED_ASKS_AGAIN_MS) + Math.round(random * PAUSED_SPREAD_MS);
}

// The least delay raises the plan itself, so that "429, Retry-After: 90" on the five-second step means 90 s. It holds
// for every schedule: a deployment whose schedule is shorter than a minute still waits one after a time-out.
function delayMs(scheduledMs: number, outcome: FailedOutcome, random: number): number {
  const leastMs = isOverloaded(outcome) ? SLOW_DOWN_MS : 0;
  const plannedMs = Math.max(scheduledMs, leastMs);
  const jitteredMs = Math.round(plannedMs * (1 - JITTER + 2 * JITTER * random));
  const askedMs = Math.min((outcome.retryAfterSeconds ?? 0) * 1000, 2 * plannedMs);
  return Math.max(leastMs, jitteredMs, askedMs);
}

function isOverloaded({ failure, status }: FailedOutcome): boolean {
  return failure === "no answer in time" || (status !== null && OVERLOADED_STATUSES.includes(status));
}
