// What one invocation of the consumer has to work with: six connections, and the time until the platform stops it, 30 s
// after its handler has returned. Work that would not be done by then is not begun, and none waits for a connection while
// its own clock runs.
import type { Settings } from "../platform/settings.ts";

const STOPPED_AFTER_MS = 30_000;
/** The sixth is for KV and the queue. */
const CONNECTIONS = 5;
/** An upstream that hangs leaves the others to receivers. */
const READS_AT_ONCE = 4;
/** What comes after an attempt: KV, the breaker and the metrics at once, then the gate. */
const AFTER_ATTEMPT_MS = 8_000;
const AFTER_READ_MS = 5_000;

/** Of the quarter of an hour that a handler may take: enough to read and to send a result of any size. */
const ALONE_MS = 10 * 60_000;
const LEASE_MARGIN_MS = 5_000;
/** A batch is not held up by its slowest run. */
const PATIENCE_MS = 50;
/** What fits into those 30 s: an attempt, and two reads of the upstream. */
const USUAL_ATTEMPT_MS = 15_000;
const USUAL_READ_MS = 10_000;
const MAX_EXTRA_MS = 50_000;

export class InvocationBudget {
  /** So long the handler waits for what it has begun; more than a moment only where the settings give others more time. */
  readonly patienceMs: number;
  /** So long a run is in this invocation's hands at most. */
  readonly leaseMs: number;
  readonly #attemptMs: number;
  readonly #readMs: number;
  readonly #endsAtMs: number;
  readonly #connections = new Semaphore(CONNECTIONS);
  readonly #reads: Semaphore | null;

  /**
   * `readsConnect`: the upstream is on the network; a service binding takes no connection. `isAlone`: the handler waits
   * for the one run that it has.
   */
  constructor(settings: Settings, readsConnect: boolean, isAlone: boolean, nowMs: number) {
    const { callbackTimeoutMs, upstreamTimeoutMs } = settings;
    const extraMs = Math.max(
      0,
      callbackTimeoutMs - USUAL_ATTEMPT_MS,
      2 * (upstreamTimeoutMs - USUAL_READ_MS),
    );
    this.patienceMs = PATIENCE_MS + Math.min(MAX_EXTRA_MS, extraMs);
    const lastsMs = isAlone ? ALONE_MS : this.patienceMs + STOPPED_AFTER_MS;
    this.leaseMs = lastsMs + LEASE_MARGIN_MS;
    this.#attemptMs = callbackTimeoutMs;
    this.#readMs = Math.min(upstreamTimeoutMs, (lastsMs - AFTER_READ_MS) / 2);
    this.#endsAtMs = nowMs + lastsMs;
    this.#reads = readsConnect ? new Semaphore(READS_AT_ONCE) : null;
  }

  /** Null: there was no connection while there was time for an attempt. `owner`: whose run it is. */
  attempt<T>(owner: string, work: () => Promise<T>): Promise<T | null> {
    return this.#connections.run(owner, this.#leftMs(AFTER_ATTEMPT_MS + this.#attemptMs), work);
  }

  /** `untilMs`: when the work has to be done. Null: there was no connection while there was time for a read. */
  async read<T>(owner: string, work: (untilMs: number) => Promise<T>): Promise<T | null> {
    const untilMs = this.#endsAtMs - AFTER_READ_MS;
    const begin = () => work(untilMs);
    if (this.#reads === null) return begin();
    const leftMs = () => this.#leftMs(AFTER_READ_MS + this.#readMs);
    return this.#reads.run(owner, leftMs(), () => this.#connections.run(owner, leftMs(), begin));
  }

  #leftMs(neededMs: number): number {
    return this.#endsAtMs - neededMs - Date.now();
  }
}

/** At most so many pieces of work at a time. The next turn is the owner's with the fewest at work, so that none waits for all of another's. */
class Semaphore {
  /** In the order in which they came. */
  readonly #waiting = new Map<(isAcquired: boolean) => void, string>();
  readonly #atWork = new Map<string, number>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Null: its turn did not come within `timeoutMs`. */
  async run<T>(owner: string, timeoutMs: number, work: () => Promise<T>): Promise<T | null> {
    if (timeoutMs <= 0 || !(await this.#acquire(owner, timeoutMs))) return null;
    return work().finally(() => this.#release(owner));
  }

  #acquire(owner: string, timeoutMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      this.#count(owner, 1);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const done = (isAcquired: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        if (isAcquired) this.#count(owner, 1);
        resolve(isAcquired);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      this.#waiting.set(done, owner);
    });
  }

  #release(owner: string): void {
    this.#count(owner, -1);
    const [next] = [...this.#waiting].toSorted(([, a], [, b]) => this.#countAtWork(a) - this.#countAtWork(b));
    if (next === undefined) this.#free += 1;
    else next[0](true);
  }

  #count(owner: string, more: number): void {
    this.#atWork.set(owner, this.#countAtWork(owner) + more);
  }

  #countAtWork(owner: string): number {
    return this.#atWork.get(owner) ?? 0;
  }
}
