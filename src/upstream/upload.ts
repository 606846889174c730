// A request whose body the caller is still sending. The upstream gets each piece as it comes, and sees an incomplete
// request when the rest never comes or is too much: a truncated upload must not look like a whole one. So the body is
// written by hand: of a stream that is piped through JavaScript the runtime writes a proper end, also when it broke off.
import { type Sender, type StreamingRequest, sendStream } from "../platform/outbound/guard.ts";
import { nextPieceDueMs, type Pace } from "../platform/outbound/read-body.ts";
import { TimeoutError, withTimeout } from "../platform/timeout.ts";

export type Upload = {
  body: ReadableStream<Uint8Array>;
  /** As the caller has announced it; null: it comes in chunks, and goes on so. */
  byteLength: number | null;
  maxBytes: number;
  /** Of the caller. */
  pace: Pace;
  /** For each piece that the upstream takes, and then for the head of its answer. */
  upstreamTimeoutMs: number;
};

/** The body is larger than its bound. */
export class UploadTooLarge extends Error {
  override readonly name = "UploadTooLarge";
}

/** The caller was cut off, or took too long. */
export class UploadBroken extends Error {
  override readonly name = "UploadBroken";
}

/**
 * Comes to the upstream's answer. It may come before the body has been sent: then the rest follows under `waitUntil`. Throws
 * UploadTooLarge, UploadBroken, TimeoutError, or what the network throws when there is no answer.
 */
export async function sendUpload(
  sender: Sender,
  url: string,
  init: RequestInit,
  upload: Upload,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Response> {
  const { body, byteLength, upstreamTimeoutMs } = upload;
  // Only this stream keeps the Content-Length.
  const pipe = byteLength === null ? new IdentityTransformStream() : new FixedLengthStream(byteLength);
  const request = sendStream(sender, url, init, pipe);
  const reader = body.getReader();
  let fault: unknown = null;
  const breakOff = (error: unknown) => {
    fault = error;
    request.breakOff(error);
  };
  const sent = pump(reader, request, upload).then(request.finish, (error: unknown) => {
    reader.cancel(error).catch(() => undefined);
    // What else a write throws means that the upstream takes no more: it may have answered.
    if (isFault(error)) breakOff(error);
  });
  waitUntil(sent);
  try {
    const early = await Promise.race([request.answer, sent.then(() => null)]);
    return early ?? (await withTimeout(upstreamTimeoutMs, request.answer));
  } catch (error) {
    breakOff(fault ?? error);
    throw fault ?? error;
  }
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { write }: StreamingRequest,
  { byteLength, maxBytes, pace, upstreamTimeoutMs }: Upload,
): Promise<void> {
  const startedAtMs = Date.now();
  let size = 0;
  for (;;) {
    const leftMs = startedAtMs + nextPieceDueMs(pace, size) - Date.now();
    const { done, value } = await withTimeout(leftMs, reader.read()).catch((cause: unknown) => {
      throw new UploadBroken("the body did not arrive whole", { cause });
    });
    if (done && size !== (byteLength ?? size)) throw new UploadBroken("the body is not as long as announced");
    if (done) return;
    size += value.byteLength;
    if (size > maxBytes) throw new UploadTooLarge(`body over ${maxBytes} bytes`);
    // Beyond what was announced nothing is sent: it is read only to tell a body that is too large from one that is broken.
    if (size <= (byteLength ?? size)) await withTimeout(upstreamTimeoutMs, write(value));
  }
}

function isFault(error: unknown): boolean {
  return error instanceof UploadTooLarge || error instanceof UploadBroken || error instanceof TimeoutError;
}
