// Only operators pass here, and nothing that changes something unless the console's own pages sent it
// or it carries an Authorization header, which no other site can make a browser send. It is the only writer of
// `operator`.
import type { Next } from "hono";
import { authenticateOperator } from "../../auth/operator.ts";
import { type AuthReason, unauthenticated } from "../../auth/refusals.ts";
import { answerProblem } from "../../http/answers.ts";
import type { AppContext } from "../../http/context.ts";
import { loopbackOrigin } from "../../http/middleware/configure.ts";
import { authDeps } from "../../http/middleware/require-caller.ts";
import { isSessionEnded } from "../../operators/audit-store.ts";
import { type Problem, problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { signInAt, toPage } from "./links.ts";
import { renderProblem } from "./render.tsx";
import { crossSiteFault } from "./same-origin.ts";
import { forgetSession, hashToken, readSession } from "./session.ts";

export async function requireOperator(c: AppContext, next: Next): Promise<Response | undefined> {
  const judging = authenticateOperator(c.req.raw.headers, readSession(c), authDeps(c));
  const verdict = await c.get("stopwatch").time("auth", judging);
  if (verdict.kind === "refused") return refuseOperator(c, verdict.problem, verdict.reason);
  if (verdict.operator.via !== "authorization") {
    const fault = crossSiteProblem(c);
    if (fault !== null) return refuseOperator(c, fault, "operator.cross_site");
  }
  if (verdict.operator.via === "session" && (await isSignedOut(c))) {
    const { problem: fault, reason } = unauthenticated("operator.signed_out", SIGNED_OUT, "Bearer");
    return refuseOperator(c, fault, reason);
  }
  c.set("operator", verdict.operator);
  await next();
  return undefined;
}

/** For whatever an operator sends without being known yet, or to be known no longer. */
export async function requireOwnPage(c: AppContext, next: Next): Promise<Response | undefined> {
  const fault = crossSiteProblem(c);
  if (fault !== null) return refuseOperator(c, fault, "operator.cross_site");
  await next();
  return undefined;
}

// Under `no-referrer`, which all other answers have, browsers keep a form's origin from the very page that it is sent to.
export async function sayOwnOrigin(c: AppContext, next: Next): Promise<void> {
  await next();
  c.res.headers.set("referrer-policy", "same-origin");
}

function crossSiteProblem(c: AppContext): Problem | null {
  const fault = crossSiteFault(c.req.method, c.req.raw.headers, ownOrigins(c));
  return fault === null ? null : problem("permission_denied", fault);
}

// On a developer's machine the console may be opened under another name of that machine.
function ownOrigins(c: AppContext): string[] {
  const publicUrl = c.get("publicUrl");
  const here = publicUrl.startsWith("https:") ? null : loopbackOrigin(c.req.url);
  return here === null || here === publicUrl ? [publicUrl] : [publicUrl, here];
}

/** The API's refusals are problems like any other; a page's reader is sent to sign in, or told why that would not help. */
async function refuseOperator(
  c: AppContext,
  fault: Problem,
  reason: AuthReason | "operator.cross_site",
): Promise<Response> {
  c.get("notes").outcome = "unauthorized";
  log({ event: "operator.refused", request_id: c.get("requestId"), reason });
  if (c.req.path.startsWith("/console/api/")) return answerProblem(c, fault);
  if (fault.code === "unauthenticated") {
    // A link from another site brings no cookie along, and must not end a good session.
    if (readSession(c) !== null) forgetSession(c);
    const next = c.req.method === "GET" ? toPage(c.req.path + new URL(c.req.url).search) : null;
    return c.redirect(signInAt(toSessionFault(reason), next), 303);
  }
  if (fault.retryAfterSeconds !== undefined) c.header("retry-after", String(fault.retryAfterSeconds));
  if (reason === "operator.cross_site") return renderProblem(c, "foreign_form");
  return renderProblem(c, fault.code === "permission_denied" ? "not_operator" : "unavailable");
}

/** What the sign-in page says; null: there was no session. */
function toSessionFault(reason: AuthReason | "operator.cross_site"): string | null {
  if (reason === "token.expired") return "expired";
  return reason === "operator.signed_out" ? "signed_out" : null;
}

const SIGNED_OUT = "The session has been signed out of.";

// While the store of ended sessions is away, a session counts as not ended: operators need the console most in an outage,
// and the token still has to be good.
async function isSignedOut(c: AppContext): Promise<boolean> {
  const session = readSession(c) ?? "";
  try {
    return await isSessionEnded(c.get("services").operatorsDb, await hashToken(session));
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    return false;
  }
}
