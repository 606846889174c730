// Signing in with a token, and out. What is wrong with one is said to the page in its query, by a name: nothing of what
// was sent is shown again.
import { verifyHolder } from "../../auth/operator.ts";
import type { AuthReason } from "../../auth/refusals.ts";
import type { AppContext } from "../../http/context.ts";
import { authDeps } from "../../http/middleware/require-caller.ts";
import { audited, newEntry } from "../../operators/audit.ts";
import { decodeUtf8 } from "../../platform/json.ts";
import { log } from "../../platform/observability/log.ts";
import { OutboundOverBudget, OutboundTooLarge, readBody } from "../../platform/outbound/read-body.ts";
import { TimeoutError } from "../../platform/timeout.ts";
import { buildFrame, render } from "../shell/render.tsx";
import { SIGN_IN } from "../shell/require-operator.ts";
import { beginSession, endSession, fitsSession } from "../shell/session.ts";
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
    />,
  );
}

export async function signIn(c: AppContext): Promise<Response> {
  const token = await postedToken(c);
  const holder = await c.get("stopwatch").time("auth", verifyHolder(token, "session", authDeps(c)));
  if (holder.kind === "refused") return refuse(c, holder.reason, toSignInError(holder.reason));
  if (!fitsSession(token)) return refuse(c, "token.too_large", "too_long");
  try {
    const noted = newEntry(holder.operator, "sign_in", null);
    await audited(c.get("services").operatorsDb, noted, async () => ({ kind: "done" }));
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    return refuse(c, null, "unavailable");
  }
  beginSession(c, token, holder.expiresAtMs);
  c.get("notes").outcome = "signed_in";
  return c.redirect("/console", 303);
}

export function signOut(c: AppContext): Response {
  endSession(c);
  c.get("notes").outcome = "signed_out";
  return c.redirect(SIGN_IN, 303);
}

/** The form's field, without the blanks that came along when it was pasted; empty for anything but such a form. */
async function postedToken(c: AppContext): Promise<string> {
  try {
    const form =
      decodeUtf8(await readBody(c.req.raw, MAX_FORM_BYTES, FORM_TIMEOUT_MS, c.get("reservation"))) ?? "";
    return new URLSearchParams(form).get("token")?.trim() ?? "";
  } catch (error) {
    if (
      error instanceof OutboundTooLarge ||
      error instanceof TimeoutError ||
      error instanceof OutboundOverBudget
    )
      return "";
    throw error;
  }
}

function refuse(c: AppContext, reason: AuthReason | null, error: SignInError): Response {
  if (reason !== null) log({ event: "operator.refused", request_id: c.get("requestId"), reason });
  c.get("notes").outcome = "unauthorized";
  return c.redirect(`${SIGN_IN}?error=${error}`, 303);
}

function toSignInError(reason: AuthReason): SignInError {
  if (reason === "scope.missing") return "scope";
  if (reason === "operator.off") return "off";
  if (reason === "operator.issuer") return "issuer";
  return reason.startsWith("keys.") ? "unavailable" : "invalid";
}
