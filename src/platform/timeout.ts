// No party is waited for without end, and a wait costs no timer of its own: one timer serves all the waits of a request,
// because setting and clearing one for each took more time than the work between them.

/** Another party, a store or an object took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

type Wait = { startedAtMs: number; dueMs: () => number; expire: () => void };

/** What a promise comes to, unless the time is over before. */
export type Race = <T>(promise: Promise<T>) => Promise<T>;

/** A timer is set this far ahead at most, so that a later wait that is shorter seldom has to set it anew. */
const AHEAD_MS = 500;

/** For one piece of work, which must have ended it when it is over: until then it may keep a timer for the next wait. */
export class Timer {
  readonly #waits = new Set<Wait>();
  #handle: ReturnType<typeof setTimeout> | null = null;
  #ringsAtMs = Number.POSITIVE_INFINITY;
  #isKept: boolean;

  private constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  static forWork(): Timer {
    return new Timer(true);
  }

  /** Keeps nothing between two waits. */
  static forOneWait(): Timer {
    return new Timer(false);
  }

  /** What `promise` comes to, if it does so in time. Throws TimeoutError; the work itself is not stopped. */
  withTimeout<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
    return this.during(
      () => timeoutMs,
      (race) => race(promise),
    );
  }

  /**
   * What `work` comes to, which waits for one promise after the other, each through `race`. `dueMs`, from now, may move on
   * meanwhile. `race` throws TimeoutError.
   */
  async during<T>(dueMs: () => number, work: (race: Race) => Promise<T>): Promise<T> {
    let isOver = false;
    let rejectLate: (() => void) | null = null;
    // Not Promise.race against one promise for all: that would keep a reaction for each that was raced.
    const race: Race = (promise) =>
      new Promise((resolve, reject) => {
        rejectLate = () => reject(new TimeoutError(`nothing within ${dueMs()} ms`));
        promise.then(resolve, reject);
        if (isOver) rejectLate();
      });
    const expire = () => {
      isOver = true;
      rejectLate?.();
    };
    // Unlike `Date` it never stands still.
    const startedAtMs = performance.now();
    const wait = { startedAtMs, dueMs, expire };
    this.#waits.add(wait);
    this.#ringBy(startedAtMs + dueMs(), startedAtMs);
    try {
      return await work(race);
    } finally {
      this.#waits.delete(wait);
      this.#stopIdle();
    }
  }

  /** The work is over. What it has left behind may still wait. */
  end(): void {
    this.#isKept = false;
    this.#stopIdle();
  }

  #ringBy(dueAtMs: number, nowMs: number): void {
    const atMs = Math.min(dueAtMs, nowMs + AHEAD_MS);
    if (this.#ringsAtMs <= atMs) return;
    this.#stop();
    this.#ringsAtMs = atMs;
    this.#handle = setTimeout(() => this.#ring(atMs), Math.max(0, atMs - nowMs));
  }

  #ring(atMs: number): void {
    this.#ringsAtMs = Number.POSITIVE_INFINITY;
    // That it rings says that it is so late, also where the clock is a little behind.
    const nowMs = Math.max(atMs, performance.now());
    for (const { startedAtMs, dueMs, expire } of this.#waits) {
      const dueAtMs = startedAtMs + dueMs();
      if (dueAtMs <= nowMs) expire();
      else this.#ringBy(dueAtMs, nowMs);
    }
  }

  #stopIdle(): void {
    if (!this.#isKept && this.#waits.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#handle !== null) clearTimeout(this.#handle);
    this.#handle = null;
    this.#ringsAtMs = Number.POSITIVE_INFINITY;
  }
}

/** `timer`: of the work that this is part of; without one the wait has its own. */
export function withTimeout<T>(
  timeoutMs: number,
  promise: Promise<T>,
  timer = Timer.forOneWait(),
): Promise<T> {
  return timer.withTimeout(timeoutMs, promise);
}
