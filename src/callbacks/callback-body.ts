// What a callback carries: a result as bytes, or one that is too large to be held and is streamed from where it is.
import { createHash } from "node:crypto";
import type { Block } from "../platform/outbound/read-body.ts";
import type { StreamedV1 } from "./webhook-v1.ts";

export type StreamedBody = {
  byteLength: number;
  /** Base64url, as it was when the result was read to be signed. */
  sha256: string;
  /** Made at the same time; null where no receiver was to be sent it. */
  v1: StreamedV1 | null;
  /** When the sending of it must be over. */
  sendUntilMs: number;
  /** Reads the result once more, from its beginning. What it throws is not the receiver's failure. */
  open: () => AsyncIterable<Block>;
};

export type CallbackBody = Uint8Array | StreamedBody;

const BLOCK_BYTES = 64 * 1024;
const CHANGED = "the result was another one when it was read to be sent";

/** So few bytes that a receiver has all of them before it can answer. */
export function isSmall(body: CallbackBody): body is Uint8Array {
  return body.byteLength <= BLOCK_BYTES && body instanceof Uint8Array;
}

/** What is sent block by block. `blocks` throws BodyUnreadable or BodyChanged where the result is to blame. */
export type Sending = { byteLength: number; sendUntilMs: number; blocks: AsyncIterable<Block> };

/** `untilMs`: for bytes in memory; a body that is read while it is sent has a time of its own. */
export function toSending(body: CallbackBody, untilMs: number): Sending {
  const { byteLength } = body;
  return body instanceof Uint8Array
    ? { byteLength, sendUntilMs: untilMs, blocks: cutIntoBlocks(body) }
    : { byteLength, sendUntilMs: body.sendUntilMs, blocks: readAsSigned(body) };
}

/** Gives the last block only when length and hash are those that were signed. */
async function* readAsSigned(body: StreamedBody): AsyncGenerator<Block> {
  const hash = createHash("sha256");
  let readBytes = 0;
  for await (const block of readOrBlameBody(body)) {
    readBytes += block.bytes.byteLength;
    hash.update(block.bytes);
    const isComplete = readBytes === body.byteLength;
    if (isComplete !== block.isLast || readBytes > body.byteLength) throw new BodyChanged(CHANGED);
    if (block.isLast && hash.digest("base64url") !== body.sha256) throw new BodyChanged(CHANGED);
    yield block;
  }
  if (readBytes !== body.byteLength) throw new BodyChanged(CHANGED);
}

async function* readOrBlameBody(body: StreamedBody): AsyncGenerator<Block> {
  try {
    yield* body.open();
  } catch (error) {
    throw new BodyUnreadable("the result could not be read a second time", { cause: error });
  }
}

async function* cutIntoBlocks(bytes: Uint8Array): AsyncGenerator<Block> {
  for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES)
    yield { bytes: bytes.subarray(at, at + BLOCK_BYTES), isLast: at + BLOCK_BYTES >= bytes.byteLength };
}

/** The result could not be read while it was sent. */
export class BodyUnreadable extends Error {
  override readonly name = "BodyUnreadable";
}

/** The result was another one when it was read to be sent. */
export class BodyChanged extends Error {
  override readonly name = "BodyChanged";
}
