// Callbacks as a gateway signs them, and as others forge them: with jose and node:crypto and without a line of src/, so that
// the two sides can disagree.
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { LocalServer } from "./local-server.ts";

type Key = { kid: string; publicKey: KeyObject; privateKey: KeyObject };
export type Delivery = { headers: Record<string, string>; body: string | Uint8Array<ArrayBuffer> };
export type Forgery = [what: string, make: (gateway: SigningGateway) => Promise<Delivery>];

// Where a callback may depart from an honest one.
type Signing = {
  runId?: string;
  body?: string;
  key?: Key;
  issuer?: string;
  /** Null: its header names none. */
  typ?: string | null;
  ageSeconds?: number;
  /** Over the honest claims; undefined takes one away. */
  claims?: Record<string, unknown>;
  /** In place of the honest token. */
  token?: (claims: Record<string, unknown>, key: Key) => string | Promise<string>;
  /** The gateway sends none with a large body. */
  hasV1a?: boolean;
};

/** The receiver, as the callback URLs name it, and the one user whose runs it expects. */
export const ORIGIN = "https://client.example";
export const USER = { issuer: "https://login.example", subject: "alice" };

export const BODY =
  '{"type":"run","status":"success", "results":[{"n":12345678901234567890,"é":"ü"}],"errors":[]}';

/** The other party: a gateway, as far as a receiver sees it. */
export class SigningGateway extends LocalServer {
  keys: Key[] = [newKey("first")];
  isUp = true;
  keyRequests = 0;

  constructor() {
    super((request, response) => {
      this.keyRequests += 1;
      if (!this.isUp || request.url !== "/.well-known/jwks.json") return response.writeHead(503).end();
      return response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ keys: this.keys.map(publicJwk) }));
    });
  }

  get key(): Key {
    const [key] = this.keys;
    if (key === undefined) throw new Error("the gateway has no key");
    return key;
  }
}

export async function callback(gateway: SigningGateway, signing: Signing = {}): Promise<Delivery> {
  const {
    runId = randomUUID(),
    body = BODY,
    issuer = gateway.url,
    ageSeconds = 0,
    key = gateway.key,
    typ = "callback+jwt",
    token = (claims: Record<string, unknown>) => eddsa(claims, key, typ),
    hasV1a = true,
  } = signing;
  const id = `run_${runId}`;
  const sentAt = Math.floor(Date.now() / 1000) - ageSeconds;
  const claims: Record<string, unknown> = {
    iss: issuer,
    aud: ORIGIN,
    sub: runId,
    sub_id: { format: "iss_sub", iss: USER.issuer, sub: USER.subject },
    jti: id,
    iat: sentAt,
    exp: sentAt + 300,
    body_sha256: createHash("sha256").update(body).digest("base64url"),
    ...signing.claims,
  };
  return {
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(sentAt),
      ...(hasV1a && { "webhook-signature": v1a(id, sentAt, body, key) }),
      "callback-signature": await token(claims, key),
    },
    body,
  };
}

export function changed({ headers, body }: Delivery, change: Record<string, string | undefined>): Delivery {
  const left = Object.entries({ ...headers, ...change }).filter((entry) => entry[1] !== undefined);
  return { headers: Object.fromEntries(left) as Record<string, string>, body };
}

export function newKey(kid: string): Key {
  return { kid, ...generateKeyPairSync("ed25519") };
}

export const FORGED: readonly Forgery[] = [
  ["one byte of the body was changed", withBody(`${BODY.slice(0, -2)} }`)],
  ["the same JSON was printed anew", withBody(JSON.stringify(JSON.parse(BODY)))],
  ["the body is gone", withBody("")],
  [
    "another key signed, under a known key id",
    (gateway) => callback(gateway, { key: newKey(gateway.key.kid) }),
  ],
  ["another key signed, under a key id of its own", signed({ key: newKey("theirs") })],
  ["it is older than 5 minutes", signed({ ageSeconds: 320 })],
  ["it is from the future", signed({ ageSeconds: -400 })],
  ["its webhook-id was changed", withHeader("webhook-id", `run_${randomUUID()}`)],
  ["it has no webhook-id", withHeader("webhook-id", undefined)],
];

export const FORGED_JWT: readonly Forgery[] = [
  ["it has no callback-signature", withHeader("callback-signature", undefined)],
  ["its callback-signature is no token", withHeader("callback-signature", "x.y.z")],
  ["its issuer is another one", signed({ issuer: "https://gateway.example" })],
  ["its jti is another one", signed({ claims: { jti: `run_${randomUUID()}` } })],
  ["it is old, whatever it says of its end", signed({ ageSeconds: 320, claims: { exp: 4_000_000_000 } })],
  ["it has ended, whatever it says of its beginning", signed({ claims: { exp: 1_000_000_000 } })],
  ...["iss", "aud", "sub", "jti", "iat", "exp", "sub_id", "body_sha256"].map(
    (claim): Forgery => [`its token has no ${claim}`, signed({ claims: { [claim]: undefined } })],
  ),
  [
    "its token was made for the upstream",
    signed({
      typ: "JWT",
      claims: { aud: "actions-upstream", jti: undefined, body_sha256: undefined },
    }),
  ],
  [
    "its token is not signed at all (alg none)",
    signed({ token: (claims) => new UnsecuredJWT(claims).encode() }),
  ],
  ...(["bytes", "PEM", "JWK"] as const).map(
    (form): Forgery => [
      `its token is signed with the public key as a shared secret (HS256, ${form})`,
      signed({ token: (claims, key) => hs256(claims, key, toSecret(key, form)) }),
    ],
  ),
];

