// What passes through the gateway in each direction. Both lists say what may pass: hop-by-hop headers, cookies,
// X-Forwarded-*, CF-* and whatever a caller invents to look like the gateway are on neither.

const TO_UPSTREAM = [
  "accept",
  "accept-language",
  "content-type",
  "if-match",
  "if-none-match",
  "prefer",
  "user-agent",
];

const TO_CALLER = [
  "cache-control",
  "content-disposition",
  "content-language",
  "content-type",
  "etag",
  "last-modified",
  "link",
  "retry-after",
  "vary",
];

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
  const headers = { authorization, "x-request-id": requestId, traceparent };
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

export function headersToCaller(from: Headers): Record<string, string> {
  return pick(from, TO_CALLER);
}

function pick(from: Headers, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) picked[name] = value;
  }
  return picked;
}
