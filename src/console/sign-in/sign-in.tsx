// Signing in with a token, and out. What is wrong with one is said to the page in its query, by a name: nothing of what
// was sent is shown again.
import { verifyHolder } from "../../auth/operator.ts";
import type { AuthReason } from "../../auth/refusals.ts";
import { CLOCK_TOLERANCE_MS } from "../../auth/token.ts";
import type { AppContext } from "../../http/context.ts";
import { authDeps } from "../../http/middleware/require-caller.ts";
import { audited, newEntry } from "../../operators/audit.ts";
import { endSession, isSessionEnded } from "../../operators/audit-store.ts";
import { decodeUtf8 } from "../../platform/json.ts";
import { log } from "../../platform/observability/log.ts";
import { OutboundOverBudget, OutboundTooLarge, readBody } from "../../platform/outbound/read-body.ts";
import { TimeoutError } from "../../platform/timeout.ts";
import { SIGN_IN, signInAt, toPage } from "../shell/links.ts";
import { buildFrame, render } from "../shell/render.tsx";
import { beginSession, fitsSession, forgetSession, hashToken, readSession } from "../shell/session.ts";
import { isSignInError, type SignInError, SignInPage } from "./page.tsx";

/** More than the longest token takes, escaped. */
const MAX_FORM_BYTES = 64 * 1024;
const FORM_TIMEOUT_MS = 10_000;

export function renderSignIn(c: AppContext): Promise<Response> {
  const { access, operatorScope } = c.get("services").settings;
  const error = c.req.query("error");
  return render(
    c,
    <SignInPage
      frame={buildFrame(c)}
      error={error !== undefined && isSignInError(error) ? error : null}
      usesAccess={access !== null}
      scope={operatorScope}
      next={toPage(c.req.query("next") ?? null)}
    />,
  );
}

export async function signIn(c: AppContext): Promise<Response> {
  const form = await readPosted(c);
  // Without the blanks that came along when it was pasted.
  const token = form.get("token")?.trim() ?? "";
  const next = toPage(form.get("next"));
  const holder = await c.get("stopwatch").time("auth", verifyHolder(token, "session", authDeps(c)));
  if (holder.kind === "refused") return refuse(c, holder.reason, toSignInError(holder.reason), next);
  if (!fitsSession(token)) return refuse(c, "token.too_large", "too_long", next);
  const { operatorsDb } = c.get("services");
  try {
    if (await isSessionEnded(operatorsDb, await hashToken(token)))
      return refuse(c, "operator.signed_out", "signed_out", next);
    const noted = newEntry(holder.operator, "sign_in", null);
    await audited(operatorsDb, noted, async () => ({ kind: "done" }));
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    return refuse(c, null, "unavailable", next);
  }
  beginSession(c, token, holder.expiresAtMs);
  c.get("notes").outcome = "signed_in";
  return c.redirect(next, 303);
}

/** The session ends here and at the gateway: a copy of its cookie opens nothing either. */
export async function signOut(c: AppContext): Promise<Response> {
  const session = readSession(c);
  forgetSession(c);
  c.get("notes").outcome = "signed_out";
  if (session === null) return c.redirect(SIGN_IN, 303);
  const holder = await c.get("stopwatch").time("auth", verifyHolder(session, "session", authDeps(c)));
  if (holder.kind === "refused") return c.redirect(SIGN_IN, 303);
  const { operator, expiresAtMs } = holder;
  const ended = { tokenHash: await hashToken(session), expiresAtMs: expiresAtMs + CLOCK_TOLERANCE_MS };
  try {
    await endSession(c.get("services").operatorsDb, ended, newEntry(operator, "sign_out", null));
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    return c.redirect(signInAt("still_open", null), 303);
  }
  return c.redirect(SIGN_IN, 303);
}

/** Empty for anything but such a form. */
async function readPosted(c: AppContext): Promise<URLSearchParams> {
  try {
    const form = await readBody(c.req.raw, MAX_FORM_BYTES, FORM_TIMEOUT_MS, c.get("reservation"));
    return new URLSearchParams(decodeUtf8(form) ?? "");
  } catch (error) {
    if (
      error instanceof OutboundTooLarge ||
      error instanceof TimeoutError ||
      error instanceof OutboundOverBudget
    )
      return new URLSearchParams();
    throw error;
  }
}

function refuse(c: AppContext, reason: AuthReason | null, error: SignInError, next: string): Response {
  if (reason !== null) log({ event: "operator.refused", request_id: c.get("requestId"), reason });
  c.get("notes").outcome = "unauthorized";
  return c.redirect(signInAt(error, next), 303);
}

function toSignInError(reason: AuthReason): SignInError {
  if (reason === "scope.missing") return "scope";
  if (reason === "operator.off") return "off";
  if (reason === "operator.issuer") return "issuer";
  if (reason === "token.expired") return "expired";
  return reason.startsWith("keys.") ? "unavailable" : "invalid";
}
