// What a receiver verifies of a callback, done with jose and node:crypto and without a line of src/.
import { createHash, createPublicKey, verify } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import type { Delivery } from "./receiver.ts";

/** The keys that a gateway publishes. */
export async function publishedKeys(origin: string): Promise<JSONWebKeySet> {
  const response = await fetch(`${origin}/.well-known/jwks.json`);
  if (!response.ok) throw new Error(`no keys: ${response.status}`);
  const keys: JSONWebKeySet = JSON.parse(await response.text());
  return keys;
}

/** The run that a callback is about. Throws unless both of its proofs hold for exactly these bytes. */
export async function provenRunId(
  { headers, body }: Delivery,
  keys: JSONWebKeySet,
  issuer: string,
): Promise<string> {
  const id = headers.get("webhook-id") ?? "";
  const token = headers.get("callback-signature") ?? "";
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
    algorithms: ["EdDSA"],
    issuer,
    requiredClaims: ["sub", "jti", "iat", "exp", "body_sha256"],
  });
  expectSame("jti", payload.jti, id);
  expectSame("body_sha256", payload["body_sha256"], createHash("sha256").update(body).digest("base64url"));
  const timestamp = headers.get("webhook-timestamp") ?? "";
  expectSame("webhook-timestamp", timestamp, String(payload.iat));
  expectSame("lifetime", Number(payload.exp) - Number(payload.iat), 300);
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  if (!isSigned(headers.get("webhook-signature") ?? "", signed, keys)) throw new Error("v1a does not hold");
  return String(payload.sub);
}

function isSigned(signatures: string, content: Buffer, { keys }: JSONWebKeySet): boolean {
  return signatures.split(" ").some((signature) => {
    const [version, base64 = ""] = signature.split(",");
    const bytes = Buffer.from(base64, "base64");
    return version === "v1a" && keys.some((key) => verify(null, content, publicKey(key), bytes));
  });
}

function publicKey(key: JSONWebKeySet["keys"][number]) {
  return createPublicKey({ key: { ...key }, format: "jwk" });
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)}, not ${String(expected)}`);
}
