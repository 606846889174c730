// A day of runs, second by second, through one cell: a queue and the ledger that it feeds. Users are dealt to cells by
// hash, so a deployment of n cells is n such days with an nth of the load. Arithmetic only; the same seed is the same day.
// Every run has an id, a callback and a charge, and ends two seconds after its start. What the gateway does is in it: a
// push that is lost or refused is made good by the timer, a run whose host rests is looked at again after the rest, the
// later the longer it has waited, one that the books refused is offered again after 5 s, 10 s … 5 minutes.
import { afterRestMs } from "../../src/callbacks/schedule.ts";
import { ASSUMED_BYTES, ENTRIES_A_BATCH, LIMITS, MEASURED } from "./limits.ts";

export const DAY_SECONDS = 86_400;
export const HOUR_SECONDS = 3_600;

type Span = { fromSecond: number; toSecond: number };

export type Load = {
  /** The day's mean. */
  runsASecond: number;
  /** How many times the curve the runs are in one minute of each hour. */
  burst: number;
  /** The share of pushes that never come. */
  lostPushes: number;
  /** Receivers that fail for a while, and whose runs they are. */
  failing: Span & { share: number };
  outage: Span;
  seed: number;
};

export type Hour = {
  starts: number;
  /** The most in one second. */
  messages: number;
  /** The most that were put off in one second, each by a breaker. */
  putOff: number;
  /** The most that waited at once: in the queue, for their receivers, for the books. */
  queued: number;
  resting: number;
  unbooked: number;
  refused: number;
  ledgerBytes: number;
  gateBytes: number;
  kvBytes: number;
};

export type Day = { hours: Hour[]; booked: number; waitingAtEnd: number };

const ENDS_AFTER = 2;
/** Until the gate's timer looks after a push that it never got. */
const TIMER = 4;
/** Until a gate sends again what the queue refused. */
const RESEND = 60;
/** A breaker's rest, and over how many seconds those are spread who wait for their first one, their second … */
const REST = 30;
const REST_SPREADS = spreadsOf(7);
const BOOKING_PAUSES = [5, 10, 20, 40, 80, 160, 300];
const CLAIM_SECONDS = HOUR_SECONDS;
const [FRESH, RESTING, BOOKING] = [0, 1, 1 + REST_SPREADS.length];
const KINDS = BOOKING + BOOKING_PAUSES.length;

/** Starts in each second: half as many by night, half as many again by day, and the bursts. */
export function startsOf({ runsASecond, burst, seed }: Load): Float64Array {
  const random = diceOf(seed);
  const burstsAt = Array.from({ length: 24 }, () => Math.floor(random() * (HOUR_SECONDS - 60)));
  const shape = Float64Array.from({ length: DAY_SECONDS }, (_, second) => {
    const since = (second % HOUR_SECONDS) - (burstsAt[Math.floor(second / HOUR_SECONDS)] ?? 0);
    const curve = 1 - 0.5 * Math.cos((2 * Math.PI * second) / DAY_SECONDS);
    return since >= 0 && since < 60 ? curve * burst : curve;
  });
  const mean = sumOf(shape) / DAY_SECONDS;
  return shape.map((one) => (one / mean) * runsASecond);
}

export function dayOf(load: Load): Day {
  const cell = new Cell(load);
  startsOf(load).forEach((starts, second) => cell.pass(second, starts));
  return cell.day();
}

