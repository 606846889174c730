// Issuers and tokens for tests: keys are made on the spot, honest tokens by `issuer.token(claims)`, crooked ones by hand
// from text (`signParts`, `compact`). Nothing here uses the product's own code, so it can disagree with it.

import { base64url, exportJWK, generateKeyPair } from "jose";

export const ALGORITHMS = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  "Ed25519",
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

export type TestJwk = { kty: string; kid?: string; alg?: string; use?: string; key_ops?: string[] };

export type TestKey = {
  alg: Algorithm;
  /** Public, with `kid` unless that was turned off, and with `alg` only if asked for. */
  jwk: TestJwk;
  privateKey: CryptoKey;
};

export type TestIssuer = {
  issuer: string;
  audience: string;
  /** The keys in use; the first signs. */
  keys: TestKey[];
  readonly jwks: { keys: TestJwk[] };
  /** An entry of the JSON array JWT_ISSUERS: with `jwks_uri` when one was given, with the keys inline otherwise. */
  readonly settings: Record<string, unknown>;
  /** An honest token of `alice`, good for five minutes. A claim given as undefined is left out. */
  token(claims?: Record<string, unknown>, options?: TokenOptions): Promise<string>;
  /** Takes a new key into use in place of all others. */
  rotate(): Promise<void>;
};

export type TokenOptions = {
  nowMs?: number;
  /** Over `alg` and `kid`; a member given as undefined is left out. */
  header?: Record<string, unknown>;
  /** Signs in place of the issuer's first key; its kid is in the header. */
  key?: TestKey;
};

export async function makeIssuer(
  issuer: string,
  options: { alg?: Algorithm; audience?: string; jwksUri?: string } = {},
): Promise<TestIssuer> {
  const { alg = "ES256", audience = "edge-actions", jwksUri } = options;
  const created: TestIssuer = {
    issuer,
    audience,
    keys: [await makeKey(alg)],
    get jwks() {
      return { keys: created.keys.map((key) => key.jwk) };
    },
    get settings() {
      const entry = { issuer, audience, algorithms: [alg] };
      return jwksUri === undefined ? { ...entry, jwks: created.jwks } : { ...entry, jwks_uri: jwksUri };
    },
    async token(claims = {}, { nowMs = Date.now(), header = {}, key = firstOf(created.keys) } = {}) {
      const payload = { ...honestClaims(created, nowMs), ...claims };
      return signParts(JSON.stringify(honestHeader(key, header)), JSON.stringify(payload), key);
    },
    async rotate() {
      created.keys = [await makeKey(alg)];
    },
  };
  return created;
}

export async function makeKey(alg: Algorithm, members: Partial<TestJwk> = {}): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const { kty = "", ...rest } = await exportJWK(publicKey);
  const kid = `${alg}-${crypto.randomUUID()}`;
  return { alg, jwk: { kty, ...rest, kid, ...members }, privateKey };
}

/** Of the gateway's own, as SIGNING_KEYS has it. */
export async function makeSigningKey(kid: string = crypto.randomUUID()) {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const { kty = "", x = "", d = "" } = await exportJWK(privateKey);
  return { kty, crv: "Ed25519", kid, x, d };
}

export function honestClaims(issuer: TestIssuer, nowMs: number): Record<string, unknown> {
  const now = Math.floor(nowMs / 1000);
  return {
    iss: issuer.issuer,
    aud: issuer.audience,
    sub: "alice",
    scope: "external",
    iat: now,
    exp: now + 300,
  };
}

export function honestHeader(key: TestKey, members: Record<string, unknown> = {}): Record<string, unknown> {
  return { alg: key.alg, kid: key.jwk.kid, ...members };
}

/** Signs whatever the two texts are, JSON or not. */
export function signParts(header: string, payload: string, key: TestKey): Promise<string> {
  return signInput(`${encodeText(header)}.${encodeText(payload)}`, key);
}

/** Signs an input that is already encoded, well or badly. */
export async function signInput(input: string, key: TestKey): Promise<string> {
  const signature = await crypto.subtle.sign(
    signatureParameters(key.alg),
    key.privateKey,
    new TextEncoder().encode(input),
  );
  return `${input}.${base64url.encode(new Uint8Array(signature))}`;
}

export function compact(header: string, payload: string, signature: Uint8Array): string {
  return `${encodeText(header)}.${encodeText(payload)}.${base64url.encode(signature)}`;
}

export function splitToken(token: string): { header: string; payload: string; signature: Uint8Array } {
  const [header = "", payload = "", signature = ""] = token.split(".");
  return { header, payload, signature: base64url.decode(signature) };
}

export function encodeText(text: string): string {
  return base64url.encode(new TextEncoder().encode(text));
}

export function bearer(token: string): Headers {
  return new Headers({ Authorization: `Bearer ${token}` });
}

function signatureParameters(alg: Algorithm): SubtleCryptoSignAlgorithm {
  if (alg === "EdDSA" || alg === "Ed25519") return { name: "Ed25519" };
  const bits = alg.slice(2);
  const hash = `SHA-${bits}`;
  if (alg.startsWith("ES")) return { name: "ECDSA", hash };
  return alg.startsWith("PS")
    ? { name: "RSA-PSS", saltLength: Number(bits) / 8 }
    : { name: "RSASSA-PKCS1-v1_5" };
}

function firstOf(keys: TestKey[]): TestKey {
  const [first] = keys;
  if (first === undefined) throw new Error("this issuer has no keys left");
  return first;
}
