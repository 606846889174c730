// The one place where the API's responses are made, each with all its headers at once: a header that is set on a finished
// response costs the runtime one more call. A problem becomes one in the published envelope.
import { errorObject, type Problem, problem } from "../platform/errors.ts";
import { ownProblem, type UpstreamProblem } from "../upstream/upstream-problem.ts";
import type { AppContext } from "./context.ts";

/** This isolate has its hands full. */
export const OVERLOADED = problem("service_unavaiable", "Service is temporarily unavailable", {
  retryAfterSeconds: 1,
});

const HEADERS = {
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
};

/** `own`: headers by their names in lower case, in place of those that every answer has. */
export function answer(
  c: AppContext,
  body: BodyInit | null,
  status: number,
  own: Record<string, string>,
): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...own, ...requestHeaders(c) } });
}

/** The same headers for a response that was made in another way: a page, or what hono makes of JSON. */
export function completeHeaders(c: AppContext, headers: Headers): void {
  if (headers.has("x-request-id")) return;
  for (const [name, value] of Object.entries(HEADERS)) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of Object.entries(requestHeaders(c))) headers.set(name, value);
}

function requestHeaders(c: AppContext): Record<string, string> {
  return {
    "x-request-id": c.get("requestId"),
    "server-timing": c.get("stopwatch").serverTiming(),
    "x-content-type-options": "nosniff",
    ...(c.req.url.startsWith("https:") && { "strict-transport-security": "max-age=31536000" }),
  };
}

export function answerProblem(c: AppContext, fault: Problem, extra: Record<string, string> = {}): Response {
  return answerUpstreamProblem(c, ownProblem(fault), extra);
}

/** A problem under its name in the log. */
export function refuse(
  c: AppContext,
  outcome: string,
  fault: Problem,
  headers: Record<string, string>,
): Response {
  c.get("notes").outcome = outcome;
  return answerProblem(c, fault, headers);
}

/** An upstream's own error objects keep what they say, under the status that the caller gets. */
export function answerUpstreamProblem(
  c: AppContext,
  failure: UpstreamProblem,
  extra: Record<string, string> = {},
): Response {
  const { problem: own, status, envelope } = failure;
  Object.assign(c.get("notes"), { code: own.code, upstreamStatus: failure.upstreamStatus ?? null });
  const errors = envelope?.map((error) => ({ status, ...error })) ?? [errorObject(own, c.get("requestId"))];
  const { retryAfterSeconds } = own;
  return answer(c, JSON.stringify({ errors }), status, {
    ...extra,
    "content-type": "application/json",
    ...own.headers,
    ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
  });
}
