import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { memberOf } from "../../src/platform/json.ts";
import { RunScan } from "../../src/upstream/run-scan.ts";

const UTF8 = new TextEncoder();
const EIGHT_MIB = 8 * 1024 * 1024;

type Find = (scanned: RunScan) => string | null;
const findStatus: Find = (scanned) => scanned.status();
const findId: Find = (scanned) => scanned.id();

function scan(chunks: readonly Uint8Array[], find = findStatus): string | null {
  const scanning = new RunScan();
  for (const chunk of chunks) scanning.read(chunk);
  return find(scanning);
}

/** What is found when the bytes come whole, one by one, and in two chunks cut at every place. */
function scanHowever(source: string | Uint8Array, find = findStatus): (string | null)[] {
  const bytes = typeof source === "string" ? UTF8.encode(source) : source;
  const found = new Set([
    scan([bytes], find),
    scan(
      [...bytes].map((byte) => Uint8Array.of(byte)),
      find,
    ),
  ]);
  for (let at = 0; at <= bytes.length; at += 1)
    found.add(scan([bytes.subarray(0, at), bytes.subarray(at)], find));
  return [...found];
}

function withBytes(...bytes: number[]): Uint8Array {
  return Uint8Array.of(...UTF8.encode(`{"t":"`), ...bytes, ...UTF8.encode(`","status":"success"}`));
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function parseMember(text: string, member: string): string | null {
  const run: unknown = JSON.parse(text);
  return textOrNull(memberOf(run, member)) ?? textOrNull(memberOf(memberOf(run, "data"), member));
}

function parseStatus(text: string): string | null {
  const status = parseMember(text, "status");
  return ["waiting", "success", "error"].includes(status ?? "") ? status : null;
}

describe("the status of a result that arrives in pieces", () => {
  it.each<[string, string | null]>([
    [`{"status":"success"}`, "success"],
    [`{"data":{"results":[{"status":"error"}],"status":"success"}}`, "success"],
    [`{"results":[{"status":"error"},"status",":"],"status" : "success"}`, "success"],
    [`{"status":"ok","data":{"status":"error"}}`, null],
    [`{"status":"${"x".repeat(100)}","data":{"status":"error"}}`, null],
    [`{"status":5,"data":{"status":"error"}}`, "error"],
    [`{"status":"waiting","status":"error"}`, "error"],
    [String.raw`{"st\u0061tus":"succ\u0065ss"}`, "success"],
    [String.raw`{"a\"status\":\"error\"":1,"status":"success","z":"\\"}`, "success"],
    [`{"data":{"status":"error"},"data":{"other":1}}`, null],
    [`{"status":{"status":"success"}}`, null],
    [`[{"status":"success"}]`, null],
    [`"{\\"status\\":\\"success\\"}"`, null],
    ["", null],
  ])("%s is %s", (text, status) => {
    expect(scanHowever(text)).toEqual([status]);
  });
});

describe("a status in what JSON.parse refuses", () => {
  it.each<[string, string | Uint8Array]>([
    ["NaN and Infinity", `{"results":[NaN,-Infinity],"status":"success"}`],
    ["NaN as the last member", `{"status":"success","score":NaN}`],
    ["a byte-order mark", `\ufeff{"status":"success"}`],
    ["a byte-order mark after a line break", `\n\ufeff {"status":"success"}`],
    ["a line break in a string", `{"text":"a\nb","status":"success"}`],
    ["an escape that there is not", String.raw`{"text":"\x","status":"success"}`],
    ["bytes that are not UTF-8", withBytes(0xff, 0xc3)],
    ["half a surrogate pair", withBytes(0xed, 0xa0, 0x80)],
    ["a comma too many", `{"results":[1,],"status":"success",}`],
    ["words without quotes", `{"results":[undefined,None,True],"status":"success"}`],
    ["numbers that JSON does not have", `{"n":[0x1F,.5,+1,01],"status":"success"}`],
    ["a null byte at the end", `{"status":"success"}\u0000`],
    ["a line of text behind it", `{"status":"success"}\nDeprecated: something in line 5`],
    ["a second object behind it", `{"status":"success"}\n{"status":"error"}`],
  ])("is found: %s", (_name, source) => {
    expect(scanHowever(source)).toEqual(["success"]);
    if (typeof source === "string") expect(() => JSON.parse(source)).toThrow(SyntaxError);
  });

  it.each<[string, string]>([
    ["a string that has not ended", `{"status":"success`],
    ["an object that has not ended", `{"status":"success"`],
    ["an object that has not ended, within a string", `{"status":"success","text":"}`],
    ["an object that has not ended, after an escape", String.raw`{"status":"success","text":"\"}`],
    ["a list that has not ended", `{"results":[{"n":1},"status":"success"}`],
    ["data that has not ended", `{"data":{"status":"success"}`],
    ["an object that ends as a list", `{"status":"success"]`],
    ["data that ends as a list", `{"data":{"status":"success"],"status":"success"}`],
    ["a page with a script", `<script>{"status":"success"}</script>`],
    ["a text before it", `Warning: {"status":"success"}`],
    ["brackets before it", `]}{"status":"success"}`],
    ["nothing but a byte-order mark", "\ufeff"],
    ["UTF-16", `{"status":"success"}`.replaceAll(/./g, "$&\u0000")],
  ])("does not count: %s", (_name, text) => {
    expect(scanHowever(text)).toEqual([null]);
  });
});

const name = fc.constantFrom('"status"', '"id"', '"data"', '"results"', String.raw`"stat\u0075s"`, '"é"');
const scalar = fc.constantFrom(
  '"success"',
  '"error"',
  '"data"',
  '"waiting"',
  "1.10",
  "null",
  "true",
  String.raw`"\"}"`,
  String.raw`"\\"`,
  String.raw`"\ud800"`,
  `"${"long ".repeat(20)}"`,
);
const blank = fc.constantFrom("", " ", "\n\t");
const { value, members } = fc.letrec<{ value: string; members: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("members"),
    fc.array(tie("value"), { maxLength: 3 }).map((all) => `[${all.join(",")}]`),
  ),
  members: fc
    .array(fc.tuple(name, blank, tie("value"), blank), { maxLength: 4 })
    .map((all) => `{${all.map(([key, before, is, after]) => `${key}${before}:${is}${after}`).join(",")}}`),
}));

