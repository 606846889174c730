// What one isolate takes on at a time. It has 128 MB for everything that it does at once, so what comes beyond these
// bounds is refused and may come again: better than to lose all requests that were let in before. Each owner may have half
// of what the others leave free, in places and in bytes, so that no user can shut out the rest.

/** Held as bytes, as text, as spliced text and as what is sent, a body takes about five times its size. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** Longer than any request may wait. What was cut off with its caller is never released, and is forgotten after this. */
const LOST_AFTER_MS = 120_000;

/** Requests whose caller is not known yet have a small share of their own, together. */
export const ANONYMOUS = "anonymous";
const ANONYMOUS_PLACES = 50;
const ANONYMOUS_BYTES = 1024 * 1024;

/** One piece of work, with the bodies that it holds. */
export class Reservation {
  bytes = 0;
  readonly owner: string;
  readonly sinceMs: number;
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget, owner: string, sinceMs: number) {
    this.#budget = budget;
    this.owner = owner;
    this.sinceMs = sinceMs;
  }

  /** False: there is no room for that much more. */
  take(bytes: number): boolean {
    return this.#budget.grow(this, bytes);
  }

  /** Its bodies are held no more; the work goes on. */
  release(): void {
    this.#budget.shrink(this);
  }

  leave(): void {
    this.#budget.forget(this);
  }
}

type Share = { places: number; bytes: number };

export class MemoryBudget {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #reservations = new Set<Reservation>();
  readonly #shares = new Map<string, Share>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A place for a piece of work whose `owner` is a user, or ANONYMOUS; null when there is none among `maxPlaces`. */
  tryEnter(owner: string, nowMs: number, maxPlaces: number): Reservation | null {
    this.#forgetLost(nowMs);
    const own = this.#shares.get(owner)?.places ?? 0;
    const others = this.#reservations.size - own;
    if (own >= (maxPlaces - others) / 2) return null;
    if (owner === ANONYMOUS && own >= ANONYMOUS_PLACES) return null;
    return this.enter(owner, nowMs);
  }

  /** A place for work that is not refused, because its number is bounded elsewhere. */
  enter(owner: string, nowMs: number): Reservation {
    this.#forgetLost(nowMs);
    const reservation = new Reservation(this, owner, nowMs);
    this.#reservations.add(reservation);
    this.#share(owner).places += 1;
    return reservation;
  }

  /** The only body that is held may have any size: that is bounded elsewhere. */
  grow(reservation: Reservation, bytes: number): boolean {
    if (!this.#reservations.has(reservation)) return true;
    const share = this.#share(reservation.owner);
    if (!this.#hasRoom(reservation, share, bytes)) return false;
    reservation.bytes += bytes;
    share.bytes += bytes;
    this.#bytes += bytes;
    return true;
  }

  #hasRoom({ owner, bytes: held }: Reservation, own: Share, more: number): boolean {
    if (owner === ANONYMOUS) return own.bytes + more <= ANONYMOUS_BYTES;
    if (this.#bytes === held) return true;
    const others = this.#bytes - own.bytes;
    return own.bytes + more <= (this.#maxBytes - others) / 2;
  }

  shrink(reservation: Reservation): void {
    if (!this.#reservations.has(reservation)) return;
    this.#share(reservation.owner).bytes -= reservation.bytes;
    this.#bytes -= reservation.bytes;
    reservation.bytes = 0;
  }

  forget(reservation: Reservation): void {
    this.shrink(reservation);
    if (!this.#reservations.delete(reservation)) return;
    const share = this.#share(reservation.owner);
    share.places -= 1;
    if (share.places === 0) this.#shares.delete(reservation.owner);
  }

  #share(owner: string): Share {
    const share = this.#shares.get(owner) ?? { places: 0, bytes: 0 };
    this.#shares.set(owner, share);
    return share;
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
