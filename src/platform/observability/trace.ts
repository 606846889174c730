// W3C Trace Context, level 1: the caller's trace goes on through the gateway to the upstream, with a span of its own.
// What no caller waits for (a poll, after a completion or the timer) is a trace of its own. Receivers of callbacks
// get none: it would name our traffic to strangers.

import { toHex } from "../hash.ts";

export type Trace = { traceId: string; traceparent: string; tracestate: string | null };

const TRACEPARENT = /^([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;
const MAX_TRACESTATE = 512;

/** Continues the caller's trace, or begins one when `traceparent` is missing or malformed (§3.2.2, §3.3). */
export function parseTrace(headers: Headers): Trace {
  const known = parseTraceparent(headers.get("traceparent") ?? "");
  const traceId = known?.traceId ?? randomHex(16);
  const tracestate = headers.get("tracestate");
  return {
    traceId,
    traceparent: `00-${traceId}-${randomHex(8)}-${known?.sampled === true ? "01" : "00"}`,
    tracestate:
      known !== null && tracestate !== null && tracestate.length <= MAX_TRACESTATE ? tracestate : null,
  };
}

/** A trace that begins here, not sampled. */
export function beginTrace(): Trace {
  return parseTrace(new Headers());
}

/** Version 00 ends with its flags; a later one may go on after a dash; ff is none. Of the flags one is defined. */
function parseTraceparent(text: string): { traceId: string; sampled: boolean } | null {
  const [, version, traceId, flags = "", rest] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || version === "ff" || (version === "00" && rest !== undefined)) return null;
  return { traceId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

function randomHex(bytes: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}
