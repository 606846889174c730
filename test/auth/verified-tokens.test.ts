// How many verified tokens are kept; that a known one is not good for more stands in authenticate.test.ts.
import { expect, it } from "vitest";
import { type VerifiedToken, VerifiedTokens } from "../../src/auth/verified-tokens.ts";
import { CALLBACK_TERMS } from "../support/terms.ts";
import { times } from "../support/times.ts";

const KEY = { kty: "EC" };
const VERIFIED: VerifiedToken = {
  kind: "verified",
  issuer: {
    issuer: "i",
    audience: "a",
    algorithms: ["ES256"],
    keys: { kind: "inline", keys: [KEY] },
    hasOperators: false,
  },
  subject: "alice",
  claims: {},
  header: { alg: "ES256", kid: null },
  key: KEY,
  requiredScope: "external",
  caller: { ...CALLBACK_TERMS, rateLimit: { kind: "default" }, token: "" },
};

it("a million characters of tokens are kept at most, the oldest going first", () => {
  const tokens = new VerifiedTokens();
  const names = times(300, (at) => `${at}.`.padEnd(5_000, "x"));
  for (const name of names) tokens.put(name, VERIFIED);
  expect(names.map((name) => tokens.get(name) !== null)).toEqual(names.map((_, at) => at >= 100));
});

it("a token counts once, however often it comes", () => {
  const tokens = new VerifiedTokens();
  for (let again = 0; again < 1_000; again++) tokens.put("x".repeat(8_192), VERIFIED);
  tokens.put("y", VERIFIED);
  expect(tokens.get("x".repeat(8_192))).toBe(VERIFIED);
});

it("a token that is longer than 8,192 characters is not kept", () => {
  const tokens = new VerifiedTokens();
  tokens.put("x".repeat(8_193), VERIFIED);
  expect(tokens.get("x".repeat(8_193))).toBeNull();
});
