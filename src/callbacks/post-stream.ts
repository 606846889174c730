// A POST whose body is read while it is sent. The signature was made of an earlier reading, so the last block is sent only
// when length and hash of this reading are the same; otherwise the connection is broken off, and the receiver sees an
// incomplete request, never a whole one with another content. A receiver may answer before it has everything: a refusal
// (413, say) stops the sending, a 2xx does not. Once a receiver has ended its answer the runtime sends no more: then the
// request stays incomplete, whatever the answer says.
import { createHash } from "node:crypto";
import {
  type Block,
  OutboundTimeout,
  type Sender,
  type StreamingRequest,
  sendStream,
  withOutboundTimeout,
} from "../platform/outbound/guard.ts";
import { BodyChanged, BodyUnreadable, type StreamedBody } from "./callback-body.ts";

const CHANGED = "the result was another one when it was read to be sent";
/** Less than the five minutes for which the headers prove anything: a receiver checks them when it has the whole body. */
const MAX_SENDING_MS = 240_000;

/** `isWhole`: the receiver was sent everything. */
export type StreamedAnswer = { response: Response; isWhole: boolean };

/**
 * Comes to the receiver's answer. Throws BodyUnreadable or BodyChanged where the result is to blame, OutboundTimeout when
 * the receiver takes no block, or gives no answer, for `timeoutMs`, and otherwise what the network throws.
 */
export async function postStream(
  sender: Sender,
  url: string,
  headers: Headers,
  body: StreamedBody,
  timeoutMs: number,
): Promise<StreamedAnswer> {
  const pipe = new FixedLengthStream(body.byteLength);
  const request = sendStream(sender, url, { method: "POST", headers }, pipe);
  const untilMs = Math.min(body.sendUntilMs, Date.now() + MAX_SENDING_MS);
  const waitMs = () => Math.max(1, Math.min(timeoutMs, untilMs - Date.now()));
  try {
    const early = await sendBody(request, body, waitMs);
    if (early === null) {
      request.finish();
      return { response: await withOutboundTimeout(waitMs(), request.answer), isWhole: true };
    }
    request.breakOff(new Error("the receiver wants no more of it"));
    return { response: early, isWhole: false };
  } catch (error) {
    request.breakOff(error);
    throw error;
  }
}

/** Null: everything has been sent, and it is what was signed. Otherwise the answer of a receiver that takes no more. */
async function sendBody(
  request: StreamingRequest,
  body: StreamedBody,
  waitMs: () => number,
): Promise<Response | null> {
  const hash = createHash("sha256");
  let sentBytes = 0;
  for await (const { bytes, isLast } of readOrBlameBody(body)) {
    sentBytes += bytes.byteLength;
    hash.update(bytes);
    const isComplete = sentBytes === body.byteLength;
    if (isComplete !== isLast || sentBytes > body.byteLength) throw new BodyChanged(CHANGED);
    if (isLast && hash.digest("base64url") !== body.sha256) throw new BodyChanged(CHANGED);
    const early = await offer(request, bytes, waitMs);
    if (early !== null) return early;
  }
  if (sentBytes !== body.byteLength) throw new BodyChanged(CHANGED);
  return null;
}

async function* readOrBlameBody(body: StreamedBody): AsyncGenerator<Block> {
  try {
    yield* body.open();
  } catch (error) {
    throw new BodyUnreadable("the result could not be read a second time", { cause: error });
  }
}

/** Null: the receiver took the block. */
async function offer(
  { write, answer }: StreamingRequest,
  bytes: Uint8Array,
  waitMs: () => number,
): Promise<Response | null> {
  const taken = write(bytes).then(() => null);
  try {
    return await withOutboundTimeout(waitMs(), Promise.race([taken, waitForRefusal(answer)]));
  } catch (error) {
    // A receiver that answers and closes the connection breaks the sending off: then its answer is what counts.
    const leftMs = error instanceof OutboundTimeout ? 0 : waitMs();
    return await withOutboundTimeout(leftMs, answer);
  }
}

/** Never comes to anything where the answer is a 2xx. */
async function waitForRefusal(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  return response.ok ? new Promise<never>(() => undefined) : response;
}
