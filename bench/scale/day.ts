// A day of runs, second by second, through queues and ledgers with the platform's limits. Arithmetic only, so the same
// seed is the same day. Every run has a callback and a charge and is pushed once, which is the dearest case.
//
// What stands still is what the gateway does: a gate whose message the queue refused sends it again after a minute; a
// run that the books refused is offered again after 5 s, 10 s … 5 minutes, each time with a message of its own; an
// attempt that failed is followed by the next of the schedule. Breakers, which would save attempts, are left out.
import { FULL } from "./counted.ts";

export const DAY_SECONDS = 86_400;
export const HOUR_SECONDS = 3_600;

export type Load = {
  /** Of the day; the curve is half as much again by day, and half by night. */
  runsASecond: number;
  /** Each hour has a minute with that many times the runs. */
  burst: number;
  /** The share of runs whose receiver never answers. */
  failing: number;
  outage: { fromSecond: number; toSecond: number };
  seed: number;
};

export type Parts = { queues: number; ledgers: number };

export const LIMITS = {
  messagesASecondAQueue: 5_000,
  /** Assumed: what one database writes when it is written in batches of up to a hundred runs. */
  rowsASecondALedger: 1_000,
  ledgerBytes: 10e9,
  accountBytes: 1e12,
  /** Measured by `npm run bench:growth`. */
  bytesARun: 1_400,
};

export type Hour = {
  starts: number;
  /** At most, in the queues and in gates that were refused. */
  messagesWaiting: number;
  /** At most, of runs that are told and not on the books. */
  rowsWaiting: number;
  storedBytes: number;
};

export type Day = {
  hours: Hour[];
  /** Offered to the queues in one second. */
  mostMessages: number;
  /** When each gave way first; null: it held. */
  firstRefusedAt: number | null;
  booksBehindAt: number | null;
  ledgerFullAt: number | null;
  accountFullAt: number | null;
};

const RETRY_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const BOOKING_SECONDS = [5, 10, 20, 40, 80, 160, 300];
const RESEND_SECONDS = 60;
const ROWS_OF_A_RETRY = 2;
/** For the later attempts, and to catch up after an outage. */
const ROWS_HEADROOM = 1.1;
const FRESH = 0;
const FIRST_BOOKING = 1 + RETRY_SECONDS.length;
const CLASSES = FIRST_BOOKING + BOOKING_SECONDS.length;

export function startsOf(load: Load): Float64Array {
  const dice = diceOf(load.seed);
  const burstAt = Array.from({ length: 24 }, () => Math.floor(dice() * (HOUR_SECONDS - 60)));
  const shape = Float64Array.from({ length: DAY_SECONDS }, (_, second) => {
    const curve = 1 - 0.5 * Math.cos((2 * Math.PI * second) / DAY_SECONDS);
    const sinceBurst = (second % HOUR_SECONDS) - (burstAt[Math.floor(second / HOUR_SECONDS)] ?? 0);
    return sinceBurst >= 0 && sinceBurst < 60 ? curve * load.burst : curve;
  });
  const mean = sum(shape) / DAY_SECONDS;
  return shape.map((one) => (one * load.runsASecond) / mean);
}

export function dayOf(load: Load, parts: Parts): Day {
  const world = new World(load, parts);
  startsOf(load).forEach((starts, second) => world.pass(second, starts));
  return world.day;
}

/** The fewest queues that refuse no send, and ledgers that keep up with the busiest second or hold the whole day. */
export function splitOf(load: Load): Parts {
  const peak = startsOf(load).reduce((most, one) => Math.max(most, one), 0);
  const byRows = (ROWS_HEADROOM * rowsOf(peak, peak * load.failing)) / LIMITS.rowsASecondALedger;
  const byBytes = (load.runsASecond * DAY_SECONDS * LIMITS.bytesARun) / LIMITS.ledgerBytes;
  const ledgers = Math.ceil(Math.max(byRows, byBytes));
  // Where nothing is refused, more queues change nothing.
  const { mostMessages } = dayOf(load, { queues: Number.MAX_SAFE_INTEGER, ledgers });
  return { queues: Math.ceil(mostMessages / LIMITS.messagesASecondAQueue), ledgers };
}

/** A first attempt that failed is in one more index. */
function rowsOf(runs: number, failed: number): number {
  return runs * FULL.ledgerRows + failed;
}

class World {
  readonly day: Day = {
    hours: [],
    mostMessages: 0,
    firstRefusedAt: null,
    booksBehindAt: null,
    ledgerFullAt: null,
    accountFullAt: null,
  };
  readonly #load: Load;
  readonly #messages: number;
  readonly #parts: Parts;
  /** By class and second: what is sent then. */
  readonly #due = Array.from({ length: CLASSES }, () => new Float64Array(DAY_SECONDS));
  readonly #queued = new Float64Array(CLASSES);
  #refused = 0;
  #unbooked = 0;
  #storedBytes = 0;

