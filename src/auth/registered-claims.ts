// The registered claims of RFC 7519, judged after the signature held. Clocks may differ by 30 seconds either way.

import type { Issuer } from "../platform/settings.ts";
import type { Claims } from "./token-form.ts";

export type RegisteredClaimReason =
  | "token.bad_exp"
  | "token.expired"
  | "token.bad_nbf"
  | "token.not_yet_valid"
  | "token.bad_iat"
  | "token.issued_ahead"
  | "token.wrong_audience"
  | "token.bad_subject";

export type RegisteredClaims =
  | { kind: "good"; subject: string }
  | { kind: "invalid"; reason: RegisteredClaimReason };

const CLOCK_TOLERANCE_MS = 30_000;
const MAX_SUBJECT_CHARACTERS = 1024;

/** Of the issuer's `subjectClaims` the first that is there and not empty names the subject. */
export function checkRegisteredClaims(
  claims: Claims,
  { audience, subjectClaims = ["sub"] }: Pick<Issuer, "audience" | "subjectClaims">,
  nowMs: number,
): RegisteredClaims {
  const reason = faultInTimes(claims, nowMs);
  if (reason !== null) return { kind: "invalid", reason };
  const { aud } = claims;
  if (aud !== audience && !(Array.isArray(aud) && aud.includes(audience)))
    return { kind: "invalid", reason: "token.wrong_audience" };
  const sub = subjectClaims.map((name) => claims[name]).find((value) => value !== undefined && value !== "");
  if (typeof sub !== "string" || sub.length > MAX_SUBJECT_CHARACTERS)
    return { kind: "invalid", reason: "token.bad_subject" };
  return { kind: "good", subject: sub };
}

function faultInTimes({ exp, nbf, iat }: Claims, nowMs: number): RegisteredClaimReason | null {
  if (!isSeconds(exp)) return "token.bad_exp";
  if (exp * 1000 + CLOCK_TOLERANCE_MS <= nowMs) return "token.expired";
  if (nbf !== undefined && !isSeconds(nbf)) return "token.bad_nbf";
  if (isAhead(nbf, nowMs)) return "token.not_yet_valid";
  if (iat !== undefined && !isSeconds(iat)) return "token.bad_iat";
  return isAhead(iat, nowMs) ? "token.issued_ahead" : null;
}

/** Whole seconds only: a fraction, or 1e400 (which parses to Infinity), is no time that an issuer means. */
function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isAhead(seconds: number | undefined, nowMs: number): boolean {
  return seconds !== undefined && seconds * 1000 > nowMs + CLOCK_TOLERANCE_MS;
}
