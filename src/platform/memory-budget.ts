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
  readonly #room: MemoryBudget;

  constructor(room: MemoryBudget, sinceMs: number) {
    this.#room = room;
    this.sinceMs = sinceMs;
  }

  /** False: there is no room for that much more. */
  take(bytes: number): boolean {
    return this.#room.grow(this, bytes);
  }

  leave(): void {
    this.#room.forget(this);
  }
}

export class MemoryBudget {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #holds = new Set<Reservation>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether `maxHolds` are in already. */
  isFull(nowMs: number, maxHolds: number): boolean {
    this.#forgetLost(nowMs);
    return this.#holds.size >= maxHolds;
  }

  enter(nowMs: number): Reservation {
    this.#forgetLost(nowMs);
    const hold = new Reservation(this, nowMs);
    this.#holds.add(hold);
    return hold;
  }

  /** The only body that is held may have any size: that is bounded elsewhere. */
  grow(hold: Reservation, bytes: number): boolean {
    const others = this.#bytes - hold.bytes;
    if (others > 0 && this.#bytes + bytes > this.#maxBytes) return false;
    if (this.#holds.has(hold)) {
      hold.bytes += bytes;
      this.#bytes += bytes;
    }
    return true;
  }

  forget(hold: Reservation): void {
    if (this.#holds.delete(hold)) this.#bytes -= hold.bytes;
  }

  #forgetLost(nowMs: number): void {
    for (const hold of this.#holds) {
      if (nowMs - hold.sinceMs < LOST_AFTER_MS) return;
      this.forget(hold);
    }
  }
}

/** All of this isolate's requests and messages share it. */
export const isolateBudget = new MemoryBudget(MAX_HELD_BYTES);
