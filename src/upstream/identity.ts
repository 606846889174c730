// How the gateway presents itself and its caller to the upstream.
// `gateway`: a one-minute JWT signed here, so the upstream trusts one issuer and never sees a caller's token.
// `caller`: the caller's own token, for an upstream that already checks those.
import { SignJWT } from "jose";
import type { Caller } from "../auth/caller.ts";
import type { Jwk, Settings } from "../platform/settings.ts";
import { importSigningKey } from "../platform/signing-keys.ts";

const TOKEN_SECONDS = 60;
/** Leaves more than half of its minute to the last request that carries it. */
const REUSED_MS = 25_000;
const AUDIENCE = "actions-upstream";

type IdentitySettings = Pick<Settings, "upstreamAuth" | "upstreamToken" | "signingKeys">;

/** On whose behalf a request is made. */
export type Principal = Pick<Caller, "issuer" | "subject" | "scopes" | "billing">;

/** The `Authorization` header for one request on a caller's behalf. */
export async function upstreamAuthorization(
  settings: IdentitySettings,
  publicUrl: string,
  caller: Caller,
  nowMs: number,
): Promise<string> {
  if (settings.upstreamAuth === "caller") return `Bearer ${caller.token}`;
  const [key] = settings.signingKeys;
  const known = signedFor.get(caller);
  const isGood = known?.key === key && known?.publicUrl === publicUrl;
  // A clock that stepped back makes it one that is not yet valid.
  if (known !== undefined && isGood && known.atMs <= nowMs && nowMs < known.atMs + REUSED_MS)
    return known.authorization;
  const authorization = await gatewayAuthorization(settings, publicUrl, caller, nowMs);
  signedFor.set(caller, { authorization, key, publicUrl, atMs: nowMs });
  return authorization;
}

/** A caller that a known token stands for is the same object at each of its requests. */
const signedFor = new WeakMap<Caller, Signed>();

type Signed = { authorization: string; key: Jwk | undefined; publicUrl: string; atMs: number };

/** The same when no caller is there any more, and so no token of one. */
export async function backgroundAuthorization(
  settings: IdentitySettings,
  publicUrl: string,
  principal: Principal,
  nowMs: number,
): Promise<string> {
  if (settings.upstreamAuth === "caller" && settings.upstreamToken !== null)
    return `Bearer ${settings.upstreamToken}`;
  return gatewayAuthorization(settings, publicUrl, principal, nowMs);
}

async function gatewayAuthorization(
  { signingKeys }: IdentitySettings,
  publicUrl: string,
  { issuer, subject, scopes, billing }: Principal,
  nowMs: number,
): Promise<string> {
  const { kid, privateKey } = await importSigningKey(signingKeys);
  const issuedAt = Math.floor(nowMs / 1000);
  const token = await new SignJWT({
    scope: scopes.join(" "),
    billing,
    // RFC 9493: two issuers may know the same subject, and they are two users.
    sub_id: { format: "iss_sub", iss: issuer, sub: subject },
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid })
    .setIssuer(publicUrl)
    .setAudience(AUDIENCE)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(privateKey);
  return `Bearer ${token}`;
}
