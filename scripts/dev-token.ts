import { importJWK, SignJWT } from "jose";
import { DEV_AUDIENCE, DEV_ISSUER, issuerKey } from "./dev-keys.ts";

export type TokenRequest = {
  sub: string;
  scope: string;
  expiresSeconds: number;
  /** Further claims, and overrides of those above. */
  claims: Record<string, unknown>;
};

/** One token of the development issuer. */
export async function devToken({ sub, scope, expiresSeconds, claims }: TokenRequest): Promise<string> {
  const jwk = await issuerKey();
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: DEV_ISSUER,
    aud: DEV_AUDIENCE,
    sub,
    scope,
    iat: now,
    exp: now + expiresSeconds,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: jwk.alg ?? "", typ: "JWT", kid: jwk.kid ?? "" })
    .sign(await importJWK(jwk));
}