it.each<[string, string | null]>([
  [
    `{"id":"70d1059e-5b3c-4a6f-9d53-1f3a6c2b8e90","results":["${"x".repeat(300)}"]}`,
    "70d1059e-5b3c-4a6f-9d53-1f3a6c2b8e90",
  ],
  [`\ufeff{"data":{"type":"run","id":"a"}}`, "a"],
  [`{"results":[{"id":"a"}],"id":7}`, null],
  [`{"id":"a"`, null],
])("the id in %s is %s", (text, id) => {
  expect(scanHowever(text, findId)).toEqual([id]);
});

test("of any JSON is what a parse of the whole finds, wherever it is cut", () => {
  fc.assert(
    fc.property(fc.oneof(value, members), blank, (json, before) => {
      const text = `${before}${json}${before}`;
      expect(scanHowever(text)).toEqual([parseStatus(text)]);
      const id = parseMember(text, "id");
      // A text that is too long for an id is there, and is none.
      expect(scanHowever(text, findId)).toEqual([id !== null && id.length > 64 ? "" : id]);
    }),
    { numRuns: 1_000 },
  );
});

test("of JSON that breaks off there is none", () => {
  fc.assert(
    fc.property(members, fc.nat(), (json, cut) => {
      const bytes = UTF8.encode(json);
      expect(scan([bytes.subarray(0, cut % bytes.length)])).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});

test("takes a time that grows with the length alone, however it is nested or escaped", () => {
  for (const unit of ["[", String.raw`\\`, String.raw`\"`, '"']) {
    const scanning = new RunScan();
    const startedAt = performance.now();
    scanning.read(UTF8.encode('{"a":"'));
    scanning.read(UTF8.encode(unit.repeat(EIGHT_MIB / unit.length)));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  }
});
