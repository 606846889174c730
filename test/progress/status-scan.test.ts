import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { memberOf } from "../../src/json.ts";
import { StatusScan } from "../../src/progress/status-scan.ts";

function scanned(text: string, chunkBytes = 7): string | null {
  const scan = new StatusScan();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) scan.read(bytes.subarray(at, at + chunkBytes));
  return scan.status();
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function parsed(text: string): string | null {
  const run: unknown = JSON.parse(text);
  return textOf(memberOf(run, "status")) ?? textOf(memberOf(memberOf(run, "data"), "status"));
}

describe("the status of a run that passes by", () => {
  it.each<[string, string | null]>([
    [`{"status":"success"}`, "success"],
    [`{"data":{"results":[{"status":"error"}],"status":"success"}}`, "success"],
    [`{"results":[{"status":"error"},"status",":"],"status" : "success"}`, "success"],
    [`{"status":"waiting","status":"error"}`, "error"],
    [String.raw`{"st\u0061tus":"succ\u0065ss"}`, "success"],
    [String.raw`{"a\"status\":\"error\"":1,"status":"success","z":"\\"}`, "success"],
    [`{"data":{"status":"error"},"data":{"other":1}}`, null],
    [`{"data":{"status":"error"},"data":[1]}`, null],
    [`{"status":{"status":"success"}}`, null],
    [`[{"status":"success"}]`, null],
    [`{"status":"success"`, null],
    [`{"status":"${"x".repeat(100)}"}`, null],
    ["", null],
  ])("%s", (text, status) => {
    expect(scanned(text)).toBe(status);
  });
});

const name = fc.constantFrom('"status"', '"data"', '"results"', String.raw`"stat\u0075s"`, '"é"');
const scalar = fc.constantFrom('"success"', '"error"', '"data"', "1.10", "null", "true", String.raw`"\"}"`);
const blank = fc.constantFrom("", " ", "\n\t");
const { value } = fc.letrec<{ value: string; members: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("members"),
    fc.array(tie("value"), { maxLength: 3 }).map((all) => `[${all.join(",")}]`),
  ),
  members: fc
    .array(fc.tuple(name, blank, tie("value"), blank), { maxLength: 4 })
    .map((all) => `{${all.map(([of, before, is, after]) => `${of}${before}:${is}${after}`).join(",")}}`),
}));

test("is what a parse of the whole finds, wherever it is cut", () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 9 }), (text, chunkBytes) => {
      const isWrapped = /^[[{]/.test(text);
      expect(scanned(isWrapped ? text : `{"data":${text}}`, chunkBytes)).toBe(
        parsed(isWrapped ? text : `{"data":${text}}`),
      );
    }),
    { numRuns: 2_000 },
  );
});
