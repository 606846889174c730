// A day of runs, second by second, through some queues and one operators' index. Gates are dealt to queues by hash, so
// the queues of a deployment are as one of their sum. Arithmetic only; the same seed is the same day.
// Every run has an id, a callback and a charge, and ends two seconds after its start. What the gateway does is in it: a
// push that is lost is made good by a poll, what the queues refuse is sent again by the gates, the later the longer it is
// overdue, a run whose breaker is open is due after that, and what the index does not take waits in the outbox.
import { afterDeferralMs } from "../../src/runs/retry-schedule.ts";
import { ASSUMED_BYTES, ASSUMED_INDEX_WRITES_A_SECOND, LIMITS, MEASURED_BYTES } from "./limits.ts";

export const DAY_SECONDS = 86_400;
export const HOUR_SECONDS = 3_600;

type Span = { fromSecond: number; toSecond: number };

export type Load = {
  /** The day's mean. */
  runsASecond: number;
  queues: number;
  /** How many users have a run on that day; each is told to the index once. */
  users: number;
  /** How many times the curve the runs are in one minute of each hour. */
  burst: number;
  /** The share of pushes that never come. */
  missedNotices: number;
  /** Receivers that fail for a while, and whose runs they are. */
  failing: Span & { share: number };
  /** No D1. */
  indexAway: Span;
  /** No queue takes or gives a message. */
  queuesAway: Span;
  seed: number;
};

export type Hour = {
  starts: number;
  /** The most in one second. */
  messages: number;
  refused: number;
  /** The most that waited at once: in the queues, for their receivers, in gates whose message was refused. */
  queued: number;
  deferred: number;
  late: number;
  /** Rows that the index has still to be told, the most at once. */
  outbox: number;
  gateBytes: number;
  kvBytes: number;
};

export type Day = { hours: Hour[]; finished: number; waitingAtEnd: number };

const FLOWS = { starts: 0, messages: 0, refused: 0 };
const WAITING = { queued: 0, deferred: 0, late: 0, outbox: 0 };
const ENDS_AFTER = 2;
/** Until the gate's poll makes good a push that it never got. */
const TIMER = 4;
/** How long a breaker is open, and over how many seconds those are spread who wait for their first one, their second … */
const OPEN_SECONDS = 30;
const OPEN_SPREADS = toSpreads(7);
/** Until a gate sends again what the queues refused, the first time, the second …: src/gate/dispatcher.ts. */
const RESEND_PAUSES = resendPauses();
const [FRESH, DEFERRED, RESENT] = [0, 1, 1 + OPEN_SPREADS.length];
const KINDS = RESENT + RESEND_PAUSES.length;

/** Starts in each second: half as many by night, half as many again by day, and the bursts. */
export function buildStarts({ runsASecond, burst, seed }: Load): Float64Array {
  const random = makeDice(seed);
  const burstsAt = Array.from({ length: 24 }, () => Math.floor(random() * (HOUR_SECONDS - 60)));
  const shape = Float64Array.from({ length: DAY_SECONDS }, (_, second) => {
    const since = (second % HOUR_SECONDS) - (burstsAt[Math.floor(second / HOUR_SECONDS)] ?? 0);
    const curve = 1 - 0.5 * Math.cos((2 * Math.PI * second) / DAY_SECONDS);
    return since >= 0 && since < 60 ? curve * burst : curve;
  });
  const mean = sumAll(shape) / DAY_SECONDS;
  return shape.map((one) => (one / mean) * runsASecond);
}

export function simulateDay(load: Load): Day {
  const gateway = new Gateway(load);
  buildStarts(load).forEach((starts, second) => gateway.pass(second, starts));
  return gateway.day();
}

