// Which key of an issuer's set a token may be verified with: exactly one, or none. Members of a JWK come from outside
// and may hold anything, whatever their declared type says; each is checked before it counts. jose has the same
// choice, but bound to its own fetch.

import { base64url } from "jose";
import { ALGORITHMS, type Jwk } from "../platform/settings-keys.ts";
import type { TokenHeader } from "./token-form.ts";

export type KeyChoice =
  | { kind: "key"; key: Jwk }
  /** The token names a key that is not (or not usably) in the set: the only refusal that a newer set may cure. */
  | { kind: "unknown_kid" }
  | { kind: "no_usable_key" }
  | { kind: "ambiguous_key" };

const MIN_RSA_BITS = 2048;

export function chooseKey(keys: readonly Jwk[], { alg, kid }: TokenHeader): KeyChoice {
  const candidates = keys.filter((key) => (kid === null || key.kid === kid) && isUsable(key, alg));
  const [key, second] = candidates;
  if (second !== undefined) return { kind: "ambiguous_key" };
  if (key !== undefined) return { kind: "key", key };
  return { kind: kid === null ? "no_usable_key" : "unknown_kid" };
}

type Unchecked = { readonly [member in keyof Jwk]?: unknown };

function isUsable(key: Unchecked, alg: string): boolean {
  const type = ALGORITHMS.get(alg);
  if (type === undefined || key.kty !== type.kty || (key.crv ?? null) !== type.crv) return false;
  return isPublic(key) && isMeantFor(key, alg) && (type.kty !== "RSA" || rsaBits(key.n) >= MIN_RSA_BITS);
}

function isPublic(key: Unchecked): boolean {
  return key.d === undefined && key.k === undefined;
}

function isMeantFor({ alg, use, key_ops: operations }: Unchecked, wanted: string): boolean {
  if (alg !== undefined && alg !== wanted && !(isEd25519(alg) && isEd25519(wanted))) return false;
  if (use !== undefined && use !== "sig") return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

/** RFC 9864 gives the algorithm its own name; key sets and tokens in use have either. */
function isEd25519(alg: unknown): boolean {
  return alg === "EdDSA" || alg === "Ed25519";
}

function rsaBits(modulus: unknown): number {
  if (typeof modulus !== "string" || !/^[\w-]+$/.test(modulus) || modulus.length % 4 === 1) return 0;
  const bytes = base64url.decode(modulus);
  const first = bytes.findIndex((byte) => byte !== 0);
  const top = bytes[first];
  return top === undefined ? 0 : (bytes.length - first) * 8 - (Math.clz32(top) - 24);
}
