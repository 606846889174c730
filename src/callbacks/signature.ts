// The proofs that a callback comes from this gateway and was not touched on its way, made afresh for every attempt:
// Standard Webhooks 1.0 with the user's own secrets (`v1`, for which there are libraries) and with Ed25519 (`v1a`), and a
// JWT over the body's hash. `v1a` and the JWT are made with the first signing key and verify against
// /.well-known/jwks.json.
// Ed25519 signs a message as a whole, so a callback whose body is streamed carries `v1` and the JWT.
// The JWT says for which destination it is (`aud`) and whose run it is about (`sub_id`, RFC 9493), so that a receiver can tell
// a callback that another user sent there. Its `typ` keeps it from passing for a token that the gateway sends upstream.
import { base64url, SignJWT } from "jose";
import { sha256 } from "../platform/hash.ts";
import type { Jwk } from "../platform/settings.ts";
import { importSigningKey, type SigningKey } from "../platform/signing-keys.ts";
import type { StreamedBody } from "./callback-body.ts";
import { findCallbackSecrets } from "./callback-secret.ts";
import { encodeHead, startV1, type WebhookHead } from "./webhook-v1.ts";

export type SignedWebhook = {
  /** Exactly what is sent. */
  body: Uint8Array;
  /** The same for every attempt: the receiver's key against duplicates. Letters, digits, `-` and `_`. */
  webhookId: string;
  nowMs: number;
};

export type SignedCallback = Omit<SignedWebhook, "body"> & {
  body: Uint8Array | Pick<StreamedBody, "sha256" | "v1">;
  runId: string;
  userKey: string;
  /** PUBLIC_URL. */
  issuer: string;
  /** The destination's origin. */
  audience: string;
  user: { issuer: string; subject: string };
};

const PROOF_SECONDS = 300;
/** A receiver refuses `v1` after five minutes: this leaves one to send the body. */
const MAX_V1_AGE_SECONDS = 240;

/** The headers that prove one attempt. */
export async function signCallback(
  callback: SignedCallback,
  signingKeys: readonly Jwk[],
): Promise<Record<string, string>> {
  const key = await importSigningKey(signingKeys);
  const sentAt = Math.floor(callback.nowMs / 1000);
  const [headers, token] = await Promise.all([
    callbackHeaders(callback, sentAt, key, signingKeys),
    callbackToken(callback, sentAt, key),
  ]);
  return { ...headers, "callback-signature": token };
}

/** `v1a` alone, for a message that is about no run: it has no user whose secret could sign it. */
export async function signWebhook(
  { body, webhookId, nowMs }: SignedWebhook,
  signingKeys: readonly Jwk[],
): Promise<Record<string, string>> {
  const key = await importSigningKey(signingKeys);
  const head = { webhookId, timestamp: Math.floor(nowMs / 1000) };
  return webhookHeaders(head, await signV1a(head, body, key));
}

async function callbackHeaders(
  { body, webhookId, userKey }: SignedCallback,
  sentAt: number,
  key: SigningKey,
  signingKeys: readonly Jwk[],
): Promise<Record<string, string>> {
  const head = { webhookId, timestamp: sentAt };
  if (!(body instanceof Uint8Array)) return streamedHeaders(head, body.v1);
  const v1 = startV1(await findCallbackSecrets(signingKeys, userKey), head);
  v1.update(body);
  return webhookHeaders(head, `${v1.end().signatures} ${await signV1a(head, body, key)}`);
}

// The signature is as old as the reading of the body. Too old, it proves nothing any more: then the JWT stands alone, and
// a receiver that verifies `v1` alone gets another attempt.
function streamedHeaders(head: WebhookHead, v1: StreamedBody["v1"]): Record<string, string> {
  const isFresh = v1 !== null && head.timestamp - v1.timestamp <= MAX_V1_AGE_SECONDS;
  return isFresh
    ? webhookHeaders({ ...head, timestamp: v1.timestamp }, v1.signatures)
    : webhookHeaders(head, null);
}

function webhookHeaders(
  { webhookId, timestamp }: WebhookHead,
  signatures: string | null,
): Record<string, string> {
  return {
    "webhook-id": webhookId,
    "webhook-timestamp": String(timestamp),
    ...(signatures !== null && { "webhook-signature": signatures }),
  };
}

async function signV1a(head: WebhookHead, body: Uint8Array, { privateKey }: SigningKey): Promise<string> {
  const begin = encodeHead(head);
  const content = new Uint8Array(begin.byteLength + body.byteLength);
  content.set(begin);
  content.set(body, begin.byteLength);
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
