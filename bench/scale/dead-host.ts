// Runs of many users whose one receiver is down, by the gateway's own rules (src/runs/delivery.ts, src/callbacks/): what is due
// asks the host's breaker; a rest puts it off, a permission is an attempt that fails. Arithmetic only.

import { acquire, type Breaker, CLOSED, type Permission, report } from "../../src/callbacks/breaker.ts";
import type { AttemptOutcome } from "../../src/runs/attempt.ts";
import { applyAttempt, type Delivery, firstAttempt } from "../../src/runs/delivery.ts";

const HOUR_MS = 3_600_000;
const FAILED: AttemptOutcome = {
  kind: "failed",
  status: 500,
  failure: "status is no 2xx",
  retryAfterSeconds: null,
};

export type DeadHost = {
  /** Messages of the queue, each with all that follows from one. */
  messagesInAnHour: number;
  attemptsInAnHour: number;
  /** All that were sent, by the end of the span. */
  attempts: number;
  /** Dead letters by the end of the span. */
  dead: number;
  lastDeadMs: number | null;
};

/** The first `spanMs` of so many runs, a hundred of which end in each second. `schedule`: seconds between attempts. */
export function deadHost(
  runs: number,
  spanMs: number,
  schedule: readonly number[],
  random: () => number,
): DeadHost {
  const seen: DeadHost = { messagesInAnHour: 0, attemptsInAnHour: 0, attempts: 0, dead: 0, lastDeadMs: null };
  const due = new Agenda();
  const all: Delivery[] = Array.from({ length: runs }, () => firstAttempt(0, 0));
  let breaker: Breaker = CLOSED;
  for (let run = 0; run < runs; run++) due.add(run, Math.round(random() * 10 * runs));
  for (let next = due.take(); next !== null && next.atMs < spanMs; next = due.take()) {
    const { run, atMs } = next;
    const [after, permission] = acquire(breaker, atMs);
    const goes = permission.kind === "go";
    breaker = goes ? report(after, false, atMs, String(run)) : after;
    const isEarly = atMs < HOUR_MS;
    if (isEarly) seen.messagesInAnHour++;
    if (isEarly && goes) seen.attemptsInAnHour++;
    if (goes) seen.attempts++;
    const delivery = afterMessage(all[run], permission, { atMs, random: random(), schedule });
    all[run] = delivery;
    if (delivery.kind === "pending") due.add(run, delivery.nextAtMs);
    else {
      seen.dead++;
      seen.lastDeadMs = atMs;
    }
  }
  return seen;
}

function afterMessage(
  delivery: Delivery | undefined,
  permission: Permission,
  { atMs, random, schedule }: { atMs: number; random: number; schedule: readonly number[] },
): Delivery {
  if (delivery?.kind !== "pending") throw new Error("nothing is due of a dead letter");
  const result =
    permission.kind === "go"
      ? { attempt: { outcome: FAILED, agoMs: 0, durationMs: 0 }, deferral: null }
      : { attempt: null, deferral: { forMs: permission.untilMs - atMs, why: "breaker_open" as const } };
  return applyAttempt(delivery, result, schedule, atMs, random).delivery;
}

type Due = { run: number; atMs: number };

/** The earliest first: nothing is added that is due before what was taken. */
class Agenda {
  readonly #bySecond: Due[][] = [];
  #second = -1;
  #now: Due[] = [];

  add(run: number, atMs: number): void {
    const second = Math.floor(atMs / 1000);
    if (second === this.#second) this.#now = toLatestFirst([{ run, atMs }, ...this.#now]);
    else (this.#bySecond[second] ??= []).unshift({ run, atMs });
  }

  take(): Due | null {
    while (this.#now.length === 0 && this.#second < this.#bySecond.length)
      this.#now = toLatestFirst(this.#bySecond[++this.#second] ?? []);
    return this.#now.pop() ?? null;
  }
}

function toLatestFirst(due: readonly Due[]): Due[] {
  return due.toSorted((a, b) => b.atMs - a.atMs);
}
