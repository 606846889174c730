// What a callback carries: a result as bytes, or one that is too large to be held and is streamed from where it is.
import type { Block } from "../outbound/guard.ts";

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

/** The result could not be read while it was sent. */
export class BodyUnreadable extends Error {
  override readonly name = "BodyUnreadable";
}

/** The result was another one when it was read to be sent. */
export class BodyChanged extends Error {
  override readonly name = "BodyChanged";
}
