// What the upstream is told of the gateway and its caller.
import { createLocalJWKSet, jwtVerify } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { publicKeys } from "../../src/platform/signing-keys.ts";
import { backgroundAuthorization, upstreamAuthorization } from "../../src/upstream/identity.ts";
import { BILLING } from "../support/terms.ts";
import { makeSigningKey } from "../support/tokens.ts";

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
  signingKeys = [await makeSigningKey("first"), await makeSigningKey("second")];
});

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

/** By the gateway's own token. */
function sign({ caller = CALLER, publicUrl = PUBLIC_URL, atMs = NOW_MS, keys = signingKeys } = {}) {
  return upstreamAuthorization({ ...settings("gateway"), signingKeys: keys }, publicUrl, caller, atMs);
}

describe("UPSTREAM_AUTH = gateway", () => {
  it("names the gateway and the caller, for one minute, by the first key", async () => {
    const authorization = await sign();
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
    await expect(verify(authorization, (NOW + 59) * 1000)).resolves.toBeDefined();
    await expect(verify(authorization, (NOW + 60) * 1000)).rejects.toThrow('"exp"');
  });

  it("signs once for the requests of 25 seconds, so that half a minute is left to the last of them", async () => {
    const caller = { ...CALLER };
    const at = (ms: number) => sign({ caller, atMs: NOW_MS + ms });
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
    const signed = [
      await sign({ caller }),
      await sign({ caller: { ...caller, subject: "bob" } }),
      await sign({ caller, publicUrl: "https://moved.example" }),
      await sign({ caller, keys: [await makeSigningKey("newer"), ...signingKeys] }),
    ];
    expect(new Set(signed).size).toBe(4);
  });
});

it("UPSTREAM_AUTH = caller forwards the caller's own token", async () => {
  expect(await upstreamAuthorization(settings("caller", "a-token"), PUBLIC_URL, CALLER, NOW_MS)).toBe(
    "Bearer the.callers.token",
  );
});

function authorize(given: ReturnType<typeof settings>): Promise<string> {
  return backgroundAuthorization(given, PUBLIC_URL, CALLER, NOW_MS);
}

describe("when no caller is there any more", () => {
  it("UPSTREAM_TOKEN is used, if callers' tokens are forwarded", async () => {
    expect(await authorize(settings("caller", "a-token"))).toBe("Bearer a-token");
  });

  it.each([
    ["gateway", "a-token"],
    ["caller", null],
  ] as const)("the gateway speaks for itself: %s, %s", async (auth, token) => {
    expect((await verify(await authorize(settings(auth, token)))).payload.sub).toBe("alice");
  });
});

describe("the published keys", () => {
  it("are the public halves, and nothing of the private ones", () => {
    expect(
      publicKeys([{ kty: "OKP", crv: "Ed25519", kid: "k", x: "X", d: "D", alg: "x", key_ops: ["sign"] }]),
    ).toEqual([{ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: "k", x: "X" }]);
  });
});
