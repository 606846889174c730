// Who is calling, and what other callers are answered. A token that was verified once is known again, and that must
// never make it good for longer, or for more.
import { describe, expect, it } from "vitest";
import { type AuthDeps, type Authentication, authenticate } from "../../src/auth/authenticate.ts";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { VerifiedTokens } from "../../src/auth/verified-tokens.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import { MINUTE } from "../support/clock.ts";
import { KeyServer } from "../support/key-server.ts";
import { BILLING } from "../support/terms.ts";
import { bearer, makeKey, type TestIssuer } from "../support/tokens.ts";
import { honest, login, NOW_MS } from "./bench.ts";
import { remoteIssuer } from "./key-bench.ts";

/** An isolate, and what it answers at a moment counted from NOW_MS. */
async function isolate(issuer: TestIssuer = login) {
  const settings = { issuers: await configured(issuer), requiredScope: "external" };
  const memory = { issuerKeys: new IssuerKeys(), verifiedTokens: new VerifiedTokens() };
  const server = new KeyServer(() => Response.json(issuer.jwks));
  const ask = async (headers: Headers, elapsedMs = 0, parts: Partial<AuthDeps> = {}) => {
    const io = makeIo({ network: server, nowMs: NOW_MS + elapsedMs });
    const answer = await authenticate(headers, { settings, ...memory, ...io, ...parts });
    await io.settled();
    return answer;
  };
  /** "caller", or the reason for the log. */
  const judge = async (token: string, elapsedMs = 0, parts: Partial<AuthDeps> = {}) => {
    const answer = await ask(bearer(token), elapsedMs, parts);
    return answer.kind === "caller" ? answer.kind : answer.reason;
  };
  return { issuer, server, settings, ask, judge, ...memory };
}

async function askOnce(headers: Headers): Promise<Authentication> {
  return (await isolate()).ask(headers);
}

describe("a caller", () => {
  it("is who the token says, with the published defaults", async () => {
    const token = await honest();
    expect(await askOnce(bearer(token))).toEqual({
      kind: "caller",
      caller: {
        issuer: "https://login.example",
        subject: "alice",
        userKey: "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM",
        scopes: ["external"],
        rateLimit: { kind: "default" },
        billing: { ...BILLING, is_billable: false },
        token,
      },
    });
  });

  it("has the limit and the billing of its claims", async () => {
    const token = await honest({
      scope: ["read", "external"],
      rate_limit: { exempt: false, limit_override: 500 },
      billing: '{"is_billable":true,"origin":"partner"}',
    });
    expect(await askOnce(bearer(token))).toMatchObject({
      kind: "caller",
      caller: {
        scopes: ["read", "external"],
        rateLimit: { kind: "override", limit: 500 },
        billing: { ...BILLING, origin: "partner" },
      },
    });
  });
});

const INVALID = 'Bearer error="invalid_token"';
const forge = (token: string) => token.slice(0, -86) + "A".repeat(86);
const says = (description: string) => `${INVALID}, error_description="${description}"`;
const MALFORMED = says("The token is malformed.");
const EXPIRED = says("The token has expired.");
const NOT_YET = says("The token is not valid yet.");
const ELSEWHERE = says("The token is for another audience.");
const STRANGE = says("The token's issuer is not accepted here.");
const NAMELESS = says("The token names no subject.");

const TOKENLESS_OR_BAD: [what: string, headers: Headers, challenge: string, reason: string][] = [
  ["no header", new Headers(), "Bearer", "bearer.missing"],
  ["a token in a cookie", new Headers({ Cookie: "access_token=a.b.c" }), "Bearer", "bearer.missing"],
  ["an empty scheme", new Headers({ Authorization: "Bearer" }), "Bearer", "bearer.empty"],
  ["Basic", new Headers({ Authorization: "Basic YWxpY2U6" }), "Bearer", "bearer.wrong_scheme"],
  ["two tokens", bearer("a.b.c, Bearer d.e.f"), says("One token is expected."), "bearer.several_headers"],
  ["nonsense", bearer("nonsense"), MALFORMED, "token.not_compact"],
  ["an expired token", bearer(await honest({ exp: 1 })), EXPIRED, "token.expired"],
  ["another audience", bearer(await honest({ aud: "x" })), ELSEWHERE, "token.wrong_audience"],
  ["an unknown issuer", bearer(await honest({ iss: "x" })), STRANGE, "token.unknown_issuer"],
  ["an unknown kid", bearer(await honest({}, { kid: "x" })), INVALID, "token.unknown_kid"],
  ["a broken signature", bearer(forge(await honest())), INVALID, "token.bad_signature"],
  ["an expired forgery", bearer(forge(await honest({ exp: 1 }))), INVALID, "token.bad_signature"],
  ["another audience, forged", bearer(forge(await honest({ aud: "x" }))), INVALID, "token.bad_signature"],
  ["white space", bearer("a.b.c d"), MALFORMED, "bearer.white_space"],
  ["nbf ahead", bearer(await honest({ nbf: NOW_MS / 1000 + 60 })), NOT_YET, "token.not_yet_valid"],
  ["iat ahead", bearer(await honest({ iat: NOW_MS / 1000 + 60 })), NOT_YET, "token.issued_ahead"],
  [
    "no exp",
    bearer(await honest({ exp: undefined })),
    says("The token's exp is missing or malformed."),
    "token.bad_exp",
  ],
  ["no subject", bearer(await honest({ sub: undefined })), NAMELESS, "token.bad_subject"],
];

