// Who is calling: the header, the token, the scope and the claims, put together. One bland sentence answers every bad
// token, and the header says more only where that helps no forger; what was wrong goes to the log as `reason`. A refused
// request has no user yet, so it touches no user's quota.

import type { Settings } from "../platform/settings.ts";
import { readBearer } from "./bearer.ts";
import { buildUserKey, type Caller, parseBilling, parseRateLimit, parseScopes } from "./caller.ts";
import { denied, missingScope, type Refusal, refuseBearer, refuseToken } from "./refusals.ts";
import { checkRegisteredClaims, type TokenDeps, type Verified, verifyToken } from "./token.ts";
import type { VerifiedTokens } from "./verified-tokens.ts";

export type Authentication = { kind: "caller"; caller: Caller } | Refusal;

export type AuthDeps = TokenDeps & {
  settings: Pick<Settings, "issuers" | "requiredScope">;
  verifiedTokens: VerifiedTokens;
};

const NO_TOKEN = "A valid bearer token is required.";

export async function authenticate(headers: Headers, deps: AuthDeps): Promise<Authentication> {
  const bearer = readBearer(headers);
  if (bearer.kind !== "token") return refuseBearer(bearer, NO_TOKEN);
  const known = await knownCaller(bearer.token, deps);
  if (known !== null) return { kind: "caller", caller: known };
  const verdict = await verifyToken(bearer.token, deps.settings.issuers, deps);
  if (verdict.kind !== "verified") return refuseToken(verdict, NO_TOKEN);
  return admit(verdict, bearer.token, deps);
}

/** Null when the token has to be verified. */
async function knownCaller(token: string, deps: AuthDeps): Promise<Caller | null> {
  const { settings, issuerKeys, verifiedTokens, nowMs } = deps;
  const known = verifiedTokens.get(token);
  if (known === null) return null;
  const { issuer, header, key, claims, requiredScope, caller } = known;
  const isTrusted = settings.issuers.includes(issuer) && settings.requiredScope === requiredScope;
  if (isTrusted && checkRegisteredClaims(claims, issuer, nowMs).kind === "good") {
    const found = await issuerKeys.find(issuer, header, deps);
    if (found.kind === "key" && found.key === key) return caller;
  }
  verifiedTokens.forget(token);
  return null;
}

async function admit(
  verified: Verified,
  token: string,
  { settings: { requiredScope }, verifiedTokens }: AuthDeps,
): Promise<Authentication> {
  const { subject, claims } = verified;
  const { issuer } = verified.issuer;
  const scopes = parseScopes(claims["scope"]);
  if (!scopes.includes(requiredScope)) return missingScope(requiredScope);
  const rateLimit = parseRateLimit(claims["rate_limit"]);
  if (rateLimit === null) return denied("claim.rate_limit", "The token's rate_limit claim is malformed.");
  const billing = parseBilling(claims["billing"]);
  if (billing === null) return denied("claim.billing", "The token's billing claim is malformed.");
  const userKey = await buildUserKey(issuer, subject);
  const caller = { issuer, subject, userKey, scopes, rateLimit, billing, token };
  verifiedTokens.put(token, { ...verified, requiredScope, caller });
  return { kind: "caller", caller };
}