  constructor(load: Load, parts: Parts) {
    this.#load = load;
    this.#parts = parts;
    this.#messages = parts.queues * LIMITS.messagesASecondAQueue;
  }

  pass(second: number, starts: number): void {
    this.#plan(FRESH, second, starts);
    this.#send(second);
    const taken = this.#take();
    this.#move(second, taken);
    this.#note(second, starts);
  }

  #plan(kind: number, second: number, count: number): void {
    const due = this.#due[kind];
    if (due !== undefined && second < DAY_SECONDS) due[second] = (due[second] ?? 0) + count;
  }

  #send(second: number): void {
    const offered = this.#due.map((due) => due[second] ?? 0);
    const all = sum(offered);
    this.day.mostMessages = Math.max(this.day.mostMessages, all);
    const share = all === 0 ? 1 : Math.min(1, this.#messages / all);
    this.#refused = (1 - share) * all;
    if (share < 1) this.day.firstRefusedAt ??= second;
    for (const [kind, count] of offered.entries()) {
      this.#queued[kind] = (this.#queued[kind] ?? 0) + count * share;
      this.#plan(kind, second + RESEND_SECONDS, count * (1 - share));
    }
  }

  #take(): number[] {
    const share = Math.min(1, this.#messages / Math.max(1, sum(this.#queued)));
    return Array.from(this.#queued, (count, kind) => {
      this.#queued[kind] = count * (1 - share);
      return count * share;
    });
  }

  #move(second: number, taken: readonly number[]): void {
    const fresh = taken[FRESH] ?? 0;
    const bookings = taken.slice(FIRST_BOOKING);
    const failed = [fresh * this.#load.failing, ...taken.slice(1, FIRST_BOOKING)];
    failed.forEach((count, made) => {
      if (made < RETRY_SECONDS.length) this.#plan(made + 1, second + (RETRY_SECONDS[made] ?? 0), count);
    });
    const retries = sum(failed) - (failed[0] ?? 0);
    const rows = rowsOf(fresh + sum(bookings), failed[0] ?? 0) + retries * ROWS_OF_A_RETRY;
    const booked = rows === 0 ? 1 : Math.min(1, this.#room(second) / rows);
    this.#book(second, booked, fresh, bookings);
  }

  #book(second: number, booked: number, fresh: number, bookings: readonly number[]): void {
    const late = 1 - booked;
    if (late > 0 && !this.#isOut(second)) this.day.booksBehindAt ??= second;
    this.#unbooked += fresh * late - sum(bookings) * booked;
    this.#storedBytes += (fresh + sum(bookings)) * booked * LIMITS.bytesARun;
    [fresh, ...bookings].forEach((count, tries) => {
      const pause = BOOKING_SECONDS[Math.min(tries, BOOKING_SECONDS.length - 1)] ?? 0;
      const kind = FIRST_BOOKING + Math.min(tries, BOOKING_SECONDS.length - 1);
      this.#plan(kind, second + pause, count * late);
    });
  }

  #room(second: number): number {
    const isFull = this.#storedBytes >= this.#parts.ledgers * LIMITS.ledgerBytes;
    if (isFull) this.day.ledgerFullAt ??= second;
    return isFull || this.#isOut(second) ? 0 : this.#parts.ledgers * LIMITS.rowsASecondALedger;
  }

  #isOut(second: number): boolean {
    return second >= this.#load.outage.fromSecond && second < this.#load.outage.toSecond;
  }

  #note(second: number, starts: number): void {
    if (this.#storedBytes > LIMITS.accountBytes) this.day.accountFullAt ??= second;
    if (second % HOUR_SECONDS === 0)
      this.day.hours.push({ starts: 0, messagesWaiting: 0, rowsWaiting: 0, storedBytes: 0 });
    const hour = this.day.hours.at(-1);
    if (hour === undefined) return;
    hour.starts += starts;
    hour.messagesWaiting = Math.max(hour.messagesWaiting, sum(this.#queued) + this.#refusedNow(second));
    hour.rowsWaiting = Math.max(hour.rowsWaiting, this.#unbooked * FULL.ledgerRows);
    hour.storedBytes = this.#storedBytes;
  }

  // Each waits a minute, so a minute's refusals wait at once.
  readonly #refusals = new Float64Array(RESEND_SECONDS);
  #refusedNow(second: number): number {
    this.#refusals[second % RESEND_SECONDS] = this.#refused;
    return sum(this.#refusals);
  }
}

function sum(numbers: ArrayLike<number>): number {
  let all = 0;
  for (let at = 0; at < numbers.length; at++) all += numbers[at] ?? 0;
  return all;
}

// mulberry32
function diceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
