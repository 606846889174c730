// The sums of this isolate, and how they reach the metrics aggregator: in one call, ten seconds after the first request
// of an interval, behind that request's answer (waitUntil). No request waits for it, and none for another one's promise:
// all that requests share here is plain data. An isolate that is lost costs an interval of a chart.
//
// The platform cancels what a request has left behind 30 s after its answer, and sooner when the isolate ends. A flush
// may therefore stop without an error, so the mark that one is pending expires.
import { withTimeout } from "../timeout.ts";
import { type LogLine, log, type RequestServed } from "./log.ts";
import {
  type AnswerNotes,
  addErrors,
  encodeErrors,
  MAX_OF_ISOLATE,
  type RecentError,
  type RecentErrors,
  toRequestError,
} from "./recent-errors.ts";
import {
  addSums,
  type CountedAttempt,
  type CountedEnd,
  countAttempt,
  countDeadLetter,
  countEnd,
  countMessage,
  countReopened,
  countRequest,
  countStorageFailure,
  emptySums,
  encodeSums,
  type Store,
  type Sums,
} from "./sums.ts";

/** What is bound as METRICS_AGGREGATOR. `add` says how long the next interval is, in ms. */
export type SumsReceiver = {
  getByName(name: string): { add(sums: string, errors: string): Promise<number> };
};

/** The one object of its class. */
export const AGGREGATOR = "all";
const FLUSH_AFTER_MS = 10_000;
const ANSWERS_WITHIN_MS = 5_000;
/** By then the platform has cancelled it. */
const FLUSH_DIES_MS = 30_000;
const MAX_INTERVAL_MS = 10 * 60_000;

/** Times at which a flush begins; none begins between them and now. */
export type FlushMark = { pendingUntilMs: number; nextFromMs: number };

const NO_NOTES: AnswerNotes = { action: null, code: null, upstreamStatus: null };
const NONE: FlushMark = { pendingUntilMs: 0, nextFromMs: 0 };

/** A clock that stepped back makes no pause longer. */
export function mayFlush({ pendingUntilMs, nextFromMs }: FlushMark, nowMs: number): boolean {
  const isPending = nowMs < pendingUntilMs && pendingUntilMs - nowMs <= FLUSH_DIES_MS;
  const isEarly = nowMs < nextFromMs && nextFromMs - nowMs <= MAX_INTERVAL_MS;
  return !isPending && !isEarly;
}

/** The interval begins with the flush, and its last ten seconds are those that the next flush waits. */
export function flushed(intervalMs: number, nowMs: number): FlushMark {
  return { pendingUntilMs: 0, nextFromMs: nowMs + Math.min(intervalMs, MAX_INTERVAL_MS) - FLUSH_AFTER_MS };
}

export class IsolateSums {
  readonly #flushAfterMs: number;
  #sums = emptySums();
  #errors: RecentErrors = new Map();
  #mark = NONE;

  constructor(flushAfterMs = FLUSH_AFTER_MS) {
    this.#flushAfterMs = flushAfterMs;
  }

  countRequest(served: RequestServed, notes: AnswerNotes = NO_NOTES): void {
    countRequest(this.#sums, served);
    const error = toRequestError(served, notes, Date.now());
    if (error !== null) this.keepError(error);
  }

  keepError(error: RecentError): void {
    addErrors(this.#errors, [error], MAX_OF_ISOLATE);
  }

  countAttempt(attempt: CountedAttempt): void {
    countAttempt(this.#sums, attempt);
  }

  countEnd(end: CountedEnd): void {
    countEnd(this.#sums, end);
  }

  countDeadLetter(host: string): void {
    countDeadLetter(this.#sums, host);
  }

  countStorageFailure(store: Store): void {
    countStorageFailure(this.#sums, store);
  }

  /** In an object no request hands the sums over; only such failures are counted there. */
  flushFailuresSoon(context: Pick<ExecutionContext, "waitUntil">, receiver: SumsReceiver): void {
    if (this.#sums.storage.size > 0) this.flushSoon(context, receiver);
  }

  countReopened(): void {
    countReopened(this.#sums);
  }

  countMessage(queuedMs: number): void {
    countMessage(this.#sums, queuedMs);
  }

  /** Hands over what has been counted, soon, unless a flush is pending already or it is too early. */
  flushSoon(context: Pick<ExecutionContext, "waitUntil">, receiver: SumsReceiver): void {
    const nowMs = Date.now();
    if (!mayFlush(this.#mark, nowMs)) return;
    this.#mark = { pendingUntilMs: nowMs + FLUSH_DIES_MS, nextFromMs: 0 };
    context.waitUntil(this.#flush(receiver));
  }

  async #flush(receiver: SumsReceiver): Promise<void> {
    await scheduler.wait(this.#flushAfterMs);
    const [taken, errors] = [this.#sums, this.#errors];
    this.#sums = emptySums();
    this.#errors = new Map();
    try {
      this.#mark = flushed(await send(receiver, taken, errors), Date.now());
    } catch (error) {
      addSums(this.#sums, taken);
      addErrors(this.#errors, [...errors.values()].flat(), MAX_OF_ISOLATE);
      this.#mark = NONE;
      log({ event: "metrics.flush_failed", error });
    }
  }
}

/** Of this isolate: of all its requests and messages. */
export const isolateSums = new IsolateSums();

/** Logs that a store failed, and counts it. */
export function logStorageFailure(store: Store, line: LogLine): void {
  isolateSums.countStorageFailure(store);
  log(line);
}

// The stub is made for each call: one that outlives its request fails from the second request on.
async function send(receiver: SumsReceiver, sums: Sums, errors: RecentErrors): Promise<number> {
  const added = receiver.getByName(AGGREGATOR).add(encodeSums(sums), encodeErrors(errors));
  return withTimeout(ANSWERS_WITHIN_MS, added);
}
