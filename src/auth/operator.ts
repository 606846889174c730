// Who is an operator: a person whom Cloudflare Access let through, as its own token in the request says, or a person
// with a token of one of the callers' issuers that has the operators' scope. Either is verified as any caller's token
// is. A request is judged by one of them alone, the Authorization header before Access before the session: a bad one is
// refused, whatever else the request carries. `by` tells what the request proved itself with: only a header of its own
// is proof that no other site made the browser send it.
import type { Settings } from "../platform/settings.ts";
import type { AuthDeps, AuthReason } from "./authenticate.ts";
import { readBearer } from "./bearer.ts";
import { parseScopes } from "./claims.ts";
import { denied, INVALID_TOKEN, keysUnavailable, type Refusal, unauthenticated } from "./refusals.ts";
import { type TokenVerdict, verifyToken } from "./token.ts";

export type Operator = { name: string; via: "access" | "token" };

export type OperatorReason = AuthReason | "operator.missing" | "operator.off";

export type OperatorVerdict =
  | { kind: "operator"; operator: Operator; by: "authorization" | "access" | "session" }
  | Refused;

export type OperatorDeps = Omit<AuthDeps, "settings" | "verifiedTokens"> & {
  settings: Pick<Settings, "issuers" | "access" | "operatorScope">;
};

type Refused = Refusal<OperatorReason>;
type Verified = Extract<TokenVerdict, { kind: "verified" }>;

export async function authenticateOperator(
  headers: Headers,
  session: string | null,
  deps: OperatorDeps,
): Promise<OperatorVerdict> {
  const { access, operatorScope } = deps.settings;
  if (access === null && operatorScope === null) return OFF;
  if (headers.has("authorization")) return byAuthorization(headers, deps);
  const assertion = headers.get("cf-access-jwt-assertion");
  if (access !== null && assertion !== null) return byAccess(assertion, deps);
  if (session === null) return unauthenticated("operator.missing", "Bearer", NO_TOKEN);
  const holder = await verifyHolder(session, deps);
  return holder.kind === "refused" ? holder : { ...holder, by: "session" };
}

/** Whose token it is, for signing in with it; `expiresAtMs` is its own word. */
export async function verifyHolder(
  token: string,
  deps: OperatorDeps,
): Promise<{ kind: "operator"; operator: Operator; expiresAtMs: number } | Refused> {
  const { issuers, operatorScope } = deps.settings;
  if (operatorScope === null) return TOKENS_OFF;
  const verified = await verify(token, issuers, deps);
  if (verified.kind === "refused") return verified;
  const scopes = parseScopes(verified.claims["scope"]);
  if (scopes === null || !scopes.includes(operatorScope))
    return denied(`The token needs the scope "${operatorScope}".`, "scope.missing");
  const { issuer, subject } = verified;
  const name = issuers.length > 1 ? `${subject} (${issuer.issuer})` : subject;
  const expiresAtMs = Number(verified.claims["exp"]) * 1000;
  return { kind: "operator", operator: { name, via: "token" }, expiresAtMs };
}

async function byAuthorization(headers: Headers, deps: OperatorDeps): Promise<OperatorVerdict> {
  const bearer = readBearer(headers);
  if (bearer.kind !== "token")
    return unauthenticated(bearer.reason, bearer.kind === "none" ? "Bearer" : INVALID_TOKEN, NO_TOKEN);
  const holder = await verifyHolder(bearer.token, deps);
  return holder.kind === "refused" ? holder : { ...holder, by: "authorization" };
}

// Whom Access lets in is its own policy's to say.
async function byAccess(assertion: string, deps: OperatorDeps): Promise<OperatorVerdict> {
  const { access } = deps.settings;
  const verified = await verify(assertion, access === null ? [] : [access], deps);
  if (verified.kind === "refused") return verified;
  return { kind: "operator", operator: { name: verified.subject, via: "access" }, by: "access" };
}

async function verify(
  token: string,
  issuers: Settings["issuers"],
  deps: OperatorDeps,
): Promise<Verified | Refused> {
  const verdict = await verifyToken(
    token,
    issuers,
    (issuer, header) => deps.issuerKeys.find(issuer, header, deps),
    deps.nowMs,
  );
  if (verdict.kind === "invalid") return unauthenticated(verdict.reason, INVALID_TOKEN, NO_TOKEN);
  if (verdict.kind === "keys_unavailable") return keysUnavailable(verdict.failure, verdict.retryAfterMs);
  return verdict;
}

const NO_TOKEN = "An operator's token is required.";
const TOKENS_OFF: Refused = denied("Tokens do not open the console here.", "operator.off");
const OFF: Refused = denied("Sign-in is not set up here.", "operator.off");
