// The only caller of fetch(). What it guards: that this Worker talks to nothing but its upstream, its issuers' key
// sets and (through their own checks) callback receivers, never follows a redirect, never takes Cloudflare's own answer
// for theirs, never reads an answer without a bound and never waits without one. What it trusts: the URLs in the
// settings, which only a deployer can write. What it does not do: judge where a name leads. In production the edge has no
// route to a private address, and the flag global_fetch_strictly_public sends requests for the account's own zones
// through their front door.

import type { Reservation } from "../memory-budget.ts";

/** An answer that took longer than its budget. */
export class OutboundTimeout extends Error {
  override readonly name = "OutboundTimeout";
}

/** An answer whose body is larger than its bound. */
export class OutboundTooLarge extends Error {
  override readonly name = "OutboundTooLarge";
}

/** There is no memory left for a body. */
export class OutboundNoRoom extends Error {
  override readonly name = "OutboundNoRoom";
}

/** Cloudflare's own answer, where there is none of the other party's. */
export class OutboundUnreached extends Error {
  override readonly name = "OutboundUnreached";
  readonly status: number;
  constructor(status: number) {
    super(`Cloudflare answered ${status}`);
    this.status = status;
  }
}

/** What can send a request: a service binding, or the network. */
export type Sender = { fetch(request: Request): Promise<Response> };

export const network: Sender = { fetch: (request) => fetch(request) };

/**
 * Sends one request, redirects not followed, with `timeoutMs` until the answer's headers are there.
 * Throws OutboundTimeout, OutboundUnreached, or whatever the network throws when there is no answer.
 */
export async function send(
  sender: Sender,
  url: string,
  init: RequestInit,
  timeoutMs: number,
): Promise<Response> {
  const abort = new AbortController();
  const deadline = startDeadline(
    () => timeoutMs,
    () => abort.abort(),
  );
  try {
    const request = new Request(url, { ...init, redirect: "manual", signal: abort.signal });
    // The race bears the load: a service binding does not have to honour the signal.
    return requireReached(await Promise.race([sender.fetch(request), deadline.passed]));
  } finally {
    deadline.stop();
  }
}

/**
 * 520 to 526 and 530 are Cloudflare's, and so is all that they say: a `Retry-After` of two minutes is no word of the other
 * party's. Off the platform the network throws in their place.
 */
function requireReached(response: Response): Response {
  const { status, body } = response;
  if ((status < 520 || status > 526) && status !== 530) return response;
  body?.cancel().catch(() => undefined);
  throw new OutboundUnreached(status);
}

/** One request whose body is written while it is on its way. */
export type StreamingRequest = {
  /** May come before the body has been sent. Rejects with OutboundUnreached, or what the network throws. */
  answer: Promise<Response>;
  /** Resolves when the bytes have been taken, and may be overwritten. */
  write: (bytes: Uint8Array) => Promise<void>;
  /** Ends the body. */
  finish: () => void;
  /** Ends the request without the rest of its body: the other party sees that it is incomplete. */
  breakOff: (reason: unknown) => void;
};

/** Sends one request with what is written into `pipe` as its body, redirects not followed. It has no time-out of its own. */
export function sendStream(
  sender: Sender,
  url: string,
  init: RequestInit,
  { readable, writable }: IdentityTransformStream,
): StreamingRequest {
  const writer = writable.getWriter();
  const abort = new AbortController();
  const request = new Request(url, { ...init, body: readable, redirect: "manual", signal: abort.signal });
  const answer = Promise.resolve()
    .then(() => sender.fetch(request))
    .then(requireReached);
  // After breakOff the caller waits for neither, and their rejection is no news.
  for (const promise of [answer, writer.closed]) promise.catch(() => undefined);
  return {
    answer,
    write: (bytes) => writer.write(bytes),
    finish: () => void writer.close().catch(() => undefined),
    breakOff: (reason) => {
      writer.abort(reason).catch(() => undefined);
      abort.abort(reason);
    },
  };
}

