// What a receiver verifies of a callback, done with jose and node:crypto and without a line of src/.
import type { JSONWebKeySet } from "jose";
import { checkProofWith } from "../../../conformance/proof.ts";
import type { Delivery } from "./receiver.ts";

/** The keys that a gateway publishes. */
export async function publishedKeys(origin: string): Promise<JSONWebKeySet> {
  const response = await fetch(`${origin}/.well-known/jwks.json`);
  if (!response.ok) throw new Error(`no keys: ${response.status}`);
  const keys: JSONWebKeySet = JSON.parse(await response.text());
  return keys;
}

/** The run that a callback is about. Throws unless both of its proofs hold for exactly these bytes. */
export async function provenRunId(delivery: Delivery, keys: JSONWebKeySet, issuer: string): Promise<string> {
  const { claims, jwtFault, holdsV1a, ...proof } = await checkProofWith(keys, delivery);
  if (claims === null) throw new Error(jwtFault);
  if (!holdsV1a) throw new Error("v1a does not hold");
  expectSame("typ", proof.typ, "callback+jwt");
  expectSame("iss", claims.iss, issuer);
  expectSame("aud", claims.aud, `http://${delivery.headers.get("host")}`);
  expectSame("jti", claims.jti, proof.webhookId);
  expectSame("body_sha256", claims["body_sha256"], proof.bodySha256);
  expectSame("webhook-timestamp", delivery.headers.get("webhook-timestamp"), String(claims.iat));
  expectSame("lifetime", Number(claims.exp) - Number(claims.iat), 300);
  return String(claims.sub);
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)}, not ${String(expected)}`);
}
