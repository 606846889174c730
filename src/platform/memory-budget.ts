// What one isolate takes on at a time. It has 128 MB for everything that it does at once, so what comes beyond these
// bounds is refused and may come again: better than to lose all requests that were let in before. Each owner may have half
// of what the others leave free, in places and in bytes, so that no user can shut out the rest.

/** Held as bytes, as text, as spliced text and as what is sent, a body takes about five times its size. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** Longer than any request may wait. What was cut off with its caller is never released, and is forgotten after this. */
const EXPIRES_AFTER_MS = 200_000;

/** Requests whose caller is not known yet have a small share of their own, together. */
export const ANONYMOUS = "anonymous";
const ANONYMOUS_PLACES = 50;
const ANONYMOUS_BYTES = 1024 * 1024;

/** One piece of work, with the bodies that it holds. */
export class Reservation {
  bytes = 0;
  readonly owner: string;
  /** Work of the consumer has none: its number is bounded by its batches, and it must not take what requests need. */
  readonly hasPlace: boolean;
  readonly sinceMs: number;
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget, owner: string, hasPlace: boolean, sinceMs: number) {
    this.#budget = budget;
    this.owner = owner;
    this.hasPlace = hasPlace;
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

type Share = { reservations: number; places: number; bytes: number };

export class MemoryBudget {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #reservations = new Set<Reservation>();
  readonly #shares = new Map<string, Share>();
  #places = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A place for a piece of work whose `owner` is a user, or ANONYMOUS; null when there is none among `maxPlaces`. */
  tryEnter(owner: string, nowMs: number, maxPlaces: number): Reservation | null {
    this.#forgetExpired(nowMs);
    const own = this.#shares.get(owner)?.places ?? 0;
    const others = this.#places - own;
    if (own >= (maxPlaces - others) / 2) return null;
    if (owner === ANONYMOUS && own >= ANONYMOUS_PLACES) return null;
    return this.#add(new Reservation(this, owner, true, nowMs));
  }

  /** For bodies alone: takes no place. */
  enter(owner: string, nowMs: number): Reservation {
    this.#forgetExpired(nowMs);
    return this.#add(new Reservation(this, owner, false, nowMs));
  }

  #add(reservation: Reservation): Reservation {
    const places = reservation.hasPlace ? 1 : 0;
    const share = this.#share(reservation.owner);
    share.reservations += 1;
    share.places += places;
    this.#places += places;
    this.#reservations.add(reservation);
    return reservation;
  }

  /** The only body that is held may have any size: that is bounded elsewhere. More than half of all bytes are not counted. */
  grow(reservation: Reservation, bytes: number): boolean {
    if (!this.#reservations.has(reservation)) return true;
    const share = this.#share(reservation.owner);
    if (!this.#fits(reservation, share, bytes)) return false;
    const counted = Math.min(bytes, this.#maxBytes / 2 - reservation.bytes);
    reservation.bytes += counted;
    share.bytes += counted;
    this.#bytes += counted;
    return true;
  }

  #fits({ owner, bytes: held }: Reservation, own: Share, more: number): boolean {
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
    const places = reservation.hasPlace ? 1 : 0;
    const share = this.#share(reservation.owner);
    share.reservations -= 1;
    share.places -= places;
    this.#places -= places;
    if (share.reservations === 0) this.#shares.delete(reservation.owner);
  }

  #share(owner: string): Share {
    const share = this.#shares.get(owner) ?? { reservations: 0, places: 0, bytes: 0 };
    this.#shares.set(owner, share);
    return share;
  }

  #forgetExpired(nowMs: number): void {
    for (const reservation of this.#reservations) {
      // A clock that stepped back must not keep what is lost.
      if (Math.abs(nowMs - reservation.sinceMs) < EXPIRES_AFTER_MS) return;
      this.forget(reservation);
    }
  }
}

/** All of this isolate's requests and messages share it. */
export const isolateBudget = new MemoryBudget(MAX_HELD_BYTES);
