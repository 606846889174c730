import { describe, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";

describe("userKeyOf", () => {
  it("is the base64url SHA-256 of the pair as JSON", async () => {
    // printf '["https://login.example","alice"]' | openssl dgst -sha256 -binary | basenc --base64url
    expect(await buildUserKey("https://login.example", "alice")).toBe(
      "lPlCpmHL-rwC7V-FmTGs1YCBKQoiq2r1GDAfRoVWLpM",
    );
  });

  it.each([
    ["the same subject of another issuer", ["https://a", "alice"], ["https://b", "alice"]],
    ["a subject that looks like a pair", ["https://a", 'b","c'], ['https://a","b', "c"]],
    ["a separator moved", ["https://a|b", "c"], ["https://a", "b|c"]],
    ["a NUL moved", ["https://a\0b", "c"], ["https://a", "b\0c"]],
    ["a look-alike letter", ["https://a", "alice"], ["https://a", "\u0430lice"]],
    ["another normal form", ["https://a", "\u00e9"], ["https://a", "e\u0301"]],
    ["another lone surrogate", ["https://a", "\ud800"], ["https://a", "\ud801"]],
    ["a lone surrogate and its escape", ["https://a", "\ud800"], ["https://a", "\\ud800"]],
    ["another case", ["https://a", "alice"], ["https://a", "Alice"]],
    ["a trailing space", ["https://a", "alice"], ["https://a", "alice "]],
    ["a very long subject", ["https://a", "a".repeat(1023)], ["https://a", "a".repeat(1024)]],
    ["__proto__", ["https://a", "__proto__"], ["https://a", "constructor"]],
  ] as const)("tells users apart by %s", async (_, [issuer, subject], [otherIssuer, otherSubject]) => {
    const key = await buildUserKey(issuer, subject);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(await buildUserKey(issuer, subject)).toBe(key);
    expect(await buildUserKey(otherIssuer, otherSubject)).not.toBe(key);
  });
});
