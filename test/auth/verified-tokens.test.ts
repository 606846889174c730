// A token that was verified once is known again, and that must never make it good for longer, or for more.
import { describe, expect, it } from "vitest";
import { type AuthDeps, type Authentication, authenticate } from "../../src/auth/authenticate.ts";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { VerifiedTokens } from "../../src/auth/verified-tokens.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import { KeyServer } from "../support/key-server.ts";
import { bearer, makeIssuer } from "../support/tokens.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;

/** An isolate with one issuer, and a count of the signatures that it had to check. */
async function isolate() {
  const origin = `https://login-${crypto.randomUUID()}.example`;
  const login = await makeIssuer(origin, { jwksUri: `${origin}/keys.json` });
  const server = new KeyServer(() => Response.json(login.jwks));
  const settings = { issuers: await configured(login), requiredScope: "external" };
  const memory = { issuerKeys: new IssuerKeys(), verifiedTokens: new VerifiedTokens() };
  const ask = async (token: string, nowMs: number, parts: Partial<AuthDeps> = {}) => {
    const io = makeIo({ sender: server, nowMs });
    const answer = await authenticate(bearer(token), { settings, ...memory, ...io, ...parts });
    await io.settled();
    return answer;
  };
  return { login, server, ask, memory, settings };
}

const said = (answer: Authentication) => (answer.kind === "caller" ? "caller" : answer.reason);

describe("a token that was verified before", () => {
  it("is the same caller, the very same object", async () => {
    const { login, ask } = await isolate();
    const token = await login.token({ sub: "alice" }, { nowMs: NOW_MS });
    const [first, second] = [await ask(token, NOW_MS), await ask(token, NOW_MS + 1)];
    expect(said(first)).toBe("caller");
    expect(second.kind === "caller" && first.kind === "caller" && second.caller === first.caller).toBe(true);
  });

  it("ends with its exp and the tolerance, to the millisecond", async () => {
    const { login, ask } = await isolate();
    const exp = NOW_MS / 1000 + 60;
    const token = await login.token({ exp }, { nowMs: NOW_MS });
    expect(said(await ask(token, NOW_MS))).toBe("caller");
    expect(said(await ask(token, NOW_MS + MINUTE + 29_999))).toBe("caller");
    expect(said(await ask(token, NOW_MS + MINUTE + 30_000))).toBe("token.expired");
  });

  it("is not yet valid again when the clock steps back", async () => {
    const { login, ask } = await isolate();
    const token = await login.token({ nbf: NOW_MS / 1000 }, { nowMs: NOW_MS });
    expect(said(await ask(token, NOW_MS))).toBe("caller");
    expect(said(await ask(token, NOW_MS - 31_000))).toBe("token.not_yet_valid");
  });

  it("goes with its key, when the issuer has taken that out", async () => {
    const { login, server, ask } = await isolate();
    const exp = NOW_MS / 1000 + 3600;
    const token = await login.token({ exp }, { nowMs: NOW_MS });
    expect(said(await ask(token, NOW_MS))).toBe("caller");
    await login.rotate();
    // The keys are stale after ten minutes: used once more, and fetched anew behind that.
    expect(said(await ask(token, NOW_MS + 11 * MINUTE))).toBe("caller");
    expect(said(await ask(token, NOW_MS + 12 * MINUTE))).toBe("token.unknown_kid");
    expect(server.calls).toBeGreaterThan(1);
  });

  it("goes with its issuer, and with a scope that is asked for now", async () => {
    const { login, ask, settings } = await isolate();
    const token = await login.token({}, { nowMs: NOW_MS });
    expect(said(await ask(token, NOW_MS))).toBe("caller");
    const stricter = { ...settings, requiredScope: "operator" };
    expect(said(await ask(token, NOW_MS, { settings: stricter }))).toBe("scope.missing");
    expect(said(await ask(token, NOW_MS))).toBe("caller");
    const elsewhere = { ...settings, issuers: await configured(await makeIssuer("https://other.example")) };
    expect(said(await ask(token, NOW_MS, { settings: elsewhere }))).toBe("token.unknown_issuer");
  });

  it("is known by its own text alone: another signature on it is another token", async () => {
    const { login, ask } = await isolate();
    const token = await login.token({}, { nowMs: NOW_MS });
    expect(said(await ask(token, NOW_MS))).toBe("caller");
    const [head = "", payload = "", signature = ""] = token.split(".");
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    expect(said(await ask(`${head}.${payload}.${flipped}`, NOW_MS))).toBe("token.bad_signature");
    expect(said(await ask(`${token}=`, NOW_MS))).toBe("token.not_compact");
  });

  it.each([
    ["refused for its scope", { scope: "other" }, "scope.missing"],
    ["refused for its billing", { billing: "{" }, "claim.billing"],
  ])("is not remembered when it was %s", async (_, claims, reason) => {
    const { login, ask, memory } = await isolate();
    const token = await login.token(claims, { nowMs: NOW_MS });
    expect(said(await ask(token, NOW_MS))).toBe(reason);
    expect(memory.verifiedTokens.get(token)).toBeNull();
  });
});

async function remembered() {
  const { login, ask, memory } = await isolate();
  const token = await login.token({}, { nowMs: NOW_MS });
  await ask(token, NOW_MS);
  const verified = memory.verifiedTokens.get(token);
  if (verified === null) throw new Error("it was not remembered");
  return verified;
}

describe("what is remembered", () => {
  it("is a million characters of tokens at most, the oldest going first", async () => {
    const tokens = new VerifiedTokens();
    const verified = await remembered();
    const names = Array.from({ length: 300 }, (_, at) => `${at}.`.padEnd(5_000, "x"));
    for (const name of names) tokens.put(name, verified);
    expect(names.map((name) => tokens.get(name) !== null)).toEqual(names.map((_, at) => at >= 100));
  });

  it("counts a token once, however often it comes", async () => {
    const tokens = new VerifiedTokens();
    const verified = await remembered();
    for (let again = 0; again < 1_000; again++) tokens.put("x".repeat(8_192), verified);
    tokens.put("y", verified);
    expect(tokens.get("x".repeat(8_192))).not.toBeNull();
  });

  it("has no token in it that is longer than 8,192 characters", async () => {
    const tokens = new VerifiedTokens();
    tokens.put("x".repeat(8_193), await remembered());
    expect(tokens.get("x".repeat(8_193))).toBeNull();
  });
});
