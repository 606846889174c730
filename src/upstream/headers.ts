// What passes through the gateway in each direction. Both lists say what may pass: hop-by-hop headers, cookies,
// X-Forwarded-*, CF-* and whatever a caller invents to look like the gateway are on neither. Nor is Cache-Control: no cache
// may keep an answer to a token, whatever the upstream says of it.
import { type TargetBase, toCallersLinks, toCallersTarget } from "./targets.ts";

const TO_UPSTREAM = [
  "accept",
  "accept-language",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-unmodified-since",
  "prefer",
  "user-agent",
];

const TO_CALLER = [
  "allow",
  "content-disposition",
  "content-language",
  "content-type",
  "etag",
  "last-modified",
  "retry-after",
  "vary",
];

/** What the runtime decodes by itself, in this very spelling. Of any other coding it passes on the bytes as they came. */
export const DECODED = ["gzip", "br"];

/** What the gateway itself says to the upstream on each request. */
export type Asserted = {
  authorization: string;
  requestId: string;
  traceparent: string;
  tracestate: string | null;
};

export function assertedHeaders({
  authorization,
  requestId,
  traceparent,
  tracestate,
}: Asserted): Record<string, string> {
  const headers = {
    "accept-encoding": DECODED.join(", "),
    authorization,
    "x-request-id": requestId,
    traceparent,
  };
  return tracestate === null ? headers : { ...headers, tracestate };
}

/** What a start has beside those. The caller's own idempotency id is here because the body carries one made of it. */
export function startHeaders(callersId: string | null): Record<string, string> {
  const headers = { "content-type": "application/json" };
  return callersId === null ? headers : { ...headers, "x-idempotency-id": callersId };
}

/** The caller's headers that pass, under those that the gateway asserts. */
export function headersToUpstream(from: Headers, asserted: Asserted): Record<string, string> {
  return { ...pick(from, TO_UPSTREAM), ...assertedHeaders(asserted) };
}

export function headersToCaller(
  { status, headers: from }: Pick<Response, "status" | "headers">,
  base: TargetBase,
): Record<string, string> {
  const links = toCallersLinks(from.get("link") ?? "", base);
  // Of a 202 it is where the status can be watched (RFC 9110, section 15.3.3). With another one that passes it means nothing.
  const location = status === 201 || status === 202 ? from.get("location") : null;
  const target = location === null ? null : toCallersTarget(location, base);
  return {
    ...pick(from, TO_CALLER),
    ...(links !== null && { link: links }),
    ...(target !== null && { location: target }),
  };
}

function pick(from: Headers, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) picked[name] = value;
  }
  return picked;
}
