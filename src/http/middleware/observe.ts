// Around everything: a request id, the caller's trace carried on, security headers on every answer, one log line, one
// point in the metrics and one count in this isolate's sums.
import type { Context, Next } from "hono";
import { matchedRoutes, routePath } from "hono/route";
import { problem } from "../../platform/errors.ts";
import { isolateSums } from "../../platform/observability/isolate-sums.ts";
import { log, type RequestServed } from "../../platform/observability/log.ts";
import { countRequest } from "../../platform/observability/metrics.ts";
import { Stopwatch } from "../../platform/observability/stopwatch.ts";
import { parseTrace } from "../../platform/observability/trace.ts";
import { Timer } from "../../platform/timeout.ts";
import { answerProblem, completeHeaders } from "../answers.ts";
import type { AppContext, AppEnv } from "../context.ts";

export async function observe(c: AppContext, next: Next): Promise<void> {
  c.set("requestId", crypto.randomUUID());
  c.set("trace", parseTrace(c.req.raw.headers));
  c.set("stopwatch", new Stopwatch());
  c.set("notes", {
    outcome: "served",
    user: null,
    runId: null,
    action: null,
    code: null,
    upstreamStatus: null,
  });
  const timer = Timer.forWork();
  c.set("timer", timer);
  await next();
  timer.end();
  completeHeaders(c, c.res.headers);
  countServed(c);
}

export function answerUnexpected(error: Error, c: Context<AppEnv>): Response {
  log({ event: "request.failed", request_id: c.get("requestId"), error });
  c.get("notes").outcome = "failed";
  return answerProblem(c, problem("external_service_error", "An error occurred with an external service."));
}

export function answerNotFound(c: Context<AppEnv>): Response {
  c.get("notes").outcome = "not_found";
  return answerProblem(c, problem("not_found", "There is nothing at this path."));
}

function countServed(c: AppContext): void {
  const { outcome, user, runId, ...answer } = c.get("notes");
  const stopwatch = c.get("stopwatch");
  const served: RequestServed = {
    event: "request.served",
    request_id: c.get("requestId"),
    trace_id: c.get("trace").traceId,
    method: c.req.method,
    route: findRoute(c),
    status: c.res.status,
    outcome,
    user,
    run_id: runId,
    total_ms: stopwatch.totalMs(),
    auth_ms: stopwatch.ms("auth"),
    gate_ms: stopwatch.ms("gate"),
    upstream_ms: stopwatch.ms("upstream"),
  };
  log(served);
  countRequest(c.env.METRICS, served);
  isolateSums.countRequest(served, answer);
}

// The pattern that answered: the first for this very method, or the one that takes any and was reached last.
function findRoute(c: AppContext): string {
  return matchedRoutes(c).find(({ method }) => method !== "ALL")?.path ?? routePath(c);
}
