// Bodies that other parties send: none is read without a bound on its size and on the time that it takes.

import type { Reservation } from "../memory-budget.ts";
import { type Race, Timer, withTimeout } from "../timeout.ts";

/** An answer whose body is larger than its bound. */
export class OutboundTooLarge extends Error {
  override readonly name = "OutboundTooLarge";
}

/** There is no memory left for a body. */
export class OutboundOverBudget extends Error {
  override readonly name = "OutboundOverBudget";
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

/** So many are waited for at a time, so that a body that comes byte by byte costs little more than another. Of one that must come at a pace it is what a tenth of a second brings. */
const MIN_READ_BYTES = 512;
const READ_SECONDS = 0.1;
/** A body is read into blocks, each as large as what has come before it within these bounds. */
const MIN_BLOCK_BYTES = 4 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024;

/**
 * Reads a body as bytes, `maxBytes` at most, at a pace or within so many milliseconds. The reservation is asked for room for
 * what has come. A body for which there is none is read to its end and not kept: the other party may not look for an
 * answer before it has sent all. Throws OutboundTooLarge, OutboundOverBudget or TimeoutError, and cancels the body.
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
  const minBytes = typeof pace === "number" ? MIN_READ_BYTES : READ_SECONDS * pace.minBytesPerSecond;
  const full: Uint8Array[] = [];
  let block = new Uint8Array(MIN_BLOCK_BYTES);
  let filled = 0;
  let size = 0;
  let fits = true;
  const read = async (race: Race) => {
    for (;;) {
      const atLeast = Math.min(minBytes, block.byteLength - filled);
      const { done, value } = await race(reader.readAtLeast(atLeast, block.subarray(filled)));
      // Its buffer has moved there; of a body that was cancelled there is none.
      if (value !== undefined) block = new Uint8Array(value.buffer);
      if (done) return;
      size += value.byteLength;
      if (size > maxBytes) throw new OutboundTooLarge(`body over ${maxBytes} bytes`);
      if (fits && reservation?.take(value.byteLength) === false) {
        reservation.release();
        full.length = 0;
        fits = false;
      }
      filled = fits ? filled + value.byteLength : 0;
      if (filled === block.byteLength) {
        full.push(block);
        block = new Uint8Array(Math.min(MAX_BLOCK_BYTES, size));
        filled = 0;
      }
    }
  };
  try {
    await timer.during(() => (typeof pace === "number" ? pace : nextPieceDueMs(pace, size)), read);
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
  if (!fits) throw new OutboundOverBudget("no room for this body");
  return concatenate([...full, block.subarray(0, filled)], size);
}

/**
 * As readBody, of a message that came over the network. HTTP keeps its body to the length that it announces: when that is
 * known and short, the runtime reads it in one step, which takes a twelfth off a plain run's CPU. That step cannot be
 * cancelled, so what reads a message in this way must end soon when its body does not come.
 */
export async function readMessage(
  message: Request | Response,
  maxBytes: number,
  pace: Pace | number,
  reservation?: Reservation,
  timer = Timer.forOneWait(),
): Promise<Uint8Array> {
  const length = shortLength(message.headers);
  if (length === null || length > maxBytes || reservation?.take(length) === false)
    return readBody(message, maxBytes, pace, reservation, timer);
  const dueMs = typeof pace === "number" ? pace : nextPieceDueMs(pace, length);
  const bytes = await timer.withTimeout(dueMs, message.arrayBuffer());
  if (bytes.byteLength > maxBytes) throw new OutboundTooLarge(`body over ${maxBytes} bytes`);
  return new Uint8Array(bytes);
}

/** At a pace a longer one would be given many seconds before its first byte. */
const SHORT_BYTES = 1024;

/** Null: it is not known, or not short. Of a coded body it is known of the code alone. */
function shortLength(headers: Headers): number | null {
  const length = headers.get("content-length") ?? "";
  if (!/^\d{1,4}$/.test(length) || Number(length) > SHORT_BYTES) return null;
  return headers.has("content-encoding") || headers.has("transfer-encoding") ? null : Number(length);
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
