import { beforeAll, describe, expect, it } from "vitest";
import { type AuthDeps, type Authentication, authenticate } from "../../src/auth/authenticate.ts";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { VerifiedTokens } from "../../src/auth/verified-tokens.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import { KeyServer } from "../support/key-server.ts";
import { bearer, makeIssuer, type TestIssuer } from "../support/tokens.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);

let login: TestIssuer;
let other: TestIssuer;
let settings: AuthDeps["settings"];

beforeAll(async () => {
  login = await makeIssuer("https://login.example");
  other = await makeIssuer("https://other.example", { alg: "EdDSA" });
  settings = { issuers: await configured(login, other), requiredScope: "external" };
});

function ask(headers: Headers, parts: Partial<AuthDeps> = {}): Promise<Authentication> {
  return authenticate(headers, {
    settings,
    issuerKeys: new IssuerKeys(),
    verifiedTokens: new VerifiedTokens(),
    ...makeIo({ nowMs: NOW_MS }),
    ...parts,
  });
}

async function askWith(claims: Record<string, unknown>, issuer = login): Promise<Authentication> {
  return ask(bearer(await issuer.token(claims, { nowMs: NOW_MS })));
}

const BILLING = {
  is_billable: false,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

function unauthenticated(challenge: string, reason: string) {
  return {
    kind: "refused",
    problem: {
      code: "unauthenticated",
      detail: "A valid bearer token is required.",
      source: null,
      headers: { "WWW-Authenticate": challenge },
    },
    reason,
  };
}

function denied(detail: string, reason: string) {
  return { kind: "refused", problem: { code: "permission_denied", detail, source: null }, reason };
}

function unavailable(retryAfterSeconds: number) {
  const detail = "Tokens cannot be verified at the moment.";
  return {
    kind: "refused",
    problem: { code: "service_unavaiable", detail, source: null, retryAfterSeconds },
    reason: "keys.status",
  };
}

describe("a caller", () => {
  it("is who the token says, with the published defaults", async () => {
    const token = await login.token({}, { nowMs: NOW_MS });
    expect(await ask(bearer(token))).toEqual({
      kind: "caller",
      caller: {
        issuer: "https://login.example",
        subject: "alice",
        userKey: "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM",
        scopes: ["external"],
        rateLimit: { kind: "default" },
        billing: BILLING,
        token,
      },
    });
  });

  it("has the limit and the billing of its claims", async () => {
    const answer = await askWith({
      scope: ["read", "external"],
      rate_limit: { exempt: false, limit_override: 500 },
      billing: '{"is_billable":true,"origin":"partner"}',
    });
    expect(answer).toMatchObject({
      kind: "caller",
      caller: {
        scopes: ["read", "external"],
        rateLimit: { kind: "override", limit: 500 },
        billing: { ...BILLING, is_billable: true, origin: "partner" },
      },
    });
  });

  it("needs the scope that the settings ask for", async () => {
    const token = await login.token({ scope: "internal" }, { nowMs: NOW_MS });
    const answer = await ask(bearer(token), { settings: { ...settings, requiredScope: "internal" } });
    expect(answer.kind).toBe("caller");
    expect(await ask(bearer(token))).toEqual(
      denied('The token needs the scope "external".', "scope.missing"),
    );
  });
});

describe("401", () => {
  it.each([
    ["no header", {}, "bearer.missing"],
    ["a token in a cookie", { Cookie: "access_token=a.b.c" }, "bearer.missing"],
    ["an empty scheme", { Authorization: "Bearer" }, "bearer.empty"],
    ["Basic", { Authorization: "Basic YWxpY2U6c2VjcmV0" }, "bearer.wrong_scheme"],
  ])("asks for a token where there was %s", async (_, headers, reason) => {
    expect(await ask(new Headers(headers))).toEqual(unauthenticated("Bearer", reason));
  });

  it.each([
    ["nonsense", async () => "nonsense", "token.not_compact"],
    ["an expired token", () => login.token({}, { nowMs: NOW_MS - 600_000 }), "token.expired"],
    [
      "an unknown issuer",
      () => login.token({ iss: "https://x.example" }, { nowMs: NOW_MS }),
      "token.unknown_issuer",
    ],
    ["another audience", () => login.token({ aud: "x" }, { nowMs: NOW_MS }), "token.wrong_audience"],
    ["an unknown kid", () => login.token({}, { nowMs: NOW_MS, header: { kid: "x" } }), "token.unknown_kid"],
    [
      "a broken signature",
      async () => `${(await login.token({}, { nowMs: NOW_MS })).slice(0, -86)}${"A".repeat(86)}`,
      "token.bad_signature",
    ],
  ])("says the same to all bad tokens: %s", async (_, forge, reason) => {
    expect(await ask(bearer(await forge()))).toEqual(unauthenticated('Bearer error="invalid_token"', reason));
  });
});

describe("403", () => {
  const NO_SCOPE = denied('The token needs the scope "external".', "scope.missing");
  const BAD_RATE_LIMIT = denied("The token's rate_limit claim is malformed.", "claim.rate_limit");
  const BAD_BILLING = denied("The token's billing claim is malformed.", "claim.billing");

  it.each([
    [{ scope: "externally" }, NO_SCOPE],
    [{ rate_limit: { exempt: false, limit_override: 0 } }, BAD_RATE_LIMIT],
    [{ billing: '{"is_billable":"true"}' }, BAD_BILLING],
  ])("answers the claims %j", async (claims, refusal) => {
    expect(
      (await askWith({ scope: "read external", rate_limit: { exempt: true }, billing: "{}" })).kind,
    ).toBe("caller");
    expect(await askWith(claims)).toEqual(refusal);
  });
});

describe("503", () => {
  it("says when to come back while the issuer's keys cannot be had", async () => {
    const remote = await makeIssuer("https://remote.example", {
      jwksUri: "https://remote.example/keys.json",
    });
    const server = new KeyServer(() => new Response("down", { status: 500 }));
    const parts = {
      settings: { issuers: await configured(remote), requiredScope: "external" },
      issuerKeys: new IssuerKeys(),
      verifiedTokens: new VerifiedTokens(),
      sender: server,
    };
    const headers = bearer(await remote.token({}, { nowMs: NOW_MS }));
    expect(await ask(headers, parts)).toEqual(unavailable(30));
    expect(await ask(headers, { ...parts, nowMs: NOW_MS + 12_001 })).toEqual(unavailable(18));
    expect(await ask(headers, { ...parts, nowMs: NOW_MS + 29_999 })).toEqual(unavailable(1));
    server.answer = () => Response.json(remote.jwks);
    expect((await ask(headers, { ...parts, nowMs: NOW_MS + 30_000 })).kind).toBe("caller");
    expect(server.calls).toBe(2);
  });
});
