// The one place where a signature is checked: jose does it, with a key that key-choice.ts picked. Only the public
// members of a JWK reach WebCrypto, so that `ext`, `key_ops` or a stray member cannot change what is imported.

import { compactVerify, errors, importJWK } from "jose";
import type { Jwk } from "../platform/settings.ts";

export type SignatureCheck = "holds" | "broken" | "unusable_key";

/** By JWK object and algorithm; null: WebCrypto will not have it. An import costs more than the check itself. */
const imported = new WeakMap<Jwk, Map<string, CryptoKey | null>>();

export async function checkSignature(raw: string, jwk: Jwk, alg: string): Promise<SignatureCheck> {
  const key = await importOnce(jwk, alg);
  if (key === null) return "unusable_key";
  try {
    await compactVerify(raw, key, { algorithms: [alg] });
    return "holds";
  } catch (error) {
    if (error instanceof errors.JOSEError) return "broken";
    throw error;
  }
}

async function importOnce(jwk: Jwk, alg: string): Promise<CryptoKey | null> {
  const byAlg = imported.get(jwk) ?? new Map<string, CryptoKey | null>();
  imported.set(jwk, byAlg);
  const known = byAlg.get(alg);
  if (known !== undefined) return known;
  const key = await importPublic(jwk, alg);
  byAlg.set(alg, key);
  return key;
}

async function importPublic(jwk: Jwk, alg: string): Promise<CryptoKey | null> {
  try {
    const key = await importJWK(publicMembers(jwk), alg);
    return key instanceof Uint8Array ? null : key;
  } catch {
    // Which error a runtime throws for a point off its curve or a broken modulus is not specified. Whatever it is, the
    // key cannot verify anything, and its tokens are refused.
    return null;
  }
}

function publicMembers({ kty, crv, x, y, n, e }: Jwk): Partial<Jwk> & { kty: string } {
  return {
    kty,
    ...(crv !== undefined && { crv }),
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
    ...(n !== undefined && { n }),
    ...(e !== undefined && { e }),
  };
}
