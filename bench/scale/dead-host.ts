// Runs of many users whose one receiver is down, looked at by the gateway's own rules (src/callbacks/): what is due asks
// the host's breaker; a rest puts it off, a permission is an attempt that fails. Arithmetic only.
import { type Breaker, CLOSED, mayTry, report } from "../../src/callbacks/breaker.ts";
import { planNextAttempt } from "../../src/callbacks/schedule.ts";

/** `CALLBACK_RETRY_SCHEDULE`, in seconds. */
const SCHEDULE = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/** As src/gate/run.ts spreads those who wait for one host. */
const REST_SPREAD_MS = 3_000;
const HOUR_MS = 3_600_000;
const FAILED = {
  kind: "failed",
  status: 500,
  failure: "status is no 2xx",
  retryAfterSeconds: null,
} as const;

export type DeadHost = {
  /** Messages of the queue, each with all that a look costs. */
  looksInAnHour: number;
  attemptsInAnHour: number;
  /** Dead letters by the end of the span. */
  dead: number;
  lastDeadMs: number | null;
};

/** Over how much more than now those who wait for a rest are spread, by how many rests they have met. */
export type Patience = (rests: number) => number;

/** As it is. */
export const NONE: Patience = () => 0;
/** Proposed: a minute, two, four, eight, then ten. */
export const GROWING: Patience = (rests) => Math.min(600_000, 30_000 * 2 ** Math.min(rests, 5));

/** The first `spanMs` of so many runs, a hundred of which end in each second. */
export function deadHost(
  runs: number,
  spanMs: number,
  random: () => number,
  patience: Patience = NONE,
): DeadHost {
  const seen: DeadHost = { looksInAnHour: 0, attemptsInAnHour: 0, dead: 0, lastDeadMs: null };
  const due = new Agenda();
  const made = new Uint8Array(runs);
  const rests = new Uint32Array(runs);
  let breaker: Breaker = CLOSED;
  for (let run = 0; run < runs; run++) due.add(run, Math.round(random() * 10 * runs));
  for (let next = due.take(); next !== null && next.atMs < spanMs; next = due.take()) {
    const { run, atMs } = next;
    const [after, permission] = mayTry(breaker, atMs);
    breaker = after;
    const isEarly = atMs < HOUR_MS;
    if (isEarly) seen.looksInAnHour++;
    if (permission.kind === "rest") {
      const met = (rests[run] ?? 0) + 1;
      rests[run] = met;
      due.add(run, permission.untilMs + Math.round(random() * (REST_SPREAD_MS + patience(met))));
      continue;
    }
    if (isEarly) seen.attemptsInAnHour++;
    breaker = report(breaker, false, atMs, String(run));
    const tries = (made[run] ?? 0) + 1;
    made[run] = tries;
    const facts = { made: tries, schedule: SCHEDULE, outcome: FAILED, random: random(), nowMs: atMs };
    const plan = planNextAttempt(facts);
    if (plan.kind === "retry") due.add(run, plan.atMs);
    else {
      seen.dead++;
      seen.lastDeadMs = atMs;
    }
  }
  return seen;
}

/** The same every time. */
export function dice(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return state / 0x80_00_00_00;
  };
}

type Due = { run: number; atMs: number };

/** The earliest first. */
class Agenda {
  readonly #heap: Due[] = [];

  add(run: number, atMs: number): void {
    const heap = this.#heap;
    let at = heap.push({ run, atMs }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= this.#at(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  take(): Due | null {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(least) >= this.#at(at)) return;
      this.#swap(least, at);
      at = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    const [a, b] = [heap[one], heap[other]];
    if (a === undefined || b === undefined) return;
    heap[one] = b;
    heap[other] = a;
  }
}
