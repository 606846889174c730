// The only caller of fetch(). What it guards: that this Worker talks to nothing but its upstream, its issuers' key
// sets and (through their own checks) callback receivers and the operators' webhook, never follows a redirect, never takes
// Cloudflare's own answer for theirs, and never waits without a bound (read-body.ts: never reads an answer without one).
// What it trusts: the URLs in the settings, which only a deployer can write. What it does not do: judge where a name leads.
// In production the edge has no route to a private address, and the flag global_fetch_strictly_public sends requests for the
// account's own zones through their front door.

import { TimeoutError, type Timer, withTimeout } from "../timeout.ts";

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
 * Throws TimeoutError, OutboundUnreached, or whatever the network throws when there is no answer.
 */
export async function send(
  sender: Sender,
  url: string,
  init: RequestInit,
  timeoutMs: number,
  timer?: Timer,
): Promise<Response> {
  const abort = new AbortController();
  const request = new Request(url, { ...init, redirect: "manual", signal: abort.signal });
  try {
    // That it is waited for no longer bears the load: a service binding does not have to honour the signal.
    return requireReached(await withTimeout(timeoutMs, sender.fetch(request), timer));
  } catch (error) {
    if (error instanceof TimeoutError) abort.abort();
    throw error;
  }
}

/**
 * 520 to 526 and 530 are Cloudflare's, and so is all that they say: a `Retry-After` of two minutes is no word of the other
 * party's. Off the platform the network throws in their place.
 */
function requireReached(response: Response): Response {
  const { status } = response;
  if ((status < 520 || status > 526) && status !== 530) return response;
  response.body?.cancel().catch(() => undefined);
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
