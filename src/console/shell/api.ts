// The console as JSON. Answers are the views themselves; errors are in the published envelope.
import { refuse } from "../../http/answers.ts";
import type { AppContext } from "../../http/context.ts";
import type { Acted } from "../../operators/audit.ts";
import { type Problem, parameterFault, problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { givenIn, judge, type Parse } from "./parameters.ts";
import type { Handler } from "./render.tsx";

const NOT_FOUND = problem("not_found", "There is nothing at this path.");
const UNAVAILABLE = problem(
  "service_unavaiable",
  "The operators' index or a gate does not answer at the moment.",
  { retryAfterSeconds: 5 },
);

/** What comes of a request: the answer, its body and status, or what is wrong. */
export type Result = Response | { status: 200 | 202; body: object } | { outcome: string; problem: Problem };

/** An endpoint whose question is judged first. */
export function asked<Q>(
  parse: Parse<Q>,
  work: (c: AppContext, question: Q) => Promise<Result>,
  unavailable?: Problem,
): Handler {
  return endpoint(async (c) => {
    const question = await judge(() => parse(givenIn(c), c));
    if (question.kind === "ok") return work(c, question.value);
    return malformed(parameterFault(question.parameter, question.detail));
  }, unavailable);
}

// Whatever throws here is a store that does not answer: the index, a gate, the queue.
export function endpoint(work: (c: AppContext) => Promise<Result>, unavailable = UNAVAILABLE): Handler {
  return async (c) => {
    const result = await work(c).catch((error: unknown): Result => {
      log({ event: "console.unavailable", request_id: c.get("requestId"), error });
      return { outcome: "unavailable", problem: unavailable };
    });
    if (result instanceof Response) return result;
    return "problem" in result
      ? refuse(c, result.outcome, result.problem, {})
      : c.json(result.body, result.status);
  };
}

export function found(body: object | null, missing = NOT_FOUND): Result {
  return body === null ? { outcome: "unknown", problem: missing } : { status: 200, body };
}

export function acting(acted: Acted | null, status: 200 | 202, missing = NOT_FOUND): Result {
  if (acted === null) return { outcome: "unknown", problem: missing };
  const { outcome, entry } = acted;
  if (outcome === "done") return { status, body: entry };
  return { outcome: "conflict", problem: problem("conflict", entry.detail ?? "There is nothing to do.") };
}

export function malformed(fault: Problem): Result {
  return { outcome: "malformed", problem: fault };
}
