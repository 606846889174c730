// Two proofs that a callback comes from this gateway and was not touched on its way, made afresh for every attempt:
// Standard Webhooks 1.0 with Ed25519 (`v1a`), and a JWT over the body's hash for receivers that have a JWT library. Both
// are made with the first signing key and verify against /.well-known/jwks.json.
// Ed25519 signs a message as a whole, so a callback whose body is streamed carries the JWT alone.
// The JWT says for which destination it is (`aud`) and whose run it is about (`sub_id`, RFC 9493), so that a receiver can tell
// a callback that another user sent there. Its `typ` keeps it from passing for a token that the gateway sends upstream.
import { base64url, SignJWT } from "jose";
import { sha256 } from "../platform/hash.ts";
import type { Jwk } from "../platform/settings.ts";
import { importSigningKey, type SigningKey } from "../platform/signing-keys.ts";
import type { StreamedBody } from "./callback-body.ts";

export type SignedWebhook = {
  /** Exactly what is sent. */
  body: Uint8Array;
  /** The same for every attempt: the receiver's key against duplicates. Letters, digits, `-` and `_`. */
  webhookId: string;
  nowMs: number;
};

export type SignedCallback = Omit<SignedWebhook, "body"> & {
  body: Uint8Array | Pick<StreamedBody, "sha256">;
  runId: string;
  /** PUBLIC_URL. */
  issuer: string;
  /** The destination's origin. */
  audience: string;
  user: { issuer: string; subject: string };
};

const PROOF_SECONDS = 300;

/** The headers that prove one attempt. */
export async function signCallback(
  callback: SignedCallback,
  signingKeys: readonly Jwk[],
): Promise<Record<string, string>> {
  const key = await importSigningKey(signingKeys);
  const sentAt = Math.floor(callback.nowMs / 1000);
  const [headers, token] = await Promise.all([
    webhookHeaders(callback, sentAt, key),
    callbackToken(callback, sentAt, key),
  ]);
  return { ...headers, "callback-signature": token };
}

/** Those of Standard Webhooks alone, for a message that is about no run. */
export async function signWebhook(
  webhook: SignedWebhook,
  signingKeys: readonly Jwk[],
): Promise<Record<string, string>> {
  const key = await importSigningKey(signingKeys);
  return webhookHeaders(webhook, Math.floor(webhook.nowMs / 1000), key);
}

async function webhookHeaders(
  { body, webhookId }: Pick<SignedCallback, "body" | "webhookId">,
  sentAt: number,
  key: SigningKey,
): Promise<Record<string, string>> {
  // A dot would let one signature stand for two messages: what is signed is `id.timestamp.body`.
  if (!/^[\w-]+$/.test(webhookId)) throw new Error("a webhook id has a character out of place");
  const signature = body instanceof Uint8Array ? await webhookSignature(body, webhookId, sentAt, key) : null;
  return {
    "webhook-id": webhookId,
    "webhook-timestamp": String(sentAt),
    ...(signature !== null && { "webhook-signature": signature }),
  };
}

async function webhookSignature(
  body: Uint8Array,
  webhookId: string,
  sentAt: number,
  { privateKey }: SigningKey,
): Promise<string> {
  const head = new TextEncoder().encode(`${webhookId}.${sentAt}.`);
  const content = new Uint8Array(head.byteLength + body.byteLength);
  content.set(head);
  content.set(body, head.byteLength);
  const signature = await crypto.subtle.sign("Ed25519", privateKey, content);
  return `v1a,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`;
}

async function callbackToken(
  { body, webhookId, runId, issuer, audience, user }: SignedCallback,
  sentAt: number,
  { kid, privateKey }: SigningKey,
): Promise<string> {
  const digest = body instanceof Uint8Array ? base64url.encode(await sha256(body)) : body.sha256;
  const subjectId = { format: "iss_sub", iss: user.issuer, sub: user.subject };
  return await new SignJWT({ body_sha256: digest, sub_id: subjectId })
    .setProtectedHeader({ alg: "EdDSA", typ: "callback+jwt", kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(runId)
    .setJti(webhookId)
    .setIssuedAt(sentAt)
    .setExpirationTime(sentAt + PROOF_SECONDS)
    .sign(privateKey);
}
