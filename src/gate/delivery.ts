// How far the telling of a run's end has got. An attempt is made, or put off: for want of room here at no cost, and by
// rests of its host until the next attempt is due, and an hour at least. Then it counts as one that failed, so that a
// host that stays down makes dead letters in the time that the schedule says. Arithmetic only.
import type { Attempt, AttemptOutcome } from "../callbacks/attempt.ts";
import { afterRestMs, graceEndsMs, planNextAttempt } from "../callbacks/schedule.ts";

export type Delivery =
  /** `made` counts attempts over the delivery's whole life, `tries` those of the present schedule. */
  | {
      kind: "pending";
      made: number;
      tries: number;
      nextAtMs: number;
      /** Since when rests of its host put the next attempt off. */
      restedSinceMs: number | null;
    }
  | { kind: "delivered" | "dead" | "aborted"; made: number }
  | { kind: "none" };

type Pending = Delivery & { kind: "pending" };

/** Not to be tried before then: its host rests, or there was no room for it here. */
export type PutOff = { untilMs: number; why: "rest" | "room" };

/** What came of a look at it: an attempt, or why there was none. */
export type Telling = { attempt: Attempt | null; putOff: PutOff | null; atMs: number; random: number };

/** `attempt`: what the books are to be told of. */
export type Tried = { delivery: Delivery; attempt: Attempt | null };

const STAYED_DOWN: AttemptOutcome = {
  kind: "failed",
  status: null,
  failure: "host stayed down",
  retryAfterSeconds: null,
};

/** `made`: attempts of schedules before. */
export function firstAttempt(made: number, nextAtMs: number): Pending {
  return { kind: "pending", made, tries: 0, nextAtMs, restedSinceMs: null };
}

/** The delivery after a look; `schedule` is in seconds. */
export function tried(delivery: Delivery, seen: Telling, schedule: readonly number[]): Tried {
  const { attempt, putOff } = seen;
  if (delivery.kind !== "pending") return { delivery, attempt };
  if (putOff !== null) return afterPutOff(delivery, seen, putOff, schedule);
  return { delivery: attempt === null ? delivery : afterAttempt(delivery, seen, attempt, schedule), attempt };
}

function afterAttempt(
  delivery: Pending,
  seen: Telling,
  { outcome }: Attempt,
  schedule: readonly number[],
): Delivery {
  const made = delivery.made + 1;
  const tries = delivery.tries + 1;
  if (outcome.kind === "acknowledged") return { kind: "delivered", made };
  if (outcome.kind === "aborted") return { kind: "aborted", made };
  const { random, atMs: nowMs } = seen;
  const plan = planNextAttempt({ made: tries, schedule, outcome, random, nowMs });
  return plan.kind === "dead"
    ? { kind: "dead", made }
    : { kind: "pending", made, tries, nextAtMs: plan.atMs, restedSinceMs: null };
}

function afterPutOff(
  delivery: Pending,
  seen: Telling,
  { untilMs, why }: PutOff,
  schedule: readonly number[],
): Tried {
  const { atMs, random } = seen;
  if (why === "room")
    return { attempt: null, delivery: { ...delivery, nextAtMs: afterRestMs(untilMs, 0, random) } };
  const sinceMs = delivery.restedSinceMs ?? atMs;
  const nextAtMs = afterRestMs(untilMs, atMs - sinceMs, random);
  const endsMs = graceEndsMs({ made: delivery.tries, schedule, sinceMs });
  if (atMs < endsMs) return { attempt: null, delivery: { ...delivery, nextAtMs, restedSinceMs: sinceMs } };
  const attempt = { number: delivery.made + 1, atMs, durationMs: 0, outcome: STAYED_DOWN };
  const after = afterAttempt(delivery, seen, attempt, schedule);
  // The next one is due, and its host still rests.
  const isNext = after.kind === "pending";
  return { attempt, delivery: isNext ? { ...after, nextAtMs, restedSinceMs: endsMs } : after };
}
