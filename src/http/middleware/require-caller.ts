// No request passes here without a token that verified. It is the only writer of `caller`.
import type { Next } from "hono";
import { authenticate } from "../../auth/authenticate.ts";
import { IssuerKeys } from "../../auth/issuer-keys.ts";
import { VerifiedTokens } from "../../auth/verified-tokens.ts";
import { log } from "../../platform/observability/log.ts";
import { network } from "../../platform/outbound/guard.ts";
import { answerProblem } from "../answers.ts";
import type { AppContext } from "../context.ts";

/** Of this isolate. */
export const issuerKeys = new IssuerKeys();
const verifiedTokens = new VerifiedTokens();

export async function requireCaller(c: AppContext, next: Next): Promise<Response | undefined> {
  const verdict = await c.get("stopwatch").time(
    "auth",
    authenticate(c.req.raw.headers, {
      settings: c.get("settings"),
      issuerKeys,
      verifiedTokens,
      kv: c.env.KV,
      sender: network,
      nowMs: Date.now(),
      waitUntil: (promise) => c.executionCtx.waitUntil(promise),
    }),
  );
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
