// W3C Trace Context, level 1: the caller's trace goes on through the gateway to the upstream, with a span of its own.

export type Trace = { traceId: string; traceparent: string; tracestate: string | null };

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?$/;
const MAX_TRACESTATE = 512;

/** Continues the caller's trace, or begins one when `traceparent` is missing or malformed (§3.2.2, §3.3). */
export function traceOf(headers: Headers): Trace {
  const known = TRACEPARENT.exec(headers.get("traceparent") ?? "");
  const traceId = known?.[1] ?? randomHex(16);
  const tracestate = headers.get("tracestate");
  return {
    traceId,
    traceparent: `00-${traceId}-${randomHex(8)}-${known?.[2] ?? "00"}`,
    tracestate:
      known !== null && tracestate !== null && tracestate.length <= MAX_TRACESTATE ? tracestate : null,
  };
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
