// The proofs of a callback, checked by what we did not write: published vectors of Standard Webhooks, jose, and WebCrypto
// with the keys that are published. (Its npm packages judge `v1` in test/flows/rotation.test.ts.)
import { createLocalJWKSet, type JWTVerifyOptions, jwtVerify } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type SignedCallback, signCallback, signWebhook } from "../../src/callbacks/signature.ts";
import { startV1 } from "../../src/callbacks/webhook-v1.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { publicKeys } from "../../src/platform/signing-keys.ts";
import { makeSigningKey } from "../support/tokens.ts";

const NOW = Date.parse("2026-11-06T08:49:37.999Z");
const NOW_SECONDS = 1_793_954_977;

const callback: SignedCallback & { body: Uint8Array } = {
  body: text('{"type":"run","id":"7d1c","status":"success","results":[{"n":1.10}],"errors":[]}'),
  webhookId: "msg_0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  runId: "7d1c9a52-0b57-4c6e-9a7d-2d3a1f6d9a10",
  issuer: "https://actions.example.com",
  audience: "https://client.example",
  userKey: "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM",
  user: { issuer: "https://login.example", subject: "alice" },
  nowMs: NOW,
};

let keys: Jwk[];

beforeAll(async () => {
  keys = [await makeSigningKey("new"), await makeSigningKey("old")];
});

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (deadLetter) =>
    deadLetter.charCodeAt(0),
  );
}

/** As a receiver without any library would: the raw key from the key set, the bytes as they came. */
async function verifyV1a(headers: Record<string, string>, body: Uint8Array, kid: string): Promise<boolean> {
  const {
    "webhook-id": id = "",
    "webhook-timestamp": at = "",
    "webhook-signature": signature = "",
  } = headers;
  const content = await new Blob([new Uint8Array(text(`${id}.${at}.`)), new Uint8Array(body)]).arrayBuffer();
  const { x = "" } = keys.find((known) => known.kid === kid) ?? expect.fail();
  const key = await crypto.subtle.importKey("raw", bytes(x), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, bytes(versioned(signature, "v1a")[0] ?? ""), content);
}

/** Of a list, separated by blanks. */
function versioned(signatures: string, version: string): string[] {
  const prefix = `${version},`;
  const ofVersion = signatures.split(" ").filter((signature) => signature.startsWith(prefix));
  return ofVersion.map((signature) => signature.slice(prefix.length));
}

async function verified(headers: Record<string, string>) {
  const set = createLocalJWKSet(JSON.parse(JSON.stringify({ keys: publicKeys(keys) })));
  const options = {
    issuer: "https://actions.example.com",
    algorithms: ["EdDSA"],
    currentDate: new Date(NOW),
  };
  return jwtVerify(headers["callback-signature"] ?? "", set, options);
}

test("the published vectors of Standard Webhooks are met to the letter", async () => {
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
  const v1a = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";
  expect(headers["webhook-signature"]).toBe(`v1,YNgpHdbp+R+yDq4TIif/Zdy2QQ0s3Sz0ynQIh1mogcQ= ${v1a}`);
  // libraries/javascript/src/webhook.test.ts of the same repository: a secret that is published for tests.
  const signer = startV1([bytes("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")], {
    webhookId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
  });
  for (const piece of ['{"test": ', "", "2432232314}"]) signer.update(text(piece));
  expect(signer.end().signatures).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

describe("webhook-signature", () => {
  test.each([
    ["of JSON", callback.body],
    ["that is empty", new Uint8Array()],
    ["that is no UTF-8", Uint8Array.of(0, 255, 254, 128)],
    ["of six megabytes", new Uint8Array(6 * 1024 * 1024).fill(32)],
  ])("verifies with the first key, over the very bytes of a body %s", async (_name, body) => {
    const headers = await signCallback({ ...callback, body }, keys);
    expect(headers["webhook-timestamp"]).toBe(String(NOW_SECONDS));
    expect(await verifyV1a(headers, body, "new")).toBe(true);
  });

  test("falls with one changed byte, another id, another time, another key", async () => {
    const headers = await signCallback(callback, keys);
    const changed = callback.body.slice();
    changed[0] = 91;
    expect(await verifyV1a(headers, changed, "new")).toBe(false);
    expect(await verifyV1a({ ...headers, "webhook-id": "msg_other" }, callback.body, "new")).toBe(false);
    const later = { ...headers, "webhook-timestamp": String(NOW_SECONDS + 1) };
    expect(await verifyV1a(later, callback.body, "new")).toBe(false);
    expect(await verifyV1a(headers, callback.body, "old")).toBe(false);
  });
});

describe("callback-signature", () => {
  test("is a token that jose verifies, with these claims and no others", async () => {
    const signed = await signCallback({ ...callback, body: text("abc") }, keys);
    const { payload, protectedHeader } = await verified(signed);
    expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "callback+jwt", kid: "new" });
    expect(payload).toEqual({
      iss: "https://actions.example.com",
      aud: "https://client.example",
      sub: "7d1c9a52-0b57-4c6e-9a7d-2d3a1f6d9a10",
      sub_id: { format: "iss_sub", iss: "https://login.example", sub: "alice" },
      jti: "msg_0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 300,
      // FIPS 180-2, the vector "abc", in base64url.
      body_sha256: "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
    });
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

test("the v1 of each signing key stands first, then v1a", async () => {
  const headers = await signCallback(callback, keys);
  const versions = headers["webhook-signature"]?.split(" ").map((signature) => signature.split(",")[0]);
  expect(versions).toEqual(["v1", "v1", "v1a"]);
  const alone = await Promise.all(keys.map((key) => signCallback(callback, [key])));
  expect(versioned(headers["webhook-signature"] ?? "", "v1")).toEqual(
    alone.flatMap((one) => versioned(one["webhook-signature"] ?? "", "v1")),
  );
});

test("a message that is about no run has v1a alone", async () => {
  const { body, webhookId, nowMs } = callback;
  const headers = await signWebhook({ body, webhookId, nowMs }, keys);
  expect(headers["webhook-signature"]).toMatch(/^v1a,\S+$/);
  expect(await verifyV1a(headers, body, "new")).toBe(true);
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

describe("a body that is streamed", () => {
  const sha256 = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
  const streamed = (v1: { timestamp: number; signatures: string } | null) =>
    signCallback({ ...callback, body: { sha256, v1 } }, keys);

  test("has the v1 that was made while it was read, of that time, and a fresh JWT", async () => {
    const timestamp = NOW_SECONDS - 240;
    const headers = await streamed({ timestamp, signatures: "v1,one v1,two" });
    expect(headers).toMatchObject({
      "webhook-id": callback.webhookId,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": "v1,one v1,two",
    });
    const { payload } = await verified(headers);
    expect(payload).toMatchObject({ jti: callback.webhookId, iat: NOW_SECONDS, body_sha256: sha256 });
  });

  test.each([
    ["was read more than 4 minutes ago", { timestamp: NOW_SECONDS - 241, signatures: "v1,one" }],
    ["was not signed when it was read", null],
  ])("that %s has the JWT alone", async (_name, v1) => {
    const headers = await streamed(v1);
    expect(Object.keys(headers)).toEqual(["webhook-id", "webhook-timestamp", "callback-signature"]);
    expect(headers["webhook-timestamp"]).toBe(String(NOW_SECONDS));
    expect((await verified(headers)).payload).toMatchObject({ body_sha256: sha256 });
  });
});
