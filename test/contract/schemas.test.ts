import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  jsonPointer,
  parseWaitSeconds,
  validateRunRequest,
  validateUuid,
} from "../../src/contract/schemas.ts";
import { PUBLISHED } from "./published.ts";
import { buildValidator } from "./rules.ts";

const UUID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

const GOOD: [string, string][] = [
  ["an empty data", '{"data":{}}'],
  [
    "every published member",
    `{"data":{"inputs":{"a":1},"page":"0","callback_url":"https://a.example/","idempotency_id":"${UUID}"}}`,
  ],
  ["inputs null", '{"data":{"inputs":null}}'],
  ["inputs an array", '{"data":{"inputs":[1.10]}}'],
  ["unknown members everywhere", '{"x":1,"data":{"y":[],"inputs":{"z":null}}}'],
  [
    "a one-off run",
    '{"data":{"selected_api":"A@1","action_key":"k","action_type":"write","authentication_id":7}}',
  ],
  ["an id in upper case", `{"data":{"idempotency_id":"${UUID.toUpperCase()}"}}`],
  ["an id of no version", '{"data":{"idempotency_id":"00000000-0000-0000-0000-000000000000"}}'],
  ["an id of an unknown version", '{"data":{"idempotency_id":"12345678-9abc-fdef-0123-456789abcdef"}}'],
  ["a callback_url of 2048 characters", `{"data":{"callback_url":"https://a.example/${"x".repeat(2030)}"}}`],
  ["a bad page in __proto__", '{"data":{"__proto__":{"page":5}}}'],
  ["a bad page in constructor.prototype", '{"data":{"constructor":{"prototype":{"page":5}}}}'],
  ["a bad data in __proto__", '{"__proto__":{"data":5},"data":{}}'],
];

const BAD: [text: string, pointer: string, detail: string][] = [
  ["null", "", "The body must be an object"],
  ["[]", "", "The body must be an object"],
  ["{}", "/data", "/data is required"],
  ['{"__proto__":{"data":{}}}', "/data", "/data is required"],
  ['{"Data":{}}', "/data", "/data is required"],
  ['{"data":null}', "/data", "/data must be an object"],
  ['{"data":[]}', "/data", "/data must be an object"],
  ['{"data":{"page":5}}', "/data/page", "/data/page must be a string"],
  ['{"data":{"callback_url":false}}', "/data/callback_url", "/data/callback_url must be a string"],
  [
    `{"data":{"callback_url":"https://a.example/${"x".repeat(2031)}"}}`,
    "/data/callback_url",
    "/data/callback_url must be at most 2048 characters long",
  ],
  ['{"data":{"idempotency_id":1}}', "/data/idempotency_id", "/data/idempotency_id must be a string"],
  ['{"data":{"idempotency_id":"1"}}', "/data/idempotency_id", "/data/idempotency_id must be a UUID"],
  ['{"data":{"page":1,"idempotency_id":"1"}}', "/data/idempotency_id", "/data/idempotency_id must be a UUID"],
];

describe("the body of a run", () => {
  it.each(GOOD)("passes with %s", (_, text) => {
    expect(validateRunRequest(JSON.parse(text))).toEqual({ kind: "ok" });
  });

  it.each(BAD)("%.60s is refused, naming the first member at fault", (text, pointer, detail) => {
    expect(validateRunRequest(JSON.parse(text))).toEqual({ kind: "invalid", pointer, detail });
  });

  it("is judged by its own members, not by what a prototype says", () => {
    expect(validateRunRequest(Object.create({ data: {} }))).toMatchObject({ pointer: "/data" });
    expect(validateRunRequest({ data: Object.create({ page: 5 }) })).toEqual({ kind: "ok" });
  });

  it("is left as it was", () => {
    const value: unknown = JSON.parse('{"data":{"page":"0","x":1},"y":2}');
    validateRunRequest(Object.freeze(value));
    expect(value).toEqual({ data: { page: "0", x: 1 }, y: 2 });
  });

  it("gets the verdict of the published schema", () => {
    const published = buildValidator(PUBLISHED, { $ref: "#/components/schemas/StoredActionsRunRequest" });
    const text = fc.oneof(fc.constant(UUID), fc.constant("https://a.example/"), fc.string());
    const loose = fc.oneof(text, fc.integer(), fc.constant(null), fc.constant({}), fc.constant([]));
    const data = fc.record(
      { inputs: loose, page: loose, idempotency_id: loose, other: loose },
      { requiredKeys: [] },
    );
    const body = fc.oneof(fc.record({ data: fc.oneof(data, loose) }, { requiredKeys: [] }), loose);
    fc.assert(
      fc.property(body, (value) => {
        expect(validateRunRequest(value).kind === "ok").toBe(published().validate(value).valid);
      }),
    );
  });
});

describe("a UUID", () => {
  it.each([UUID, UUID.toUpperCase(), "00000000-0000-0000-0000-000000000000"])("is %s", (text) =>
    expect(validateUuid(text)).toBe(true),
  );

  it.each([
    "",
    "run",
    `${UUID}\n`,
    ` ${UUID}`,
    `{${UUID}}`,
    `urn:uuid:${UUID}`,
    UUID.replaceAll("-", ""),
    UUID.replace("b", "g"),
    `${UUID}0`,
    UUID.replace("0", "٠"),
  ])("is not %j", (text) => expect(validateUuid(text)).toBe(false));
});

describe("wait_seconds", () => {
  it.each([
    [null, 0],
    ["0", 0],
    ["7", 7],
    ["30", 30],
    ["007", 7],
  ])("%j waits %i seconds", (text, seconds) => {
    expect(parseWaitSeconds(text)).toEqual({ kind: "ok", seconds });
  });

  it.each(["", "31", "-1", "+1", "1.0", "1e1", "0x5", " 5", "5 ", "٣", "abc", "NaN", "9".repeat(400)])(
    "%j is refused",
    (text) => {
      expect(parseWaitSeconds(text)).toEqual({
        kind: "invalid",
        detail: "wait_seconds must be a whole number from 0 to 30",
      });
    },
  );
});

it("a JSON pointer escapes ~ and /", () => {
  expect(jsonPointer([])).toBe("");
  expect(jsonPointer(["data", "a/b", "~1", 0])).toBe("/data/a~1b/~01/0");
});
