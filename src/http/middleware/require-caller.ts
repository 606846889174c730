// No request passes here without a token that verified. It is the only writer of `caller`.
import type { Next } from "hono";
import { type AuthDeps, authenticate } from "../../auth/authenticate.ts";
import type { OperatorDeps } from "../../auth/operator.ts";
import { log } from "../../platform/observability/log.ts";
import { answerProblem } from "../answers.ts";
import type { AppContext } from "../context.ts";

/** What verifying a token takes, of a caller or an operator. */
export function authDeps(c: AppContext): AuthDeps & OperatorDeps {
  return {
    ...c.get("services"),
    nowMs: Date.now(),
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  };
}

/** Of the isolate's room. */
export function callersShare(c: AppContext): string {
  return c.get("caller").userKey;
}

export async function requireCaller(c: AppContext, next: Next): Promise<Response | undefined> {
  const verdict = await c.get("stopwatch").time("auth", authenticate(c.req.raw.headers, authDeps(c)));
  if (verdict.kind === "refused") {
    c.get("notes").outcome = "unauthorized";
    log({ event: "caller.refused", request_id: c.get("requestId"), reason: verdict.reason });
    return answerProblem(c, verdict.problem);
  }
  c.set("caller", verdict.caller);
  c.get("notes").user = verdict.caller.userKey;
  await next();
  return undefined;
}
