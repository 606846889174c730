// Who is an operator: a person whom Cloudflare Access let through, as its own token in the request says, or a person
// with a token of one of the callers' issuers that has the operators' scope. Either is verified as any caller's token
// is. A request is judged by one of them alone, the Authorization header before Access before the session: a bad one is
// refused, whatever else the request carries. `by` tells what the request proved itself with: only a header of its own
// is proof that no other site made the browser send it.
import type { Issuer, Settings } from "../platform/settings.ts";
import { readBearer } from "./bearer.ts";
import { parseScopes } from "./caller.ts";
import {
  denied,
  missingScope,
  type Refusal,
  refuseBearer,
  refuseToken,
  unauthenticated,
} from "./refusals.ts";
import { type TokenDeps, verifyToken } from "./token.ts";

/** `via`: how the request proved itself. A session is a token in the console's cookie. */
export type Operator = { name: string; via: "access" | "authorization" | "session" };

export type OperatorVerdict = { kind: "operator"; operator: Operator } | Refusal;

export type OperatorDeps = TokenDeps & {
  settings: Pick<Settings, "issuers" | "access" | "operatorScope">;
};

const NO_TOKEN = "An operator's token is required.";

export async function authenticateOperator(
  headers: Headers,
  session: string | null,
  deps: OperatorDeps,
): Promise<OperatorVerdict> {
  const { access, operatorScope } = deps.settings;
  if (access === null && operatorScope === null) return denied("operator.off", "Sign-in is not set up here.");
  if (headers.has("authorization")) return byAuthorization(headers, deps);
  const assertion = headers.get("cf-access-jwt-assertion");
  if (access !== null && assertion !== null) return byAccess(assertion, access, deps);
  if (session === null) return unauthenticated("operator.missing", NO_TOKEN, "Bearer");
  return verifyHolder(session, "session", deps);
}

/** Whose token it is, for signing in with it; `expiresAtMs` is its own word. */
export async function verifyHolder(
  token: string,
  via: "authorization" | "session",
  deps: OperatorDeps,
): Promise<{ kind: "operator"; operator: Operator; expiresAtMs: number } | Refusal> {
  const { issuers, operatorScope } = deps.settings;
  if (operatorScope === null) return denied("operator.off", "Tokens do not open the console here.");
  const verdict = await verifyToken(token, issuers, deps);
  if (verdict.kind !== "verified") return refuseToken(verdict, NO_TOKEN);
  const { issuer, subject, claims } = verdict;
  if (!issuer.hasOperators) return denied("operator.issuer", "The token's issuer names no operators.");
  if (!parseScopes(claims["scope"]).includes(operatorScope)) return missingScope(operatorScope);
  const name = issuers.length > 1 ? `${subject} (${issuer.issuer})` : subject;
  const expiresAtMs = Math.ceil(Number(claims["exp"]) * 1000);
  return { kind: "operator", operator: { name, via }, expiresAtMs };
}

async function byAuthorization(headers: Headers, deps: OperatorDeps): Promise<OperatorVerdict> {
  const bearer = readBearer(headers);
  if (bearer.kind !== "token") return refuseBearer(bearer, NO_TOKEN);
  return verifyHolder(bearer.token, "authorization", deps);
}

// Whom Access lets in is its own policy's to say.
async function byAccess(assertion: string, access: Issuer, deps: OperatorDeps): Promise<OperatorVerdict> {
  const verdict = await verifyToken(assertion, [access], deps);
  if (verdict.kind !== "verified") return refuseToken(verdict, NO_TOKEN);
  return { kind: "operator", operator: { name: verdict.subject, via: "access" } };
}
