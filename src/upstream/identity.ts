// How the gateway presents itself and its caller to the upstream.
// `gateway`: a one-minute JWT signed here, so the upstream trusts one issuer and never sees a caller's token.
// `caller`: the caller's own token, for an upstream that already checks those.
import { importJWK, SignJWT } from "jose";
import type { Caller } from "../auth/caller.ts";
import type { Jwk, Settings } from "../settings.ts";

const TOKEN_SECONDS = 60;
const AUDIENCE = "actions-upstream";

type IdentitySettings = Pick<Settings, "upstreamAuth" | "signingKeys">;

/** The `Authorization` header for one request on a caller's behalf. */
export async function upstreamAuthorization(
  settings: IdentitySettings,
  publicUrl: string,
  caller: Caller,
  nowMs: number,
): Promise<string> {
  if (settings.upstreamAuth === "caller") return `Bearer ${caller.token}`;
  const [signingKey] = settings.signingKeys;
  if (signingKey === undefined) throw new Error("no signing key");
  const issuedAt = Math.floor(nowMs / 1000);
  const token = await new SignJWT({
    scope: caller.scopes.join(" "),
    billing: caller.billing,
    // RFC 9493: two issuers may know the same subject, and they are two users.
    sub_id: { format: "iss_sub", iss: caller.issuer, sub: caller.subject },
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid: signingKey.kid ?? "" })
    .setIssuer(publicUrl)
    .setAudience(AUDIENCE)
    .setSubject(caller.subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(await privateKeyOf(signingKey));
  return `Bearer ${token}`;
}

/** The public halves of the signing keys, as /.well-known/jwks.json shows them (RFC 7517, RFC 8037). */
export function publicKeys(signingKeys: readonly Jwk[]): object[] {
  return signingKeys.map(({ kid, x }) => ({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid, x }));
}

const imported = new WeakMap<Jwk, Promise<CryptoKey>>();

function privateKeyOf(jwk: Jwk): Promise<CryptoKey> {
  const known = imported.get(jwk) ?? importPrivateKey(jwk);
  imported.set(jwk, known);
  return known;
}

async function importPrivateKey({ x, d }: Jwk): Promise<CryptoKey> {
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: x ?? "", d: d ?? "" }, "EdDSA");
  if (key instanceof Uint8Array) throw new Error("the signing key is not asymmetric");
  return key;
}
