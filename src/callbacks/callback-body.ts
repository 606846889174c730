// What a callback carries: a result as bytes, or one that is too large to be held and is streamed from where it is.
import { createHash } from "node:crypto";
import type { Block } from "../platform/outbound/guard.ts";

export type StreamedBody = {
  byteLength: number;
  /** Base64url, as it was when the result was read to be signed. */
  sha256: string;
  /** When the sending of it must be over. */
  sendUntilMs: number;
  /** Reads the result once more, from its beginning. What it throws is not the receiver's failure. */
  open: () => AsyncIterable<Block>;
};

export type CallbackBody = Uint8Array | StreamedBody;

const BLOCK_BYTES = 64 * 1024;

/** So few bytes that a receiver has all of them before it can answer. */
export function isSmall(body: CallbackBody): body is Uint8Array {
  return body.byteLength <= BLOCK_BYTES && body instanceof Uint8Array;
}

/** Bytes in memory as a body to stream. */
export function toStream(body: CallbackBody, sendUntilMs: number): StreamedBody {
  if (!(body instanceof Uint8Array)) return body;
  const hash = createHash("sha256");
  hash.update(body);
  const sha256 = hash.digest("base64url");
  return { byteLength: body.byteLength, sha256, sendUntilMs, open: () => cutIntoBlocks(body) };
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
