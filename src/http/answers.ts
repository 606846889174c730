// The one place where a problem becomes a response, always in the published envelope.
import { errorObject, type Problem, problem } from "../platform/errors.ts";
import { ownProblem, type UpstreamProblem } from "../upstream/upstream-problem.ts";
import type { AppContext } from "./context.ts";

/** This isolate has its hands full. */
export const OVERLOADED = problem("service_unavaiable", "Service is temporarily unavailable", {
  retryAfterSeconds: 1,
});

export function answerProblem(c: AppContext, fault: Problem, extra: HeadersInit = {}): Response {
  return answerUpstreamProblem(c, ownProblem(fault), extra);
}

/** A problem under its name in the log. */
export function refuse(c: AppContext, outcome: string, fault: Problem, headers: HeadersInit): Response {
  c.get("notes").outcome = outcome;
  return answerProblem(c, fault, headers);
}

/** An upstream's own error objects keep what they say, under the status that the caller gets. */
export function answerUpstreamProblem(
  c: AppContext,
  failure: UpstreamProblem,
  extra: HeadersInit = {},
): Response {
  const { problem: own, status, envelope } = failure;
  Object.assign(c.get("notes"), { code: own.code, upstreamStatus: failure.upstreamStatus ?? null });
  const errors = envelope?.map((error) => ({ status, ...error })) ?? [errorObject(own, c.get("requestId"))];
  const headers = new Headers(extra);
  headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(own.headers ?? {})) headers.set(name, value);
  if (own.retryAfterSeconds !== undefined) headers.set("retry-after", String(own.retryAfterSeconds));
  return new Response(JSON.stringify({ errors }), { status, headers });
}