class Gateway {
  readonly #load: Load;
  readonly #hours: Hour[] = [];
  /** By kind and second: messages that are sent then. */
  readonly #sentAt = Array.from({ length: KINDS }, () => new Float64Array(DAY_SECONDS));
  readonly #queued = new Float64Array(KINDS);
  #deferred = 0;
  #late = 0;
  #outbox = 0;
  #started = 0;
  #finished = 0;
  #bodies = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  pass(second: number, starts: number): void {
    const hour = this.#ensureHour(second);
    this.#start(second, starts);
    hour.starts += starts;
    hour.refused += this.#send(second);
    this.#consume(second, hour);
    this.#report(second);
    this.#note(hour);
  }

  day(): Day {
    return {
      hours: this.#hours,
      finished: this.#finished,
      waitingAtEnd: sumAll(this.#queued) + this.#deferred + this.#late,
    };
  }

  #start(second: number, starts: number): void {
    const { missedNotices } = this.#load;
    this.#started += starts;
    this.#plan(FRESH, second + ENDS_AFTER, starts * (1 - missedNotices));
    this.#plan(FRESH, second + ENDS_AFTER + TIMER, starts * missedNotices);
  }

  /** How many the queues refused. */
  #send(second: number): number {
    const offered = this.#sentAt.map((kind) => kind[second] ?? 0);
    const all = sumAll(offered);
    const taken = Math.min(1, this.#messagesAt(second) / Math.max(1, all));
    for (const [kind, count] of offered.entries()) {
      const wasRefused = kind >= RESENT;
      if (wasRefused) this.#late -= count;
      if (kind >= DEFERRED && kind < RESENT) this.#deferred -= count * (1 - taken);
      this.#queued[kind] = (this.#queued[kind] ?? 0) + count * taken;
      this.#refuse(second, wasRefused ? kind - RESENT + 1 : 0, count * (1 - taken));
    }
    return all * (1 - taken);
  }

  #refuse(second: number, times: number, count: number): void {
    const at = Math.min(times, RESEND_PAUSES.length - 1);
    this.#late += count;
    this.#plan(RESENT + at, second + (RESEND_PAUSES[at] ?? 0), count);
  }

  #consume(second: number, hour: Hour): void {
    const share = Math.min(1, this.#messagesAt(second) / Math.max(1, sumAll(this.#queued)));
    const taken = Array.from(this.#queued, (count) => count * share);
    for (const [kind, count] of taken.entries()) this.#queued[kind] = (this.#queued[kind] ?? 0) - count;
    hour.messages = Math.max(hour.messages, sumAll(taken));
    const rested = taken.slice(DEFERRED, RESENT);
    this.#deferred -= sumAll(rested);
    const fresh = sumAll(taken) - sumAll(rested);
    this.#finished += sumAll(taken) - this.#countDeferred(second, fresh, rested);
  }

  /** How many of them are deferred. */
  #countDeferred(second: number, fresh: number, rested: readonly number[]): number {
    const { failing } = this.#load;
    if (second < failing.fromSecond || second >= failing.toSecond) return 0;
    const first = fresh * failing.share;
    this.#bodies += first;
    for (const [met, count] of [first, ...rested].entries()) {
      const kind = Math.min(met, OPEN_SPREADS.length - 1);
      const spread = OPEN_SPREADS[kind] ?? 1;
      for (let at = 0; at < spread; at++)
        this.#plan(DEFERRED + kind, second + OPEN_SECONDS + at, count / spread);
    }
    const deferred = first + sumAll(rested);
    this.#deferred += deferred;
    return deferred;
  }

  // A user with runs all day has the first one at midnight, and reports the day within an hour.
  #report(second: number): void {
    const { users, indexAway } = this.#load;
    if (second < HOUR_SECONDS) this.#outbox += users / HOUR_SECONDS;
    if (!isIn(indexAway, second)) this.#outbox -= Math.min(this.#outbox, ASSUMED_INDEX_WRITES_A_SECOND);
  }

  #messagesAt(second: number): number {
    const { queues, queuesAway } = this.#load;
    return isIn(queuesAway, second) ? 0 : queues * LIMITS.messagesASecondAQueue;
  }

  #plan(kind: number, second: number, count: number): void {
    const sent = this.#sentAt[kind];
    if (sent !== undefined && second < DAY_SECONDS) sent[second] = (sent[second] ?? 0) + count;
  }

  #ensureHour(second: number): Hour {
    if (second % HOUR_SECONDS === 0) this.#hours.push({ ...FLOWS, ...WAITING, gateBytes: 0, kvBytes: 0 });
    const hour = this.#hours.at(-1);
    if (hour === undefined) throw new Error("a day begins with its first second");
    return hour;
  }

  #note(hour: Hour): void {
    const { endedRun, charge, answer, openRun } = MEASURED_BYTES;
    hour.queued = Math.max(hour.queued, sumAll(this.#queued));
    hour.deferred = Math.max(hour.deferred, this.#deferred);
    hour.late = Math.max(hour.late, this.#late);
    hour.outbox = Math.max(hour.outbox, this.#outbox);
    hour.gateBytes =
      this.#finished * (endedRun + charge) +
      this.#started * answer +
      (this.#started - this.#finished) * openRun;
    hour.kvBytes = this.#started * ASSUMED_BYTES.kvAnswer + this.#bodies * ASSUMED_BYTES.body;
  }
}

function isIn({ fromSecond, toSecond }: Span, second: number): boolean {
  return second >= fromSecond && second < toSecond;
}

/** A minute, or a quarter of the time that a run is overdue, an hour at most. */
function resendPauses(): number[] {
  const pauses: number[] = [];
  for (let overdue = 0; (pauses.at(-1) ?? 0) < 3_600; overdue += pauses.at(-1) ?? 0)
    pauses.push(Math.min(3_600, Math.max(60, Math.round(overdue / 4))));
  return pauses;
}

/** By the gateway's own rule, of a run that waits as long as most do. */
function toSpreads(openings: number): number[] {
  const spreads = [];
  for (
    let waitedMs = 0;
    spreads.length < openings;
    waitedMs += OPEN_SECONDS * 1000 + afterDeferralMs(0, waitedMs, 0.5)
  )
    spreads.push(Math.round(afterDeferralMs(0, waitedMs, 1) / 1000));
  return spreads;
}

function sumAll(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < numbers.length; at++) sum += numbers[at] ?? 0;
  return sum;
}

/** The same seed says the same: mulberry32. */
export function makeDice(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00;
  };
}
