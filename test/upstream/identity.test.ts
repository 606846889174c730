// What the upstream is told of the gateway and its caller.
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { publicKeys } from "../../src/platform/signing-keys.ts";
import { backgroundAuthorization, upstreamAuthorization } from "../../src/upstream/identity.ts";
import { BILLING } from "../support/terms.ts";

const NOW_MS = Date.parse("2040-01-01T00:00:00.900Z");
const NOW = 2_208_988_800;
const PUBLIC_URL = "https://edge.example";

const CALLER: Caller = {
  issuer: "https://login.example",
  subject: "alice",
  userKey: "k",
  scopes: ["external", "other"],
  rateLimit: { kind: "default" },
  billing: BILLING,
  token: "the.callers.token",
};

let signingKeys: Jwk[];

beforeAll(async () => {
  signingKeys = [await makeKey("first"), await makeKey("second")];
});

async function makeKey(kid: string): Promise<Jwk> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const { x = "", d = "" } = await exportJWK(privateKey);
  return { kty: "OKP", crv: "Ed25519", kid, x, d };
}

function settings(upstreamAuth: "gateway" | "caller", upstreamToken: string | null = null) {
  return { upstreamAuth, upstreamToken, signingKeys };
}

/** Verifies by what is published, as an upstream does. */
function verify(authorization: string, nowMs = NOW_MS) {
  const keys: { keys: object[] } = { keys: publicKeys(signingKeys) };
  return jwtVerify(
    authorization.replace("Bearer ", ""),
    createLocalJWKSet(JSON.parse(JSON.stringify(keys))),
    {
      issuer: PUBLIC_URL,
      audience: "actions-upstream",
      algorithms: ["EdDSA"],
      currentDate: new Date(nowMs),
    },
  );
}

describe("UPSTREAM_AUTH = gateway", () => {
  it("names the gateway and the caller, for one minute, by the first key", async () => {
    const authorization = await upstreamAuthorization(settings("gateway"), PUBLIC_URL, CALLER, NOW_MS);
    const { payload, protectedHeader } = await verify(authorization);
    expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "JWT", kid: "first" });
    expect(payload).toEqual({
      iss: "https://edge.example",
      aud: "actions-upstream",
      sub: "alice",
      sub_id: { format: "iss_sub", iss: "https://login.example", sub: "alice" },
      scope: "external other",
      billing: CALLER.billing,
      iat: NOW,
      exp: NOW + 60,
    });
  });

  it("is over after that minute", async () => {
    const authorization = await upstreamAuthorization(settings("gateway"), PUBLIC_URL, CALLER, NOW_MS);
    await expect(verify(authorization, (NOW + 59) * 1000)).resolves.toBeDefined();
    await expect(verify(authorization, (NOW + 60) * 1000)).rejects.toThrow('"exp"');
  });

  it("tells two issuers' users of one name apart", async () => {
    const other = { ...CALLER, issuer: "https://other.example" };
    const authorization = await upstreamAuthorization(settings("gateway"), PUBLIC_URL, other, NOW_MS);
    const { payload } = await verify(authorization);
    expect(payload["sub_id"]).toEqual({ format: "iss_sub", iss: "https://other.example", sub: "alice" });
  });

  it("signs once for the requests of 25 seconds, so that half a minute is left to the last of them", async () => {
    const caller = { ...CALLER };
    const at = (ms: number) => upstreamAuthorization(settings("gateway"), PUBLIC_URL, caller, NOW_MS + ms);
    const first = await at(0);
    expect(await at(24_999)).toBe(first);
    const second = await at(25_000);
    expect(second).not.toBe(first);
    expect((await verify(second, NOW_MS + 25_000)).payload.exp).toBe(NOW + 25 + 60);
    // The clock has stepped back: that one is not valid yet.
    expect((await verify(await at(-60_000), NOW_MS - 60_000)).payload.iat).toBe(NOW - 60);
  });

  it("signs anew for another caller, another origin and another first key", async () => {
    const caller = { ...CALLER };
    const first = await upstreamAuthorization(settings("gateway"), PUBLIC_URL, caller, NOW_MS);
    const bob = { ...caller, subject: "bob" };
    const others = [
      await upstreamAuthorization(settings("gateway"), PUBLIC_URL, bob, NOW_MS),
      await upstreamAuthorization(settings("gateway"), "https://moved.example", caller, NOW_MS),
    ];
    const rotated = { ...settings("gateway"), signingKeys: [await makeKey("newer"), ...signingKeys] };
    others.push(await upstreamAuthorization(rotated, PUBLIC_URL, caller, NOW_MS));
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it("does not verify by the caller's word: another's key signs nothing", async () => {
    const authorization = await upstreamAuthorization(settings("gateway"), PUBLIC_URL, { ...CALLER }, NOW_MS);
    signingKeys = [await makeKey("first")];
    await expect(verify(authorization)).rejects.toThrow("signature verification failed");
  });

  it("is the same when no caller is there any more, whatever UPSTREAM_TOKEN is", async () => {
    const authorization = await backgroundAuthorization(
      settings("gateway", "a-token"),
      PUBLIC_URL,
      CALLER,
      NOW_MS,
    );
    expect((await verify(authorization)).payload.sub).toBe("alice");
  });
});

describe("UPSTREAM_AUTH = caller", () => {
  it("forwards the caller's own token", async () => {
    expect(await upstreamAuthorization(settings("caller", "a-token"), PUBLIC_URL, CALLER, NOW_MS)).toBe(
      "Bearer the.callers.token",
    );
  });

  it("uses UPSTREAM_TOKEN when no caller is there any more", async () => {
    expect(await backgroundAuthorization(settings("caller", "a-token"), PUBLIC_URL, CALLER, NOW_MS)).toBe(
      "Bearer a-token",
    );
  });

  it("speaks for itself when there is none", async () => {
    const authorization = await backgroundAuthorization(settings("caller"), PUBLIC_URL, CALLER, NOW_MS);
    expect((await verify(authorization)).payload.sub).toBe("alice");
  });
});

describe("the published keys", () => {
  it("are the public halves, and nothing of the private ones", () => {
    expect(
      publicKeys([{ kty: "OKP", crv: "Ed25519", kid: "k", x: "X", d: "D", alg: "x", key_ops: ["sign"] }]),
    ).toEqual([{ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: "k", x: "X" }]);
  });
});
