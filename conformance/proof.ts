// The proofs of a callback, checked as a receiver does it: with the published keys, the user's secret, jose and node:crypto.
import { createHash, createHmac, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { at, expect, toJson } from "./expect.ts";
import type { Http } from "./http.ts";
import type { Delivery } from "./receiver.ts";

export type Proof = {
  webhookId: string;
  /** Unix seconds. */
  timestamp: number;
  holdsV1a: boolean;
  /** Null when the JWT does not verify; then `jwtFault` says why. */
  claims: JWTPayload | null;
  typ: string | undefined;
  jwtFault: string;
  bodySha256: string;
};

/** What the token of a callback has to say. */
export type Expected = {
  run: string;
  /** Of the callback_url. */
  origin: string;
  /** `iss` and `sub` of the token that started the run. */
  user: Record<string, unknown>;
  atMs: number;
};

const CLOCKS_DIFFER_SECONDS = 60;
const PROOF_SECONDS = 300;

export function expectToken(proof: Proof, { run, origin, user, atMs }: Expected): void {
  const { claims, typ } = proof;
  expect.that(claims !== null, `Callback-Signature does not verify: ${proof.jwtFault}`);
  expect.same("typ", typ, "callback+jwt");
  expect.members(claims, {
    aud: origin,
    sub: run,
    jti: proof.webhookId,
    body_sha256: proof.bodySha256,
  });
  const { iss, sub } = user;
  for (const [member, value] of Object.entries({ format: "iss_sub", iss, sub }))
    expect.same(`${member} in sub_id`, at(claims, "sub_id", member), value);
  expect.near("iat", Number(claims?.iat), atMs / 1000, CLOCKS_DIFFER_SECONDS);
  expect.same("exp - iat", Number(claims?.exp) - Number(claims?.iat), PROOF_SECONDS);
  expect.match("iss", claims?.iss, /./);
}

export async function checkProof(http: Http, delivery: Delivery): Promise<Proof> {
  const answer = await http.call("/.well-known/jwks.json");
  expect.status(answer, 200);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jose and node:crypto refuse what is no key set
  return checkProofWith(toJson(answer) as JSONWebKeySet, delivery);
}

export async function checkProofWith(
  keys: JSONWebKeySet,
  { headers, body }: Pick<Delivery, "headers" | "body">,
): Promise<Proof> {
  const webhookId = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const signed = Buffer.concat([Buffer.from(`${webhookId}.${timestamp}.`), body]);
  return {
    webhookId,
    timestamp: Number(timestamp),
    holdsV1a: isSigned(headers.get("webhook-signature") ?? "", signed, keys),
    ...(await claimsIn(headers.get("callback-signature") ?? "", keys)),
    bodySha256: createHash("sha256").update(body).digest("base64url"),
  };
}

/** `secret`: as GET /callbacks/secret gives it. */
export function holdsV1({ headers, body }: Pick<Delivery, "headers" | "body">, secret: string): boolean {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const head = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.`;
  const mac = createHmac("sha256", key).update(head).update(body).digest("base64");
  const signatures = headers.get("webhook-signature")?.split(" ") ?? [];
  return signatures.includes(`v1,${mac}`);
}

function isSigned(signatures: string, content: Buffer, { keys }: JSONWebKeySet): boolean {
  return signatures.split(" ").some((signature) => {
    const [version, base64 = ""] = signature.split(",");
    const bytes = Buffer.from(base64, "base64");
    const holds = (key: JsonWebKey) => verify(null, content, createPublicKey({ key, format: "jwk" }), bytes);
    return version === "v1a" && keys.some((key) => holds({ ...key }));
  });
}

async function claimsIn(
  token: string,
  keys: JSONWebKeySet,
): Promise<Pick<Proof, "claims" | "typ" | "jwtFault">> {
  try {
    const algorithms = ["EdDSA", "Ed25519"];
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), { algorithms });
    return { claims: payload, typ: protectedHeader.typ, jwtFault: "" };
  } catch (error) {
    return { claims: null, typ: undefined, jwtFault: error instanceof Error ? error.message : String(error) };
  }
}
