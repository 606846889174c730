// A token, from its text to a verified (issuer, subject) pair. The order is the security argument: size, form, issuer,
// algorithm, key of that issuer alone, signature, and only then what the claims say. Reasons are for the log; to a
// caller every refusal looks the same.

import type { Issuer, Jwk } from "../platform/settings.ts";
import type { KeyLookup } from "./key-cache.ts";
import type { KeySetFailure } from "./key-set.ts";
import { checkRegisteredClaims, type RegisteredClaimReason } from "./registered-claims.ts";
import { checkSignature } from "./signature-check.ts";
import { type Claims, type FormReason, readForm, type TokenHeader } from "./token-form.ts";

export type TokenReason =
  | FormReason
  | RegisteredClaimReason
  | "token.unknown_issuer"
  | "token.alg_not_allowed"
  | "token.unknown_kid"
  | "token.no_usable_key"
  | "token.ambiguous_key"
  | "token.unusable_key"
  | "token.bad_signature";

export type TokenVerdict =
  | { kind: "verified"; issuer: Issuer; subject: string; claims: Claims; header: TokenHeader; key: Jwk }
  | { kind: "invalid"; reason: TokenReason }
  | { kind: "keys_unavailable"; issuer: string; retryAfterMs: number; failure: KeySetFailure };

/** Looks for a key of this one issuer. */
export type FindKey = (issuer: Issuer, header: TokenHeader) => Promise<KeyLookup>;

export async function verifyToken(
  raw: string,
  issuers: readonly Issuer[],
  findKey: FindKey,
  nowMs: number,
): Promise<TokenVerdict> {
  const form = readForm(raw);
  if (form.kind === "invalid") return form;
  const issuer = issuers.find((candidate) => candidate.issuer === form.claims["iss"]);
  if (issuer === undefined) return invalid("token.unknown_issuer");
  if (!issuer.algorithms.includes(form.header.alg)) return invalid("token.alg_not_allowed");
  const found = await findKey(issuer, form.header);
  switch (found.kind) {
    case "key":
      break;
    case "unavailable":
      return { ...found, kind: "keys_unavailable", issuer: issuer.issuer };
    case "unknown_kid":
    case "no_usable_key":
    case "ambiguous_key":
      return invalid(`token.${found.kind}`);
  }
  const signature = await checkSignature(raw, found.key, form.header.alg);
  if (signature !== "holds")
    return invalid(signature === "broken" ? "token.bad_signature" : "token.unusable_key");
  const { header, claims } = form;
  const checked = checkRegisteredClaims(claims, issuer, nowMs);
  if (checked.kind === "invalid") return checked;
  return { kind: "verified", issuer, subject: checked.subject, claims, header, key: found.key };
}

function invalid(reason: TokenReason): TokenVerdict {
  return { kind: "invalid", reason };
}
