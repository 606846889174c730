// The answers to callers and operators whose sign-in failed. The body gives no reason: it goes to the log. The header of a
// 401 gives the reasons in `DESCRIPTIONS`: what the sender reads in the token without us, and what is judged only after the
// signature held. About keys and signatures it is silent, so that a forger does not learn how far a forgery came.
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
  return unauthenticated(
    bearer.reason,
    detail,
    bearer.kind === "none" ? "Bearer" : challengeFor(bearer.reason),
  );
}

export function refuseToken(verdict: NotVerified, detail: string): Refusal {
  if (verdict.kind === "invalid")
    return unauthenticated(verdict.reason, detail, challengeFor(verdict.reason));
  const retryAfterSeconds = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000));
  const unavailable = "Tokens cannot be verified at the moment.";
  return {
    kind: "refused",
    problem: problem("service_unavaiable", unavailable, { retryAfterSeconds }),
    reason: `keys.${verdict.failure}`,
  };
}

const MALFORMED = "The token is malformed.";
const NOT_YET = "The token is not valid yet.";
const DESCRIPTIONS: Partial<Record<AuthReason, string>> = {
  "bearer.several_headers": "One token is expected.",
  "bearer.white_space": MALFORMED,
  "token.too_large": MALFORMED,
  "token.not_compact": MALFORMED,
  "token.bad_header": MALFORMED,
  "token.critical_extension": MALFORMED,
  "token.bad_payload": MALFORMED,
  "token.unknown_issuer": "The token's issuer is not accepted here.",
  // The signature held.
  "token.bad_exp": "The token's exp is missing or malformed.",
  "token.expired": "The token has expired.",
  "token.bad_nbf": "The token's nbf is malformed.",
  "token.not_yet_valid": NOT_YET,
  "token.bad_iat": "The token's iat is malformed.",
  "token.issued_ahead": NOT_YET,
  "token.wrong_audience": "The token is for another audience.",
  "token.bad_subject": "The token names no subject.",
};

/** RFC 6750, section 3: for a token that is not good; without one the challenge is bare. */
function challengeFor(reason: AuthReason): string {
  const description = DESCRIPTIONS[reason];
  const error = 'Bearer error="invalid_token"';
  return description === undefined ? error : `${error}, error_description="${description}"`;
}

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