class Cell {
  readonly #load: Load;
  readonly #hours: Hour[] = [];
  /** By kind and second: messages that are sent then. */
  readonly #sentAt = Array.from({ length: KINDS }, () => new Float64Array(DAY_SECONDS));
  readonly #queued = new Float64Array(KINDS);
  readonly #startedAt = new Float64Array(DAY_SECONDS);
  #resting = 0;
  #unbooked = 0;
  #booked = 0;
  #claims = 0;
  #bodies = 0;
  #answers = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  pass(second: number, starts: number): void {
    const hour = this.#hourOf(second);
    this.#start(second, starts);
    hour.starts += starts;
    hour.refused += this.#send(second);
    this.#consume(second, hour);
    this.#note(hour);
  }

  day(): Day {
    return {
      hours: this.#hours,
      booked: this.#booked,
      waitingAtEnd: sumOf(this.#queued) + this.#resting + this.#unbooked,
    };
  }

  #start(second: number, starts: number): void {
    const { lostPushes } = this.#load;
    this.#startedAt[second] = starts;
    this.#claims += starts - (this.#startedAt[second - CLAIM_SECONDS] ?? 0);
    this.#answers += starts;
    this.#plan(FRESH, second + ENDS_AFTER, starts * (1 - lostPushes));
    this.#plan(FRESH, second + ENDS_AFTER + TIMER, starts * lostPushes);
  }

  /** How many the queue refused. */
  #send(second: number): number {
    const offered = this.#sentAt.map((kind) => kind[second] ?? 0);
    const all = sumOf(offered);
    const taken = Math.min(1, LIMITS.messagesASecondAQueue / Math.max(1, all));
    for (const [kind, count] of offered.entries()) {
      this.#queued[kind] = (this.#queued[kind] ?? 0) + count * taken;
      this.#plan(kind, second + RESEND, count * (1 - taken));
    }
    return all * (1 - taken);
  }

  #consume(second: number, hour: Hour): void {
    const share = Math.min(1, LIMITS.messagesASecondAQueue / Math.max(1, sumOf(this.#queued)));
    const taken = Array.from(this.#queued, (count) => count * share);
    for (const [kind, count] of taken.entries()) this.#queued[kind] = (this.#queued[kind] ?? 0) - count;
    hour.messages = Math.max(hour.messages, sumOf(taken));
    const fresh = taken[FRESH] ?? 0;
    const rested = taken.slice(RESTING, BOOKING);
    const unbooked = taken.slice(BOOKING);
    this.#unbooked -= sumOf(unbooked);
    this.#resting -= sumOf(rested);
    const rest = this.#restOf(second, fresh, rested);
    hour.putOff = Math.max(hour.putOff, rest);
    // A look at a run whose host rests is told to the books as well.
    this.#book(second, fresh + sumOf(rested) - rest, rest, unbooked);
  }

  /** How many of them are put off. */
  #restOf(second: number, fresh: number, rested: readonly number[]): number {
    const { failing } = this.#load;
    if (second < failing.fromSecond || second >= failing.toSecond) return 0;
    const first = fresh * failing.share;
    this.#bodies += first;
    for (const [met, count] of [first, ...rested].entries()) {
      const kind = Math.min(met, REST_SPREADS.length - 1);
      const spread = REST_SPREADS[kind] ?? 1;
      for (let at = 0; at < spread; at++) this.#plan(RESTING + kind, second + REST + at, count / spread);
    }
    const put = first + sumOf(rested);
    this.#resting += put;
    return put;
  }

  // An entry that the books refuse waits for its next offer. One of a resting run goes with the next look instead.
  #book(second: number, ended: number, looks: number, again: readonly number[]): void {
    const entries = [ended, ...again];
    const all = sumOf(entries) + looks;
    const taken = Math.min(1, this.#roomAt(second) / Math.max(1, all));
    this.#booked += sumOf(entries) * taken;
    for (const [tries, count] of entries.entries()) {
      const pause = Math.min(tries, BOOKING_PAUSES.length - 1);
      this.#unbooked += count * (1 - taken);
      this.#plan(BOOKING + pause, second + (BOOKING_PAUSES[pause] ?? 0), count * (1 - taken));
    }
  }

  #roomAt(second: number): number {
    const { outage } = this.#load;
    const isOut = second >= outage.fromSecond && second < outage.toSecond;
    const isFull = this.#booked * MEASURED.bytesARun >= LIMITS.bytesALedger;
    return isOut || isFull ? 0 : MEASURED.batchesASecondALedger * ENTRIES_A_BATCH;
  }

  #plan(kind: number, second: number, count: number): void {
    const sent = this.#sentAt[kind];
    if (sent !== undefined && second < DAY_SECONDS) sent[second] = (sent[second] ?? 0) + count;
  }

  #hourOf(second: number): Hour {
    if (second % HOUR_SECONDS === 0) this.#hours.push(emptyHour());
    const hour = this.#hours.at(-1);
    if (hour === undefined) throw new Error("a day begins with its first second");
    return hour;
  }

  #note(hour: Hour): void {
    hour.queued = Math.max(hour.queued, sumOf(this.#queued));
    hour.resting = Math.max(hour.resting, this.#resting);
    hour.unbooked = Math.max(hour.unbooked, this.#unbooked);
    hour.ledgerBytes = this.#booked * MEASURED.bytesARun;
    hour.gateBytes = (this.#claims + this.#resting + this.#unbooked) * ASSUMED_BYTES.gateRow;
    hour.kvBytes = this.#answers * ASSUMED_BYTES.answer + this.#bodies * ASSUMED_BYTES.body;
  }
}

/** By the gateway's own rule, of a run that waits as long as most do. */
function spreadsOf(rests: number): number[] {
  const spreads = [];
  for (let waitedMs = 0; spreads.length < rests; waitedMs += REST * 1000 + afterRestMs(0, waitedMs, 0.5))
    spreads.push(Math.round(afterRestMs(0, waitedMs, 1) / 1000));
  return spreads;
}

function emptyHour(): Hour {
  return {
    starts: 0,
    messages: 0,
    putOff: 0,
    queued: 0,
    resting: 0,
    unbooked: 0,
    refused: 0,
    ledgerBytes: 0,
    gateBytes: 0,
    kvBytes: 0,
  };
}

function sumOf(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < numbers.length; at++) sum += numbers[at] ?? 0;
  return sum;
}

// mulberry32
function diceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00;
  };
}
