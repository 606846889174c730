// Bodies that other parties send: none is read without a bound on its size and on the time that it takes.

import type { Reservation } from "../memory-budget.ts";
import { Timer, withTimeout } from "../timeout.ts";

/** An answer whose body is larger than its bound. */
export class OutboundTooLarge extends Error {
  override readonly name = "OutboundTooLarge";
}

/** There is no memory left for a body. */
export class OutboundNoRoom extends Error {
  override readonly name = "OutboundNoRoom";
}

/** A piece of a body. Its bytes are overwritten when the next one has been asked for. */
export type Block = { bytes: Uint8Array; isLast: boolean };

/** So few crossings between JavaScript and the runtime that they cost little beside the hashing of what crosses. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Reads a body of any size in blocks, two of which are in memory at a time. Throws TimeoutError when one takes longer
 * than `blockTimeoutMs` or has not arrived by `untilMs`. A caller that stops early cancels the rest of the body.
 */
export async function* readBlocks(
  body: ReadableStream<Uint8Array>,
  { blockTimeoutMs, untilMs }: { blockTimeoutMs: number; untilMs: number },
): AsyncGenerator<Block> {
  const reader = body.getReader({ mode: "byob" });
  const readNext = (buffer: ArrayBufferLike) => {
    const timeoutMs = Math.max(1, Math.min(blockTimeoutMs, untilMs - Date.now()));
    return withTimeout(timeoutMs, reader.readAtLeast(BLOCK_BYTES, new Uint8Array(buffer)));
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

/** At a time; more for a body that comes faster. */
const MIN_READ_BYTES = 4 * 1024;
const MAX_READ_BYTES = 64 * 1024;
/** Longer ones are read in pieces. */
const SMALL_BYTES = 64 * 1024;

/**
 * Reads a body as `readBody` does. One that is announced to be small is read in one go, which takes half of the time; if it
 * comes too late, it is cancelled only when its request ends.
 */
export async function readMessage(
  message: Request | Response,
  maxBytes: number,
  pace: Pace | number,
  reservation?: Reservation,
  timer?: Timer,
): Promise<Uint8Array> {
  const byteLength = announcedLength(message.headers);
  if (byteLength === null || byteLength > Math.min(SMALL_BYTES, maxBytes))
    return readBody(message, maxBytes, pace, reservation, timer);
  const bytes = new Uint8Array(await withTimeout(dueMs(pace, byteLength), message.arrayBuffer(), timer));
  if (bytes.byteLength > maxBytes) throw new OutboundTooLarge(`body over ${maxBytes} bytes`);
  if (reservation?.take(bytes.byteLength) !== false) return bytes;
  reservation.release();
  throw new OutboundNoRoom("no room for this body");
}

/** Null: it is not announced, or another one once it is decoded. */
function announcedLength(headers: Headers): number | null {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) && !headers.has("content-encoding") ? Number(length) : null;
}

/**
 * Reads a body as bytes, `maxBytes` at most, at a pace or within so many milliseconds. The reservation is asked for room for each
 * piece as it comes. A body for which there is none is read to its end and not kept: the other party may not look for an
 * answer before it has sent all. Throws OutboundTooLarge, OutboundNoRoom or TimeoutError, and cancels the body.
 */
export async function readBody(
  { body }: Pick<Response, "body">,
  maxBytes: number,
  pace: Pace | number,
  reservation?: Reservation,
  timer = Timer.forOneWait(),
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader({ mode: "byob" });
  let chunks: Uint8Array[] | null = [];
  let size = 0;
  const read = async (expired: Promise<never>) => {
    let space: ArrayBufferLike = new ArrayBuffer(MIN_READ_BYTES);
    for (;;) {
      const reading: Promise<ReadableStreamReadResult<Uint8Array>> = reader.read(new Uint8Array(space));
      const { done, value } = await Promise.race([reading, expired]);
      if (done) return;
      size += value.byteLength;
      if (size > maxBytes) throw new OutboundTooLarge(`body over ${maxBytes} bytes`);
      if (chunks !== null && reservation?.take(value.byteLength) === false) {
        reservation.release();
        chunks = null;
      }
      chunks?.push(value.slice());
      const isFull = value.byteLength === value.buffer.byteLength;
      space = isFull ? new ArrayBuffer(Math.min(MAX_READ_BYTES, 2 * value.byteLength)) : value.buffer;
    }
  };
  try {
    await timer.during(() => dueMs(pace, size), read);
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
  if (chunks === null) throw new OutboundNoRoom("no room for this body");
  return concatenate(chunks, size);
}

function dueMs(pace: Pace | number, size: number): number {
  return typeof pace === "number" ? pace : nextPieceDueMs(pace, size);
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
