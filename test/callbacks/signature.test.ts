// The two proofs of a callback, checked by what we did not write: a published vector of Standard Webhooks, jose, and
// WebCrypto with the keys that /.well-known/jwks.json shows. (The npm package `standardwebhooks` 1.1.1 cannot be the
// judge: it knows `v1`, HMAC, only.)
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type SignedCallback, signCallback } from "../../src/callbacks/signature.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { publicKeys } from "../../src/platform/signing-keys.ts";
import { makeGateway } from "../support/gateway.ts";

const NOW = Date.parse("2026-11-06T08:49:37.999Z");
const NOW_SECONDS = 1_793_954_977;

const callback: SignedCallback & { body: Uint8Array } = {
  body: text('{"type":"run","id":"7d1c","status":"success","results":[{"n":1.10}],"errors":[]}'),
  webhookId: "msg_0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  runId: "7d1c9a52-0b57-4c6e-9a7d-2d3a1f6d9a10",
  issuer: "https://actions.example.com",
  audience: "https://client.example",
  user: { issuer: "https://login.example", subject: "alice" },
  nowMs: NOW,
};

let keys: Jwk[];

beforeAll(async () => {
  keys = [await makeSigningKey("new"), await makeSigningKey("old")];
});

async function makeSigningKey(kid: string): Promise<Jwk> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  const { x, d } = await exportJWK(privateKey);
  return { kty: "OKP", crv: "Ed25519", kid, x: x ?? "", d: d ?? "" };
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
    letter.charCodeAt(0),
  );
}

type PublishedKey = { kid: string; x: string };

/** As a receiver without any library would: the raw key from the key set, the bytes as they came. */
async function verifyV1a(
  headers: Record<string, string>,
  body: Uint8Array,
  publicKey: PublishedKey,
): Promise<boolean> {
  const {
    "webhook-id": id = "",
    "webhook-timestamp": at = "",
    "webhook-signature": signature = "",
  } = headers;
  const content = new Uint8Array([...text(`${id}.${at}.`), ...body]);
  const key = await crypto.subtle.importKey("raw", bytes(publicKey.x), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, bytes(signature.replace(/^v1a,/, "")), content);
}

/** The key set as the world gets it: through the route, over JSON. */
async function published(signingKeys: Jwk[]): Promise<{ keys: PublishedKey[] }> {
  const gateway = await makeGateway({ SIGNING_KEYS: JSON.stringify({ keys: signingKeys }) });
  return (await gateway.call("/.well-known/jwks.json")).body;
}

async function verified(headers: Record<string, string>, currentDate = new Date(NOW)) {
  const set = createLocalJWKSet(JSON.parse(JSON.stringify({ keys: publicKeys(keys) })));
  const options = { issuer: "https://actions.example.com", algorithms: ["EdDSA"], currentDate };
  return jwtVerify(headers["callback-signature"] ?? "", set, options);
}

test("the published vector of Standard Webhooks is met to the letter", async () => {
  // libraries/go/webhook_asymmetric_test.go of github.com/standard-webhooks/standard-webhooks, TestAsymmetricWebhookSign;
  // the seed as a JWK, with its public half.
  const key: Jwk = {
    kty: "OKP",
    crv: "Ed25519",
    kid: "vector",
    d: "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk",
    x: "ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c_g",
  };
  const headers = await signCallback(
    {
      ...callback,
      body: text('{"test": 2432232314}'),
      webhookId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      nowMs: 1_614_265_330_999,
    },
    [key],
  );
  expect(headers["webhook-id"]).toBe("msg_p5jXN8AQM9LWM0D4loKWxJek");
  expect(headers["webhook-timestamp"]).toBe("1614265330");
  expect(headers["webhook-signature"]).toBe(
    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
  );
});

describe("webhook-signature", () => {
  test("verifies with the key that the key set shows first, over the very bytes", async () => {
    const [first] = (await published(keys)).keys;
    const headers = await signCallback(callback, keys);
    expect(headers["webhook-timestamp"]).toBe(String(NOW_SECONDS));
    expect(await verifyV1a(headers, callback.body, first ?? { kid: "", x: "" })).toBe(true);
  });

  test("verifies for a body that is empty, is no UTF-8, or has six megabytes", async () => {
    const [first] = (await published(keys)).keys;
    for (const body of [
      new Uint8Array(),
      Uint8Array.of(0, 255, 254, 128),
      new Uint8Array(6 * 1024 * 1024).fill(32),
    ]) {
      const headers = await signCallback({ ...callback, body }, keys);
      expect(await verifyV1a(headers, body, first ?? { kid: "", x: "" })).toBe(true);
    }
  });

  test("falls with one changed byte, another id, another time, another key", async () => {
    const [first, second] = (await published(keys)).keys;
    if (first === undefined || second === undefined) throw new Error("no keys published");
    const headers = await signCallback(callback, keys);
    const changed = callback.body.slice();
    changed[0] = 91;
    expect(await verifyV1a(headers, changed, first)).toBe(false);
    expect(await verifyV1a({ ...headers, "webhook-id": "msg_other" }, callback.body, first)).toBe(false);
    const later = { ...headers, "webhook-timestamp": String(NOW_SECONDS + 1) };
    expect(await verifyV1a(later, callback.body, first)).toBe(false);
    expect(await verifyV1a(headers, callback.body, second)).toBe(false);
  });
});