/** Signed by the gateway, and true: of another receiver, another user or another kind of token. `reason` is what is said of it. */
export const NOT_FOR_THIS_RECEIVER: readonly [...Forgery, reason: RegExp][] = [
  ...[
    "https://other.example",
    "http://client.example",
    "https://client.example:8443",
    "https://client.example.",
    "https://sub.client.example",
    "",
    null,
  ].map((aud): [...Forgery, RegExp] => [
    `it is for the destination ${JSON.stringify(aud)}`,
    signed({ claims: { aud } }),
    /aud/i,
  ]),
  ...[
    { ...USER, subject: "bob" },
    { ...USER, issuer: "https://other-login.example" },
    { issuer: USER.subject, subject: USER.issuer },
  ].map(({ issuer: iss, subject: sub }): [...Forgery, RegExp] => [
    `its run is of ${sub} at ${iss}`,
    signed({ claims: { sub_id: { format: "iss_sub", iss, sub } } }),
    /no run of .* is expected here/,
  ]),
  ...[USER.subject, null, ["iss_sub"], { format: "opaque", id: USER.subject }].map(
    (sub_id): [...Forgery, RegExp] => [
      `its sub_id is ${JSON.stringify(sub_id)}`,
      signed({ claims: { sub_id } }),
      /sub_id/,
    ],
  ),
  ...["JWT", "at+jwt", "", null].map((typ): [...Forgery, RegExp] => [
    `its token's typ is ${JSON.stringify(typ)}`,
    signed({ typ }),
    /typ/,
  ]),
];

export const FORGED_V1A: readonly Forgery[] = [
  ["it has no webhook-signature", withHeader("webhook-signature", undefined)],
  ["it has no webhook-timestamp", withHeader("webhook-timestamp", undefined)],
  ["its webhook-timestamp was changed", async (gateway) => moved(await callback(gateway), -1)],
  ["its webhook-timestamp is no number, even if the gateway signed that", withTimestamp("NaN")],
  ["its signature is of another version", async (gateway) => withVersion(await callback(gateway), "v2a")],
  [
    "its signature is of version 1, with the public key as the secret",
    async (gateway) => withV1(await callback(gateway), toSecret(gateway.key, "bytes")),
  ],
  ["its signature is empty", withHeader("webhook-signature", "v1a,")],
];

function signed(signing: Signing): Forgery[1] {
  return (gateway) => callback(gateway, signing);
}

function withBody(body: string): Forgery[1] {
  return async (gateway) => ({ ...(await callback(gateway)), body });
}

function withHeader(name: string, value: string | undefined): Forgery[1] {
  return async (gateway) => changed(await callback(gateway), { [name]: value });
}

function moved(delivery: Delivery, seconds: number): Delivery {
  const timestamp = Number(delivery.headers["webhook-timestamp"]) + seconds;
  return changed(delivery, { "webhook-timestamp": String(timestamp) });
}

function withTimestamp(timestamp: string): Forgery[1] {
  return async (gateway) => {
    const honest = await callback(gateway);
    const signature = v1a(honest.headers["webhook-id"] ?? "", timestamp, BODY, gateway.key);
    return changed(honest, { "webhook-timestamp": timestamp, "webhook-signature": signature });
  };
}

function withVersion(delivery: Delivery, version: string): Delivery {
  const signature = delivery.headers["webhook-signature"]?.replace("v1a", version);
  return changed(delivery, { "webhook-signature": signature });
}

function withV1(delivery: Delivery, secret: Buffer): Delivery {
  const { "webhook-id": id, "webhook-timestamp": sentAt } = delivery.headers;
  const mac = createHmac("sha256", secret).update(`${id}.${sentAt}.${BODY}`).digest("base64");
  return changed(delivery, { "webhook-signature": `v1,${mac}` });
}

function v1a(id: string, sentAt: number | string, body: string, { privateKey }: Key): string {
  return `v1a,${signBytes(null, Buffer.from(`${id}.${sentAt}.${body}`), privateKey).toString("base64")}`;
}

function eddsa(
  claims: Record<string, unknown>,
  { kid, privateKey }: Key,
  typ: string | null,
): Promise<string> {
  const header = { alg: "EdDSA", kid, ...(typ !== null && { typ }) };
  return new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
}

function hs256(claims: Record<string, unknown>, { kid }: Key, secret: Buffer): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "callback+jwt", kid }).sign(secret);
}

function toSecret({ publicKey }: Key, form: "bytes" | "PEM" | "JWK"): Buffer {
  const jwk = publicKey.export({ format: "jwk" });
  if (form === "bytes") return Buffer.from(jwk.x ?? "", "base64url");
  return Buffer.from(
    form === "JWK" ? JSON.stringify(jwk) : publicKey.export({ type: "spki", format: "pem" }),
  );
}

function publicJwk({ kid, publicKey }: Key): object {
  return { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA", use: "sig" };
}
