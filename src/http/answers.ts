// The one place where a problem becomes a response, always in the published envelope.
import { errorObject, type Problem } from "../errors.ts";
import { ownProblem, type UpstreamProblem } from "../upstream/upstream-problem.ts";
import type { AppContext } from "./context.ts";

export function answerProblem(c: AppContext, of: Problem, extra: HeadersInit = {}): Response {
  return answerUpstreamProblem(c, ownProblem(of), extra);
}

/** A problem under its name in the log. */
export function refuse(c: AppContext, outcome: string, of: Problem, headers: HeadersInit): Response {
  c.get("notes").outcome = outcome;
  return answerProblem(c, of, headers);
}

/** An upstream's own error objects keep what they say, under the status that the caller gets. */
export function answerUpstreamProblem(c: AppContext, of: UpstreamProblem, extra: HeadersInit = {}): Response {
  const { problem, status, envelope } = of;
  const errors = envelope?.map((error) => ({ status, ...error })) ?? [
    errorObject(problem, c.get("requestId")),
  ];
  const headers = new Headers(extra);
  headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(problem.headers ?? {})) headers.set(name, value);
  if (problem.retryAfterSeconds !== undefined) headers.set("retry-after", String(problem.retryAfterSeconds));
  return new Response(JSON.stringify({ errors }), { status, headers });
}
