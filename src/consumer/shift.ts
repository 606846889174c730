// What one invocation of the consumer has to work with: six connections, and the time until the platform stops it, 30 s
// after its handler has returned. Work that would not be done by then is not begun, and none waits for a connection while
// its own clock runs.
import type { Settings } from "../platform/settings.ts";
import { Semaphore } from "./turns.ts";

const STOPPED_AFTER_MS = 30_000;
/** The sixth is for KV and the queue. */
const CONNECTIONS = 5;
/** An upstream that hangs leaves the others to receivers. */
const READS_AT_ONCE = 4;
/** What comes after an attempt: KV, the breaker and the books at once, then the gate. */
const AFTER_ATTEMPT_MS = 8_000;
const AFTER_READ_MS = 5_000;

/** A batch is not held up by its slowest run. */
/** Of the quarter of an hour that a handler may take: enough to read and to send a result of any size. */
const ALONE_MS = 10 * 60_000;
const LEASE_MARGIN_MS = 5_000;
const PATIENCE_MS = 50;
/** What fits into those 30 s: an attempt, and two looks at the upstream. */
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

  /** Null: there was no connection while there was time for an attempt. */
  attempt<T>(work: () => Promise<T>): Promise<T | null> {
    const withinMs = this.#leftMs(AFTER_ATTEMPT_MS + this.#attemptMs);
    return inSemaphore(this.#connections, withinMs, work);
  }

  /** The work is told until when it has to be done. Null: there was no connection while there was time for a look. */
  async read<T>(work: (untilMs: number) => Promise<T>): Promise<T | null> {
    const untilMs = this.#endsAtMs - AFTER_READ_MS;
    const begin = () => work(untilMs);
    if (this.#reads === null) return begin();
    const withinMs = () => this.#leftMs(AFTER_READ_MS + this.#readMs);
    return inSemaphore(this.#reads, withinMs(), () => inSemaphore(this.#connections, withinMs(), begin));
  }

  #leftMs(neededMs: number): number {
    return this.#endsAtMs - neededMs - Date.now();
  }
}

async function inSemaphore<T>(turns: Semaphore, withinMs: number, work: () => Promise<T>): Promise<T | null> {
  if (withinMs <= 0 || !(await turns.acquire(withinMs))) return null;
  return work().finally(() => turns.release());
}