/** What `promise` comes to, if it does so in time. Throws OutboundTimeout; what it waits for is not stopped. */
export async function withOutboundTimeout<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const deadline = startDeadline(() => timeoutMs);
  try {
    return await Promise.race([promise, deadline.passed]);
  } finally {
    deadline.stop();
  }
}

/** A piece of a body. Its bytes are overwritten when the next one has been asked for. */
export type Block = { bytes: Uint8Array; isLast: boolean };

/** So few crossings between JavaScript and the runtime that they cost little beside the hashing of what crosses. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Reads a body of any size in blocks, two of which are in memory at a time. Throws OutboundTimeout when one takes longer
 * than `blockTimeoutMs` or has not arrived by `untilMs`. A caller that stops early cancels the rest of the body.
 */
export async function* readBlocks(
  body: ReadableStream<Uint8Array>,
  { blockTimeoutMs, untilMs }: { blockTimeoutMs: number; untilMs: number },
): AsyncGenerator<Block> {
  const reader = body.getReader({ mode: "byob" });
  const readNext = (buffer: ArrayBufferLike) => {
    const timeoutMs = Math.max(1, Math.min(blockTimeoutMs, untilMs - Date.now()));
    return withOutboundTimeout(timeoutMs, reader.readAtLeast(BLOCK_BYTES, new Uint8Array(buffer)));
  };
  let spare: ArrayBufferLike = new ArrayBuffer(BLOCK_BYTES);
  let isDone = false;
  try {
    let current = await readNext(new ArrayBuffer(BLOCK_BYTES));
    while (!current.done) {
      const next = await readNext(spare);
      isDone = next.done;
      yield { bytes: current.value, isLast: next.done };
      spare = current.value.buffer;
      current = next;
    }
    isDone = true;
  } finally {
    if (!isDone) reader.cancel().catch(() => undefined);
  }
}

/** How long a body may take in all, and how slowly it may come once `graceMs` have passed. */
export type Pace = { timeoutMs: number; graceMs: number; minBytesPerSecond: number };

/** After how long the next piece has to be there, of a body of which `size` bytes have come. */
export function nextPieceDueMs({ timeoutMs, graceMs, minBytesPerSecond }: Pace, size: number): number {
  return Math.min(timeoutMs, graceMs + (size * 1000) / minBytesPerSecond);
}

/**
 * Reads a body as bytes, `maxBytes` at most, at a pace or within so many milliseconds. The reservation is asked for room for each piece as it comes. A body for which
 * there is none is read to its end and not kept: the other party may not look for an answer before it has sent all. Throws
 * OutboundTooLarge, OutboundNoRoom or OutboundTimeout, and cancels the body.
 */
export async function readBody(
  { body }: Pick<Response, "body">,
  maxBytes: number,
  pace: Pace | number,
  reservation?: Reservation,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  let chunks: Uint8Array[] | null = [];
  let size = 0;
  const deadline = startDeadline(() => (typeof pace === "number" ? pace : nextPieceDueMs(pace, size)));
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline.passed]);
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) throw new OutboundTooLarge(`body over ${maxBytes} bytes`);
      if (chunks !== null && reservation?.take(value.byteLength) === false) {
        reservation.release();
        chunks = null;
      }
      chunks?.push(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  } finally {
    deadline.stop();
  }
  if (chunks === null) throw new OutboundNoRoom("no room for this body");
  return concatenate(chunks, size);
}

type Deadline = { passed: Promise<never>; stop: () => void };

/** `dueMs`, from the beginning, is asked again when it has passed: it may have moved on. */
function startDeadline(dueMs: () => number, andThen?: () => void): Deadline {
  const { promise, reject } = Promise.withResolvers<never>();
  const watch = (passedMs: number) => {
    const due = dueMs();
    return setTimeout(() => {
      if (dueMs() > due) timer = watch(due);
      else {
        reject(new OutboundTimeout(`nothing within ${due} ms`));
        andThen?.();
      }
    }, due - passedMs);
  };
  let timer = watch(0);
  return { passed: promise, stop: () => clearTimeout(timer) };
}

function concatenate(chunks: Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
