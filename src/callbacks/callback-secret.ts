// The secrets with which a user's receivers verify `v1` of Standard Webhooks: one of each signing key, derived from its
// private half and the user, so that none is stored and no user can compute another's. They change only when the signing
// keys do. All of them sign each callback: during a rotation, a receiver that has any of them accepts it.
import { base64url } from "jose";
import { sha256, toHex } from "../platform/hash.ts";
import type { Jwk } from "../platform/settings.ts";

/** A rotation needs two. Each takes 48 characters of `webhook-signature`. */
const MAX_SECRETS = 4;
const PURPOSE = "edge-actions callback secret v1";
/** Of each signing key, in an isolate. */
const MAX_KNOWN_USERS = 1000;

/** In the order of the signing keys: the first one is for new receivers. */
export function findCallbackSecrets(
  signingKeys: readonly Jwk[],
  userKey: string,
): Promise<readonly Uint8Array[]> {
  return Promise.all(signingKeys.slice(0, MAX_SECRETS).map((jwk) => findSecret(jwk, userKey)));
}

/** As the libraries of Standard Webhooks take it. */
export function formatCallbackSecret(secret: Uint8Array): string {
  return `whsec_${btoa(String.fromCharCode(...secret))}`;
}

/** By which a user and an operator can compare secrets without showing one. */
export async function buildSecretId(secret: Uint8Array): Promise<string> {
  return toHex(await sha256(formatCallbackSecret(secret))).slice(0, 8);
}

type KnownSecrets = Map<string, Promise<Uint8Array>>;

const known = new WeakMap<Jwk, KnownSecrets>();

function findSecret(jwk: Jwk, userKey: string): Promise<Uint8Array> {
  const byUser: KnownSecrets = known.get(jwk) ?? new Map();
  known.set(jwk, byUser);
  const secret = byUser.get(userKey) ?? deriveSecret(jwk, userKey);
  // The user that was asked for longest ago is the first one.
  byUser.delete(userKey);
  byUser.set(userKey, secret);
  const [oldest] = byUser.keys();
  if (byUser.size > MAX_KNOWN_USERS && oldest !== undefined) byUser.delete(oldest);
  return secret;
}

/** HKDF (RFC 5869). `userKey` stands for issuer and subject, and has always the same length. */
async function deriveSecret({ d }: Jwk, userKey: string): Promise<Uint8Array> {
  const privateHalf = base64url.decode(d ?? "");
  const key = await crypto.subtle.importKey("raw", privateHalf, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(`${PURPOSE} ${userKey}`);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, key, 256));
}
