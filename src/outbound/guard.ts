// The only caller of fetch(). What it guards: that this Worker talks to nothing but its upstream, its issuers' key
// sets and (through their own checks) callback receivers, never follows a redirect, never reads an answer without
// a bound and never waits without one. What it trusts: the URLs in the settings, which only a deployer can write.
// The wall against private addresses in production is the flag global_fetch_strictly_public.

import type { Hold } from "../load.ts";

/** An answer that took longer than its budget. */
export class OutboundTimeout extends Error {
  override readonly name = "OutboundTimeout";
}

/** An answer whose body is larger than its bound. */
export class OutboundTooLarge extends Error {
  override readonly name = "OutboundTooLarge";
}

/** A body for which whoever reads it has no room left. */
export class OutboundNoRoom extends Error {
  override readonly name = "OutboundNoRoom";
}

/** What can send a request: a service binding, or the network. */
export type Sender = { fetch(request: Request): Promise<Response> };

export const network: Sender = { fetch: (request) => fetch(request) };

/**
 * Sends one request, redirects not followed, with `timeoutMs` until the answer's headers are there.
 * Throws OutboundTimeout, or whatever the network throws when there is no answer.
 */
export async function send(
  sender: Sender,
  url: string,
  init: RequestInit,
  timeoutMs: number,
): Promise<Response> {
  const abort = new AbortController();
  const deadline = startDeadline(timeoutMs, () => abort.abort());
  try {
    const request = new Request(url, { ...init, redirect: "manual", signal: abort.signal });
    // The race bears the load: a service binding does not have to honour the signal.
    return await Promise.race([sender.fetch(request), deadline.passed]);
  } finally {
    deadline.stop();
  }
}

/**
 * Reads a body as bytes, `maxBytes` at most, within `timeoutMs`; `hold` is asked for room for each piece of it. Throws
 * OutboundTooLarge, OutboundNoRoom or OutboundTimeout, and cancels the body.
 */
export async function readBody(
  response: Pick<Response, "body">,
  maxBytes: number,
  timeoutMs: number,
  hold?: Hold,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const size = await takeIn(response, maxBytes, timeoutMs, (chunk) => {
    if (hold?.take(chunk.byteLength) === false) throw new OutboundNoRoom("no room for this body");
    chunks.push(chunk);
  });
  return concatenate(chunks, size);
}

/**
 * The same, but a body over `maxBytes` is handed to `pass` piece by piece, from its beginning, and none of it is kept;
 * then it comes to null, and `timeoutMs` is the only bound.
 */
export async function readOrPass(
  response: Pick<Response, "body">,
  maxBytes: number,
  timeoutMs: number,
  hold: Hold,
  pass: (chunk: Uint8Array) => void,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let held = 0;
  const size = await takeIn(response, Number.POSITIVE_INFINITY, timeoutMs, (chunk) => {
    held += chunk.byteLength;
    if (held > maxBytes) return [...chunks.splice(0), chunk].forEach(pass);
    if (!hold.take(chunk.byteLength)) throw new OutboundNoRoom("no room for this body");
    chunks.push(chunk);
  });
  return size > maxBytes ? null : concatenate(chunks, size);
}

/**
 * Takes up to `maxBytes` of a body that nobody wants to see, so that its connection can be used again, and cancels the
 * rest. Keeps none of it: a body for which there is no room ends here. Never throws.
 */
export async function discardBody(
  response: Pick<Response, "body">,
  maxBytes: number,
  timeoutMs: number,
): Promise<void> {
  // Too large, too slow or broken off: all the same to somebody who does not read it.
  await takeIn(response, maxBytes, timeoutMs, () => undefined).catch(() => undefined);
}

/** Hands over a body piece by piece; comes to its size. */
async function takeIn(
  { body }: Pick<Response, "body">,
  maxBytes: number,
  timeoutMs: number,
  accept: (chunk: Uint8Array) => void,
): Promise<number> {
  if (body === null) return 0;
  const reader = body.getReader();
  const deadline = startDeadline(timeoutMs);
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline.passed]);
      if (done) return size;
      size += value.byteLength;
      if (size > maxBytes) throw new OutboundTooLarge(`body over ${maxBytes} bytes`);
      accept(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  } finally {
    deadline.stop();
  }
}

type Deadline = { passed: Promise<never>; stop: () => void };

function startDeadline(timeoutMs: number, andThen?: () => void): Deadline {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new OutboundTimeout(`no answer within ${timeoutMs} ms`));
    andThen?.();
  }, timeoutMs);
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