describe("callback-signature", () => {
  test("is a token that jose verifies, with these claims and no others", async () => {
    const { payload, protectedHeader } = await verified(await signCallback(callback, keys));
    expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "callback+jwt", kid: "new" });
    expect(payload).toEqual({
      iss: "https://actions.example.com",
      aud: "https://client.example",
      sub: "7d1c9a52-0b57-4c6e-9a7d-2d3a1f6d9a10",
      sub_id: { format: "iss_sub", iss: "https://login.example", sub: "alice" },
      jti: "msg_0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 300,
      body_sha256: expect.any(String),
    });
  });

  test("names the SHA-256 of the body", async () => {
    // FIPS 180-2, the vector "abc", in base64url.
    const { payload } = await verified(await signCallback({ ...callback, body: text("abc") }, keys));
    expect(payload["body_sha256"]).toBe("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  });

  test("expires after five minutes", async () => {
    const headers = await signCallback(callback, keys);
    await expect(verified(headers, new Date(NOW + 299_000))).resolves.toBeDefined();
    await expect(verified(headers, new Date(NOW + 300_000))).rejects.toThrow(
      '"exp" claim timestamp check failed',
    );
  });

  test("never passes for a token of the gateway to its upstream", async () => {
    const headers = await signCallback(callback, keys);
    const set = createLocalJWKSet(JSON.parse(JSON.stringify({ keys: publicKeys(keys) })));
    const verify = (options: JWTVerifyOptions) =>
      jwtVerify(headers["callback-signature"] ?? "", set, { ...options, currentDate: new Date(NOW) });
    await expect(verify({ audience: "actions-upstream" })).rejects.toThrow('unexpected "aud" claim value');
    await expect(verify({ typ: "JWT" })).rejects.toThrow('unexpected "typ" JWT header value');
    await expect(verify({ typ: "callback+jwt", audience: "https://client.example" })).resolves.toBeDefined();
  });
});

test("every attempt has proofs of its own, under one webhook-id", async () => {
  const first = await signCallback(callback, keys);
  const second = await signCallback({ ...callback, nowMs: NOW + 5000 }, keys);
  expect(second["webhook-id"]).toBe(first["webhook-id"]);
  expect(second["webhook-timestamp"]).toBe(String(NOW_SECONDS + 5));
  expect(second["webhook-signature"]).not.toBe(first["webhook-signature"]);
  expect(second["callback-signature"]).not.toBe(first["callback-signature"]);
});

test("after a rotation the key in front signs, and what the old one signed still verifies", async () => {
  const before = await signCallback(callback, keys.slice(1));
  expect(decodeProtectedHeader(before["callback-signature"] ?? "").kid).toBe("old");
  expect(decodeProtectedHeader((await signCallback(callback, keys))["callback-signature"] ?? "").kid).toBe(
    "new",
  );
  const old = (await published(keys)).keys.find(({ kid }) => kid === "old");
  expect(await verifyV1a(before, callback.body, old ?? { kid: "", x: "" })).toBe(true);
});

test("the key set shows no private half", async () => {
  expect((await published(keys)).keys).toEqual([
    { kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: "new", x: keys[0]?.x },
    { kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: "old", x: keys[1]?.x },
  ]);
});

test.each(["msg.1", "", "msg\r\nx", "msg 1", "mßg"])(
  "a webhook id %j is refused as a bug",
  async (webhookId) => {
    await expect(signCallback({ ...callback, webhookId }, keys)).rejects.toThrow(
      "a webhook id has a character",
    );
  },
);

test("without a signing key nothing is signed", async () => {
  await expect(signCallback(callback, [])).rejects.toThrow("no signing key");
});

test("a body that is streamed is proven by the hash that was made of it, in the JWT alone", async () => {
  const body = { sha256: "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" };
  const headers = await signCallback({ ...callback, body }, keys);
  expect(Object.keys(headers)).toEqual(["webhook-id", "webhook-timestamp", "callback-signature"]);
  expect(headers["webhook-timestamp"]).toBe(String(NOW_SECONDS));
  expect((await verified(headers)).payload).toMatchObject({
    jti: callback.webhookId,
    body_sha256: "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
  });
});
