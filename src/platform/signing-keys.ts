// The gateway's own Ed25519 keys (SIGNING_KEYS). The first signs callbacks and the tokens sent upstream, all are
// published: rotation is to publish, wait, sign, wait, and remove (docs/operations.md). Private halves go into
// WebCrypto and nowhere else.
import { importJWK } from "jose";
import type { Jwk } from "./settings.ts";

export type SigningKey = { kid: string; privateKey: CryptoKey };

/** The key that signs. */
export async function importSigningKey(signingKeys: readonly Jwk[]): Promise<SigningKey> {
  const [jwk] = signingKeys;
  if (jwk === undefined) throw new Error("no signing key");
  return { kid: jwk.kid ?? "", privateKey: await findPrivateKey(jwk) };
}

/** The public halves, as /.well-known/jwks.json shows them (RFC 7517, RFC 8037). */
export function publicKeys(signingKeys: readonly Jwk[]): object[] {
  return signingKeys.map(({ kid, x }) => ({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid, x }));
}

/** Throws when a key's published half does not verify what its private half signs: then no receiver believes any callback. */
export async function checkSigningKeys(signingKeys: readonly Jwk[]): Promise<void> {
  const text = new TextEncoder().encode("edge-actions");
  for (const jwk of signingKeys) {
    const signature = await crypto.subtle.sign("Ed25519", await findPrivateKey(jwk), text);
    const published = { kty: "OKP", crv: "Ed25519", x: jwk.x ?? "" };
    const key = await crypto.subtle.importKey("jwk", published, "Ed25519", false, ["verify"]);
    if (!(await crypto.subtle.verify("Ed25519", key, signature, text)))
      throw new Error(`the halves of the signing key ${jwk.kid ?? ""} do not belong together`);
  }
}

const imported = new WeakMap<Jwk, Promise<CryptoKey>>();

function findPrivateKey(jwk: Jwk): Promise<CryptoKey> {
  const known = imported.get(jwk) ?? importPrivateKey(jwk);
  imported.set(jwk, known);
  return known;
}

async function importPrivateKey({ x, d }: Jwk): Promise<CryptoKey> {
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: x ?? "", d: d ?? "" }, "EdDSA");
  if (key instanceof Uint8Array) throw new Error("the signing key is not asymmetric");
  return key;
}
