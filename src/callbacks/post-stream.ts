// A POST whose body is sent block by block. Where its blocks fail (the result is no longer the one that was signed,
// callback-body.ts), the connection is broken off before the last one: the receiver sees an incomplete request, never a
// whole one with another content. A receiver may answer before it has everything: a refusal (413, say) stops the sending,
// a 2xx does not. Once a receiver has ended its answer the runtime sends no more: then the request stays incomplete,
// whatever the answer says.
import { type Sender, type StreamingRequest, sendStream } from "../platform/outbound/guard.ts";
import { TimeoutError, withTimeout } from "../platform/timeout.ts";
import type { Sending } from "./callback-body.ts";

/** Less than the five minutes for which the headers prove anything: a receiver checks them when it has the whole body. */
const MAX_SENDING_MS = 240_000;

/** `isWhole`: the receiver was sent everything. */
export type StreamedAnswer = { response: Response; isWhole: boolean };

/**
 * Comes to the receiver's answer. Throws BodyUnreadable or BodyChanged where the result is to blame, TimeoutError when
 * the receiver takes no block, or gives no answer, for `timeoutMs`, and otherwise what the network throws.
 */
export async function postStream(
  sender: Sender,
  url: string,
  headers: Headers,
  body: Sending,
  timeoutMs: number,
): Promise<StreamedAnswer> {
  const pipe = new FixedLengthStream(body.byteLength);
  const request = sendStream(sender, url, { method: "POST", headers }, pipe);
  const untilMs = Math.min(body.sendUntilMs, Date.now() + MAX_SENDING_MS);
  const waitMs = () => Math.max(1, Math.min(timeoutMs, untilMs - Date.now()));
  try {
    const early = await sendBlocks(request, body, waitMs);
    if (early === null) {
      request.finish();
      return { response: await withTimeout(waitMs(), request.answer), isWhole: true };
    }
    request.breakOff(new Error("the receiver wants no more of it"));
    return { response: early, isWhole: false };
  } catch (error) {
    request.breakOff(error);
    throw error;
  }
}

/** Null: everything has been sent. Otherwise the answer of a receiver that takes no more. */
async function sendBlocks(
  request: StreamingRequest,
  { blocks }: Sending,
  waitMs: () => number,
): Promise<Response | null> {
  for await (const { bytes } of blocks) {
    const early = await offer(request, bytes, waitMs);
    if (early !== null) return early;
  }
  return null;
}

/** Null: the receiver took the block. */
async function offer(
  { write, answer }: StreamingRequest,
  bytes: Uint8Array,
  waitMs: () => number,
): Promise<Response | null> {
  const taken = write(bytes).then(() => null);
  try {
    return await withTimeout(waitMs(), Promise.race([taken, waitForRefusal(answer)]));
  } catch (error) {
    // A receiver that answers and closes the connection breaks the sending off: then its answer is what counts.
    const leftMs = error instanceof TimeoutError ? 0 : waitMs();
    return await withTimeout(leftMs, answer);
  }
}

/** Never comes to anything where the answer is a 2xx. */
async function waitForRefusal(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  return response.ok ? new Promise<never>(() => undefined) : response;
}
