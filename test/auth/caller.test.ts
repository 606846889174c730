import { describe, expect, it } from "vitest";
import { buildUserKey, parseBilling, parseRateLimit, parseScopes } from "../../src/auth/caller.ts";
import { BILLING } from "../support/terms.ts";
import { words } from "../support/words.ts";

describe("parseScopes", () => {
  it.each<[claim: unknown, scopes: string[]]>([
    ["external", ["external"]],
    ["  read external ", ["read", "external"]],
    ["external\tadmin", ["external\tadmin"]],
    ["", []],
    [[], []],
    [
      ["external", "write"],
      ["external", "write"],
    ],
    ...[undefined, null, 1, { external: true }, ["external", 1], ["external", "x admin"], ["a\t"], [""]].map(
      (claim): [unknown, string[]] => [claim, []],
    ),
  ])("reads %j as %j", (claim, scopes) => {
    expect(parseScopes(claim)).toEqual(scopes);
  });
});

describe("parseRateLimit", () => {
  it.each<[unknown, string | number]>([
    [undefined, "default"],
    [{}, "default"],
    [{ exempt: false }, "default"],
    [{ exempt: true }, "exempt"],
    [{ exempt: true, limit_override: 500 }, "exempt"],
    [{ limit_override: 500 }, 500],
    [{ exempt: false, limit_override: 1 }, 1],
    [{ exempt: false, limit_override: 500 }, 500],
    [{ exempt: false, limit_override: 1000 }, 1000],
  ])("reads %j as %s", (claim, meant) => {
    const parsed = typeof meant === "number" ? { kind: "override", limit: meant } : { kind: meant };
    expect(parseRateLimit(claim)).toEqual(parsed);
  });

  it.each(words`
    {"exempt":false,"limit_override":0} {"exempt":false,"limit_override":-1}
    {"exempt":false,"limit_override":1001} {"exempt":false,"limit_override":1.5}
    {"exempt":false,"limit_override":1e400} {"exempt":false,"limit_override":"500"}
    {"exempt":false,"limit_override":null} {"exempt":false,"limit_override":[500]}
    {"exempt":true,"limit_override":0} {"limit_override":1001} {"limit_override":500,"limit":500}
    {"exempt":"yes"} {"exempt":"true"} {"exempt":1} {"exempt":null} {"exempt":true,"until":"2027"}
    {"exempt":false,"limitOverride":500} {"exempt":true,"__proto__":{}} {"__proto__":{"exempt":true}} []
    [{"exempt":true}] null true "exempt" 500`)("refuses %s", (claim) => {
    expect(parseRateLimit({ exempt: true })).toEqual({ kind: "exempt" });
    expect(parseRateLimit(JSON.parse(claim))).toBeNull();
  });
});

const EVERY_MEMBER = {
  is_billable: true,
  origin: "o",
  usage_type: "u",
  description: "",
  exemption_reason: "r",
  exemption_details: "d",
};

describe("parseBilling", () => {
  const defaults = { ...BILLING, is_billable: false };

  it.each([
    [undefined, defaults],
    [' {"is_billable":true} ', { ...defaults, is_billable: true }],
    ['{"exemption_reason":"trial","exemption_details":null}', { ...defaults, exemption_reason: "trial" }],
    [JSON.stringify(EVERY_MEMBER), EVERY_MEMBER],
    // As they were before other claims were read.
    ["{}", defaults],
  ])("reads %j", (claim, billing) => {
    expect(parseBilling(claim)).toEqual(billing);
  });

  it.each([
    ...words`
    is_billable {is_billable:true} null [] true "{}" {"is_billable":"true"} {"is_billable":1}
    {"is_billable":null} {"origin":null} {"usage_type":7} {"description":["a"]} {"exemption_reason":false}
    {"exemption_details":{}} {"is_billable":true,"tasks":0} {"__proto__":{"is_billable":true}}
    {"is_billable":true,"__proto__":null} {"constructor":{}}`,
    { is_billable: true },
    null,
    true,
    1,
    [["{}"]],
    "",
  ])("refuses %j", (claim) => {
    expect(parseBilling('{"is_billable":true}')?.is_billable).toBe(true);
    expect(parseBilling(claim)).toBeNull();
  });
});

describe("buildUserKey", () => {
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
    ["another normal form", ["https://a", "\u00e9"], ["https://a", "e\u0301"]],
    ["a lone surrogate and its escape", ["https://a", "\ud800"], ["https://a", "\\ud800"]],
    ["a very long subject", ["https://a", "a".repeat(1023)], ["https://a", "a".repeat(1024)]],
  ] as const)("tells users apart by %s", async (_, [issuer, subject], [otherIssuer, otherSubject]) => {
    const key = await buildUserKey(issuer, subject);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(await buildUserKey(issuer, subject)).toBe(key);
    expect(await buildUserKey(otherIssuer, otherSubject)).not.toBe(key);
  });
});