describe("401", () => {
  it.each(TOKENLESS_OR_BAD)(
    "says one bland sentence to %s, and in the header what helps no forger",
    async (_, headers, challenge, reason) => {
      const answer = { code: "unauthenticated", source: null, headers: { "WWW-Authenticate": challenge } };
      const problem = { ...answer, detail: "A valid bearer token is required." };
      expect(await askOnce(headers)).toEqual({ kind: "refused", problem, reason });
    },
  );
});

describe("403", () => {
  it.each([
    [{ scope: "externally" }, 'The token needs the scope "external".', "scope.missing"],
    [{ rate_limit: { limit_override: 0 } }, "The token's rate_limit claim is malformed.", "claim.rate_limit"],
    [{ billing: '{"is_billable":"true"}' }, "The token's billing claim is malformed.", "claim.billing"],
  ])("answers the claims %j, and keeps nothing", async (claims, detail, reason) => {
    const good = { scope: "read external", rate_limit: { exempt: true }, billing: "{}" };
    const { ask, judge, verifiedTokens } = await isolate();
    expect(await judge(await honest(good))).toBe("caller");
    const token = await honest({ ...good, ...claims });
    const answer = { code: "permission_denied", detail, source: null };
    expect(await ask(bearer(token))).toEqual({ kind: "refused", problem: answer, reason });
    expect(verifiedTokens.get(token)).toBeNull();
  });
});

describe("503", () => {
  it("says when to come back while the issuer's keys cannot be had", async () => {
    const { issuer, server, ask, judge } = await isolate(await remoteIssuer());
    server.answer = () => new Response("down", { status: 500 });
    const token = await issuer.token({}, { nowMs: NOW_MS });
    for (const [elapsedMs, retryAfterSeconds] of [
      [0, 30],
      [12_001, 18],
      [29_999, 1],
    ]) {
      const detail = "Tokens cannot be verified at the moment.";
      const answer = { code: "service_unavaiable", detail, source: null, retryAfterSeconds };
      const refusal = { kind: "refused", problem: answer, reason: "keys.status" };
      expect(await ask(bearer(token), elapsedMs)).toEqual(refusal);
    }
    server.answer = () => Response.json(issuer.jwks);
    expect(await judge(token, 30_000)).toBe("caller");
    expect(server.calls).toBe(2);
  });
});

describe("a token that was verified before", () => {
  it("is the same caller, the very same object", async () => {
    const { ask } = await isolate();
    const headers = bearer(await honest());
    const [first, second] = [await ask(headers), await ask(headers, 1)];
    expect(first.kind).toBe("caller");
    expect(second.kind === "caller" && first.kind === "caller" && second.caller === first.caller).toBe(true);
  });

  it("is good from its nbf to its exp, with the tolerance, to the millisecond", async () => {
    const { judge } = await isolate();
    const token = await honest({ nbf: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 });
    expect(await judge(token)).toBe("caller");
    expect(await judge(token, MINUTE + 29_999)).toBe("caller");
    expect(await judge(token, MINUTE + 30_000)).toBe("token.expired");
    // The clock has stepped back.
    expect(await judge(token, -31_000)).toBe("token.not_yet_valid");
  });

  it.each([
    ["has taken that out", {}, "token.unknown_kid"],
    ["has another under its kid", { kid: "kept" }, "token.bad_signature"],
  ])("goes with its key, when the issuer %s", async (_, members, reason) => {
    const { issuer, server, judge } = await isolate(await remoteIssuer());
    issuer.keys = [await makeKey("ES256", { kid: "kept" })];
    const token = await issuer.token({ exp: NOW_MS / 1000 + 3600 }, { nowMs: NOW_MS });
    expect(await judge(token)).toBe("caller");
    issuer.keys = [await makeKey("ES256", members)];
    // The keys are stale after ten minutes: used once more, and fetched anew behind that.
    expect(await judge(token, 11 * MINUTE)).toBe("caller");
    expect(await judge(token, 12 * MINUTE)).toBe(reason);
    expect(server.calls).toBeGreaterThan(1);
  });

  it("goes with its issuer, and with a scope that is asked for now", async () => {
    const { judge, settings } = await isolate();
    const token = await honest();
    expect(await judge(token)).toBe("caller");
    const stricter = { ...settings, requiredScope: "operator" };
    expect(await judge(token, 0, { settings: stricter })).toBe("scope.missing");
    expect(await judge(await honest({ scope: "operator" }), 0, { settings: stricter })).toBe("caller");
    expect(await judge(token)).toBe("caller");
    const elsewhere = { ...settings, issuers: await configured(await remoteIssuer()) };
    expect(await judge(token, 0, { settings: elsewhere })).toBe("token.unknown_issuer");
  });

  it("is known by its own text alone: another signature on it is another token", async () => {
    const { judge } = await isolate();
    const token = await honest();
    expect(await judge(token)).toBe("caller");
    const [head = "", payload = "", signature = ""] = token.split(".");
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    expect(await judge(`${head}.${payload}.${flipped}`)).toBe("token.bad_signature");
    expect(await judge(`${token}=`)).toBe("token.not_compact");
  });
});
