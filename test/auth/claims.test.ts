import { describe, expect, it } from "vitest";
import { parseBilling, parseRateLimit, parseScopes } from "../../src/auth/caller.ts";
import { words } from "../support/words.ts";

describe("parseScopes", () => {
  it.each([
    ["external", ["external"]],
    ["read external write", ["read", "external", "write"]],
    ["  external  ", ["external"]],
    ["external\tadmin", ["external\tadmin"]],
    ["", []],
    [
      ["external", "write"],
      ["external", "write"],
    ],
    [["external write"], ["external write"]],
    [[], []],
  ])("reads %j", (claim, scopes) => {
    expect(parseScopes(claim)).toEqual(scopes);
  });

  it.each([[undefined], [null], [1], [true], [{ external: true }], [["external", 1]], [[["external"]]]])(
    "finds no scopes in %j",
    (claim) => {
      expect(parseScopes(claim)).toEqual([]);
    },
  );
});

describe("parseRateLimit", () => {
  it.each([
    [undefined, { kind: "default" }],
    [{ exempt: true }, { kind: "exempt" }],
    [{ exempt: false }, { kind: "default" }],
    [{}, { kind: "default" }],
    [{ limit_override: 500 }, { kind: "override", limit: 500 }],
    [{ exempt: true, limit_override: 500 }, { kind: "exempt" }],
    [
      { exempt: false, limit_override: 1 },
      { kind: "override", limit: 1 },
    ],
    [
      { exempt: false, limit_override: 500 },
      { kind: "override", limit: 500 },
    ],
    [
      { exempt: false, limit_override: 1000 },
      { kind: "override", limit: 1000 },
    ],
  ])("reads %j", (claim, parsed) => {
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

describe("parseBilling", () => {
  const defaults = {
    is_billable: false,
    origin: "actions_api",
    usage_type: "action_run",
    description: "an action was run via Actions API",
    exemption_reason: null,
    exemption_details: null,
  };

  it.each([
    [undefined, defaults],
    ["{}", defaults],
    [' {"is_billable":true} ', { ...defaults, is_billable: true }],
    ['{"exemption_reason":"trial","exemption_details":null}', { ...defaults, exemption_reason: "trial" }],
    [
      '{"is_billable":true,"origin":"o","usage_type":"u","description":"","exemption_reason":"r","exemption_details":"d"}',
      {
        is_billable: true,
        origin: "o",
        usage_type: "u",
        description: "",
        exemption_reason: "r",
        exemption_details: "d",
      },
    ],
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

  it("leaves the defaults alone, whatever a claim said before", () => {
    expect(parseBilling('{"is_billable":true,"origin":"o"}')?.origin).toBe("o");
    expect(parseBilling(undefined)).toEqual(defaults);
  });
});
