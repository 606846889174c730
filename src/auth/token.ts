// A token, from its text to a verified (issuer, subject) pair. The order is the security argument: size, form, issuer,
// algorithm, key of that issuer alone, signature, and only then what the claims say. Reasons are for the log; what a
// caller hears of them is in refusals.ts.

import type { Issuer, Jwk } from "../platform/settings.ts";
import type { IssuerKeys, KeyIo, KeysUnavailable } from "./key-cache.ts";
import { checkSignature } from "./signature-check.ts";
import { type Claims, type FormReason, readForm, type TokenHeader } from "./token-form.ts";

export type TokenReason =
  | FormReason
  | "token.unknown_issuer"
  | "token.alg_not_allowed"
  | "token.unknown_kid"
  | "token.no_usable_key"
  | "token.ambiguous_key"
  | "token.unusable_key"
  | "token.bad_signature"
  | "token.bad_exp"
  | "token.expired"
  | "token.bad_nbf"
  | "token.not_yet_valid"
  | "token.bad_iat"
  | "token.issued_ahead"
  | "token.wrong_audience"
  | "token.bad_subject";

export type Verified = {
  kind: "verified";
  issuer: Issuer;
  subject: string;
  claims: Claims;
  header: TokenHeader;
  key: Jwk;
};

type Invalid = { kind: "invalid"; reason: TokenReason };
export type NotVerified = Invalid | KeysUnavailable;

/** What a verification takes, beside the token and its issuers. */
export type TokenDeps = KeyIo & { issuerKeys: IssuerKeys };

export async function verifyToken(
  raw: string,
  issuers: readonly Issuer[],
  deps: TokenDeps,
): Promise<Verified | NotVerified> {
  const form = readForm(raw);
  if (form.kind === "invalid") return form;
  const { header, claims } = form;
  const issuer = issuers.find((candidate) => candidate.issuer === claims["iss"]);
  if (issuer === undefined) return invalid("token.unknown_issuer");
  if (!issuer.algorithms.includes(header.alg)) return invalid("token.alg_not_allowed");
  const found = await deps.issuerKeys.find(issuer, header, deps);
  if (found.kind === "keys_unavailable") return found;
  if (found.kind !== "key") return invalid(`token.${found.kind}`);
  const signature = await checkSignature(raw, found.key, header.alg);
  if (signature !== "holds")
    return invalid(signature === "broken" ? "token.bad_signature" : "token.unusable_key");
  const checked = checkRegisteredClaims(claims, issuer, deps.nowMs);
  if (checked.kind === "invalid") return checked;
  return { kind: "verified", issuer, subject: checked.subject, claims, header, key: found.key };
}

/** Clocks may differ by this much, either way. */
export const CLOCK_TOLERANCE_MS = 30_000;
const MAX_SUBJECT_CHARACTERS = 1024;

/**
 * The registered claims of RFC 7519, judged after the signature held. Of the issuer's `subjectClaims` the first that is
 * there and not empty names the subject.
 */
export function checkRegisteredClaims(
  claims: Claims,
  { audience, subjectClaims = ["sub"] }: Issuer,
  nowMs: number,
): { kind: "good"; subject: string } | Invalid {
  const reason = faultInTimes(claims, nowMs);
  if (reason !== null) return invalid(reason);
  const { aud } = claims;
  if (aud !== audience && !(Array.isArray(aud) && aud.includes(audience)))
    return invalid("token.wrong_audience");
  const sub = subjectClaims.map((name) => claims[name]).find((value) => value !== undefined && value !== "");
  if (typeof sub !== "string" || sub.length > MAX_SUBJECT_CHARACTERS) return invalid("token.bad_subject");
  return { kind: "good", subject: sub };
}

function faultInTimes({ exp, nbf, iat }: Claims, nowMs: number): TokenReason | null {
  if (!isSeconds(exp)) return "token.bad_exp";
  if (exp * 1000 + CLOCK_TOLERANCE_MS <= nowMs) return "token.expired";
  if (nbf !== undefined && !isSeconds(nbf)) return "token.bad_nbf";
  if (isAhead(nbf, nowMs)) return "token.not_yet_valid";
  if (iat !== undefined && !isSeconds(iat)) return "token.bad_iat";
  return isAhead(iat, nowMs) ? "token.issued_ahead" : null;
}

/** RFC 7519: a NumericDate may have a fraction. What is beyond exact numbers, as 1e400 is, is no time that an issuer means. */
function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function isAhead(seconds: number | undefined, nowMs: number): boolean {
  return seconds !== undefined && seconds * 1000 > nowMs + CLOCK_TOLERANCE_MS;
}

function invalid(reason: TokenReason): Invalid {
  return { kind: "invalid", reason };
}
