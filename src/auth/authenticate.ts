// Who is calling: the header, the token, the scope and the claims, put together. One bland sentence answers every bad
// token, so that a forger learns nothing; what was wrong goes to the log as `reason`. A refused request has no user
// yet, so it touches no user's quota.

import type { Sender } from "../platform/outbound/guard.ts";
import type { Settings } from "../platform/settings.ts";
import { type BearerReason, readBearer } from "./bearer.ts";
import type { Caller } from "./caller.ts";
import { parseBilling, parseRateLimit, parseScopes } from "./claims.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import type { KeySetFailure } from "./key-set.ts";
import { denied, INVALID_TOKEN, keysUnavailable, type Refusal, unauthenticated } from "./refusals.ts";
import { checkRegisteredClaims } from "./registered-claims.ts";
import { type TokenReason, type TokenVerdict, verifyToken } from "./token.ts";
import { buildUserKey } from "./user-key.ts";
import type { VerifiedTokens } from "./verified-tokens.ts";

export type AuthReason =
  | BearerReason
  | TokenReason
  | `keys.${KeySetFailure}`
  | "scope.missing"
  | "claim.rate_limit"
  | "claim.billing";

export type Authentication = { kind: "caller"; caller: Caller } | Refusal<AuthReason>;

export type AuthDeps = {
  settings: Pick<Settings, "issuers" | "requiredScope">;
  issuerKeys: IssuerKeys;
  verifiedTokens: VerifiedTokens;
  kv: KVNamespace;
  sender: Sender;
  nowMs: number;
  waitUntil: (promise: Promise<unknown>) => void;
};

const NO_TOKEN = "A valid bearer token is required.";

export async function authenticate(headers: Headers, deps: AuthDeps): Promise<Authentication> {
  const bearer = readBearer(headers);
  if (bearer.kind === "none") return unauthenticated(bearer.reason, "Bearer", NO_TOKEN);
  if (bearer.kind === "bad") return unauthenticated(bearer.reason, INVALID_TOKEN, NO_TOKEN);
  const known = await knownCaller(bearer.token, deps);
  if (known !== null) return { kind: "caller", caller: known };
  const verdict = await verifyToken(
    bearer.token,
    deps.settings.issuers,
    (issuer, header) => deps.issuerKeys.find(issuer, header, deps),
    deps.nowMs,
  );
  if (verdict.kind === "invalid") return unauthenticated(verdict.reason, INVALID_TOKEN, NO_TOKEN);
  if (verdict.kind === "keys_unavailable") return keysUnavailable(verdict.failure, verdict.retryAfterMs);
  return admit(verdict, bearer.token, deps);
}

type Verified = Extract<TokenVerdict, { kind: "verified" }>;

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
  const { issuer, subject, claims, header, key } = verified;
  const scopes = parseScopes(claims["scope"]);
  if (scopes === null || !scopes.includes(requiredScope))
    return denied(`The token needs the scope "${requiredScope}".`, "scope.missing");
  const rateLimit = parseRateLimit(claims["rate_limit"]);
  if (rateLimit === null) return denied("The token's rate_limit claim is malformed.", "claim.rate_limit");
  const billing = parseBilling(claims["billing"]);
  if (billing === null) return denied("The token's billing claim is malformed.", "claim.billing");
  const userKey = await buildUserKey(issuer.issuer, subject);
  const caller = { issuer: issuer.issuer, subject, userKey, scopes, rateLimit, billing, token };
  verifiedTokens.put(token, { issuer, header, key, claims, requiredScope, caller });
  return { kind: "caller", caller };
}
