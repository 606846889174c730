// What one isolate takes on at a time. It has 128 MB for everything that it does at once, so what comes beyond these
// bounds is told to come again: better than taking down all requests that were let in before.

/** Held as bytes, as text, as spliced text and as what is sent, a body takes about five times its size. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** Longer than any request may wait. What was cut off with its caller is never released, and is forgotten after this. */
const LOST_AFTER_MS = 120_000;

/** One piece of work, with the bodies that it holds. */
export class Reservation {
  bytes = 0;
  readonly sinceMs: number;
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget, sinceMs: number) {
    this.#budget = budget;
    this.sinceMs = sinceMs;
  }

  /** False: there is no room for that much more. */
  take(bytes: number): boolean {
    return this.#budget.grow(this, bytes);
  }

  leave(): void {
    this.#budget.forget(this);
  }
}

export class MemoryBudget {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #reservations = new Set<Reservation>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether `maxReservations` are in already. */
  isFull(nowMs: number, maxReservations: number): boolean {
    this.#forgetLost(nowMs);
    return this.#reservations.size >= maxReservations;
  }

  enter(nowMs: number): Reservation {
    this.#forgetLost(nowMs);
    const reservation = new Reservation(this, nowMs);
    this.#reservations.add(reservation);
    return reservation;
  }

  /** The only body that is held may have any size: that is bounded elsewhere. */
  grow(reservation: Reservation, bytes: number): boolean {
    const others = this.#bytes - reservation.bytes;
    if (others > 0 && this.#bytes + bytes > this.#maxBytes) return false;
    if (this.#reservations.has(reservation)) {
      reservation.bytes += bytes;
      this.#bytes += bytes;
    }
    return true;
  }

  forget(reservation: Reservation): void {
    if (this.#reservations.delete(reservation)) this.#bytes -= reservation.bytes;
  }

  #forgetLost(nowMs: number): void {
    for (const reservation of this.#reservations) {
      if (nowMs - reservation.sinceMs < LOST_AFTER_MS) return;
      this.forget(reservation);
    }
  }
}

/** All of this isolate's requests and messages share it. */
export const isolateBudget = new MemoryBudget(MAX_HELD_BYTES);
