// The answers to callers and operators whose sign-in failed. They give no reason: it goes to the log.
import { type Problem, problem } from "../platform/errors.ts";
import type { Bearer, BearerReason } from "./bearer.ts";
import type { KeySetFailure } from "./key-set.ts";
import type { NotVerified, TokenReason } from "./token.ts";

export type AuthReason =
  | BearerReason
  | TokenReason
  | `keys.${KeySetFailure}`
  | "scope.missing"
  | "claim.rate_limit"
  | "claim.billing"
  | "operator.missing"
  | "operator.off"
  | "operator.issuer"
  | "operator.signed_out";

export type Refusal = { kind: "refused"; problem: Problem; reason: AuthReason };

/** `detail` is what the caller reads, here and below. */
export function refuseBearer(bearer: Exclude<Bearer, { kind: "token" }>, detail: string): Refusal {
  return unauthenticated(bearer.reason, detail, bearer.kind === "none" ? "Bearer" : INVALID_TOKEN);
}

export function refuseToken(verdict: NotVerified, detail: string): Refusal {
  if (verdict.kind === "invalid") return unauthenticated(verdict.reason, detail, INVALID_TOKEN);
  const retryAfterSeconds = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000));
  const unavailable = "Tokens cannot be verified at the moment.";
  return {
    kind: "refused",
    problem: problem("service_unavaiable", unavailable, { retryAfterSeconds }),
    reason: `keys.${verdict.failure}`,
  };
}

/** RFC 6750, section 3: with a token that is not good; without one the challenge is bare. */
const INVALID_TOKEN = 'Bearer error="invalid_token"';

export function unauthenticated(reason: AuthReason, detail: string, challenge: string): Refusal {
  const headers = { "WWW-Authenticate": challenge };
  return { kind: "refused", problem: problem("unauthenticated", detail, { headers }), reason };
}

export function missingScope(scope: string): Refusal {
  return denied("scope.missing", `The token needs the scope "${scope}".`);
}

export function denied(reason: AuthReason, detail: string): Refusal {
  return { kind: "refused", problem: problem("permission_denied", detail), reason };
}
