import { describe, expect, test, vi } from "vitest";
import { type Envelope, locateEnvelope, spliceEnvelope } from "../../src/upstream/rewrite.ts";
import { words } from "../support/words.ts";

const ours = { callbackUrl: "https://edge.example/completions/r1", idempotencyId: "i1" };
const OURS = String.raw`"callback_url":"https://edge.example/completions/r1","idempotency_id":"i1"`;

function located(text: string): Envelope {
  JSON.parse(text);
  const envelope = locateEnvelope(text);
  if (envelope.kind !== "envelope") throw new Error(`unexpected ${JSON.stringify(envelope)}`);
  return envelope;
}

function spliced(text: string, values: { callbackUrl?: string; idempotencyId?: string } = ours): string {
  return spliceEnvelope(text, located(text), values);
}

describe("missing members are inserted at the start of data, and nothing else changes", () => {
  test.each([
    ["empty data", `{"data":{HERE}}`],
    ["blanks everywhere", ` {\r\n"data" :\t{HERE, "page" : "0" } , "x" : [ ] } `],
    ["data is not the first", `{"meta":{"data":{}},"data":{HERE}}`],
    ["an escaped data", String.raw`{"d\u0061ta":{HERE}}`],
    ["our names deeper inside", `{"data":{HERE,"inputs":{"callback_url":1,"idempotency_id":2}}}`],
    ["names that only look like ours", `{"data":{HERE,"callbackurl":1,"callback_url ":2,"":3}}`],
    ["an honest __proto__", `{"__proto__":{"data":1},"data":{HERE,"__proto__":{"callback_url":"x"}}}`],
    ["braces inside strings", `{"a":"}{][","data":{HERE,"b":"}}]],\\"{"}}`],
    [
      "strings that end in backslashes",
      String.raw`{"a\\":"\\","data":{HERE,"b":"\\\\","c":"\\\"","d\\":"x"}}`,
    ],
    ["a name twice inside inputs", `{"data":{HERE,"inputs":{"a":1,"a":2}}}`],
  ])("%s", (_, text) => {
    expect(spliced(text.replace(/HERE,?/, ""))).toBe(text.replace("HERE", OURS));
  });
});

describe("members that stand there get the new value where they stand", () => {
  const URL = '"https://edge.example/completions/r1"';
  test.each([
    ["in any order", `{"data":{"idempotency_id":ID,"page":"0","callback_url":URL}}`, `"abc"`, `""`],
    ["blanks around them", `{"data":{ "idempotency_id" : ID , "callback_url" : URL }}`, `"abc"`, "null"],
    ["escaped names", String.raw`{"data":{"callback\u005furl":URL,"\u0069dempotency_id":ID}}`, "1", "2"],
    ["values of any kind", `{"data":{"callback_url":URL ,"idempotency_id":ID}}`, "-1.5e3", `{"a":["}",{}]}`],
    [
      "backslashes",
      `{"data":{"callback_url":URL,"idempotency_id":ID}}`,
      String.raw`"\\\""`,
      String.raw`"\\"`,
    ],
  ])("%s", (_, text, id, url) => {
    const fill = (ids: string, urls: string) => text.replace("ID", () => ids).replace("URL", () => urls);
    expect(spliced(fill(id, url))).toBe(fill('"i1"', URL));
  });

  test("and one that is missing is inserted", () => {
    expect(spliced(`{"data":{"a":1.0,"idempotency_id":"abc"}}`)).toBe(
      `{"data":{"callback_url":"https://edge.example/completions/r1","a":1.0,"idempotency_id":"i1"}}`,
    );
  });
});

describe("what is not given stays", () => {
  const text = `{"data":{"callback_url":"https://client.example/hook"}}`;
  test.each([
    ["nothing", {}, text],
    ["the same value", { callbackUrl: "https://client.example/hook" }, text],
    [
      "an id alone",
      { idempotencyId: "i1" },
      `{"data":{"idempotency_id":"i1","callback_url":"https://client.example/hook"}}`,
    ],
    [
      "a URL alone",
      { callbackUrl: "https://edge.example/" },
      `{"data":{"callback_url":"https://edge.example/"}}`,
    ],
    ["a value that needs escapes", { callbackUrl: `"\\\n` }, String.raw`{"data":{"callback_url":"\"\\\n"}}`],
  ])("%s", (_, values, expected) => {
    expect(spliced(text, values)).toBe(expected);
  });
});

test("the offsets point at the values", () => {
  const text = `{"data": {"callback_url" : "u" , "idempotency_id":7, "inputs":[[{}]]}}`;
  expect(located(text)).toEqual({
    kind: "envelope",
    dataStart: 10,
    dataIsEmpty: false,
    members: { callbackUrl: { start: 27, end: 30 }, idempotencyId: { start: 50, end: 51 } },
    maxDepth: 5,
  });
});

describe("a member of the envelope that stands twice is refused", () => {
  test.each([
    [`{"data":{},"data":{}}`, "/data"],
    [String.raw`{"data":{},"x":0,"\u0064ata":{}}`, "/data"],
    [`{"data":null,"data":{}}`, "/data"],
    [String.raw`{"data":{"callback_url":"a","callback\u005Furl":"b"}}`, "/data/callback_url"],
    [`{"data":{"page":"0","page":"1","inputs":{},"inputs":{}}}`, "/data/page"],
    [`{"data":{"__proto__":1,"__proto__":2}}`, "/data/__proto__"],
    [`{"data":{"":1,"":2}}`, "/data/"],
    [`{"data":{"a/b~c":1,"a\\/b~c":2}}`, "/data/a~1b~0c"],
    [
      String.raw`{"data":{"\/\b\f\r\t\"\\":1,"/\u0008\u000c\u000d\u0009\u0022\u005c":2}}`,
      '/data/~1\b\f\r\t"\\',
    ],
    [String.raw`{"data":{"é":1,"\u00E9":2}}`, "/data/é"],
    [String.raw`{"data":{"\ud83d\ude00":1,"😀":2}}`, "/data/😀"],
    [`{"data":{"${"n".repeat(200)}":1,"${"n".repeat(200)}":2}}`, `/data/${"n".repeat(200)}`],
    [`{"data":{"${"n".repeat(201)}":1,"${"n".repeat(201)}":2}}`, "/data"],
  ])("%s", (text, pointer) => {
    JSON.parse(text);
    expect(locateEnvelope(text)).toEqual({ kind: "duplicate", pointer });
  });

  test("names that JSON tells apart are not twice the same", () => {
    expect(spliced(String.raw`{"data":{"a":1,"A":2,"\\u0061":3,"é":4,"e\u0301":5}}`, {})).toContain("data");
  });
});

const nested = (depth: number) => `{"data":{"inputs":${"[".repeat(depth - 2)}${"]".repeat(depth - 2)}}}`;
const mixed = (depth: number) =>
  `{"data":{"a":${`[{"b":`.repeat((depth - 2) / 2)}0${"}]".repeat((depth - 2) / 2)}}}`;
const beside = (depth: number) => `{"data":{},"x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

describe("nesting", () => {
  test.each([nested, mixed, beside])("500 deep is accepted", (text) => {
    expect(located(text(500)).maxDepth).toBe(500);
  });

  test.each([nested(501), mixed(502), beside(501), nested(100_000), mixed(100_000), beside(1_000_000)])(
    "501 deep is refused, and any depth beyond",
    (text) => {
      expect(locateEnvelope(text)).toEqual({ kind: "too_deep" });
    },
  );

  test("brackets side by side and in strings are not depth", () => {
    expect(located(`{"data":{"a":[${"[],".repeat(1000)}0],"b":"${"[".repeat(1000)}"}}`).maxDepth).toBe(4);
  });
});

const filled = (value: string, chars: number) =>
  `{"data":{"inputs":[${`${value},`.repeat(Math.floor(chars / (value.length + 1)))}0]}}`;

describe("a text that would take too much memory when it is parsed is refused", () => {
  const SIX_MB = 6_000_000;

  test.each(["{}", "[]", "[[[],[]]]"])("6 MB of %s", (value) => {
    expect(locateEnvelope(filled(value, SIX_MB))).toEqual({ kind: "too_many_values" });
  });

  test("6 MB of members of data", () => {
    let text = "";
    for (let n = 0; text.length < SIX_MB; n += 1) text += `"${n.toString(36)}":0,`;
    expect(locateEnvelope(`{"data":{${text}"z":0}}`)).toEqual({ kind: "too_many_values" });
  });

  test.each(["3.141592653", "1", `"x"`, `{"id":1,"v":22}`, "[1,2]"])(
    "6 MB of %s is not too much",
    (value) => {
      expect(locateEnvelope(filled(value, SIX_MB))).toMatchObject({ kind: "envelope" });
    },
  );

  test("nor is a string of 6 MB that looks like it", () => {
    expect(locateEnvelope(`{"data":{"inputs":"${"[],".repeat(2_000_000)}"}}`)).toMatchObject({
      kind: "envelope",
    });
  });
});

describe("what has no envelope is said to have none", () => {
  test.each([
    ...words`
    {} {"data":null} {"data":[]} {"data":[{}]} {"data":"{}"} {"data":12} {"x":{"data":{}}}`,
    " { } ",
  ])("%s", (text) => {
    JSON.parse(text);
    expect(locateEnvelope(text)).toEqual({ kind: "no_envelope" });
  });
});

describe("a name that a lax parser takes for one of the contract's is a fault", () => {
  test.each([
    ["/Data", "data", '{"Data":{},"data":{}}'],
    ["/DATA", "data", '{"data":{},"DATA":{}}'],
    ["/data\u0000", "data", '{"data":{},"data\\u0000":{}}'],
    ["/data/CALLBACK_URL", "callback_url", '{"data":{"callback_url":"a","CALLBACK_URL":"b"}}'],
    ["/data/Idempotency_Id", "idempotency_id", '{"data":{"Idempotency_Id":"a"}}'],
    ["/data/callback_url\u0000", "callback_url", '{"data":{"callback_url\\u0000":"a"}}'],
    ["/data/callback_url\u0000x", "callback_url", '{"data":{"callback_url\\u0000x":"a"}}'],
    ["/data\u0000x", "data", '{"data":{},"data\\u0000x":{}}'],
    ["/data/\u0131dempotency_id", "idempotency_id", '{"data":{"\u0131dempotency_id":"a"}}'],
    ["/data/\u0130dempotency_id", "idempotency_id", '{"data":{"\u0130dempotency_id":"a"}}'],
    ["/data/I\u0307NPUTS", "inputs", '{"data":{"I\u0307NPUTS":{}}}'],
    ["/data/𝐢𝐧𝐩𝐮𝐭𝐬", "inputs", '{"data":{"𝐢𝐧𝐩𝐮𝐭𝐬":{}}}'],
    ["/data/call\u200dback_url", "callback_url", '{"data":{"call\u200dback_url":"a"}}'],
    ["/data/in\u00adputs", "inputs", '{"data":{"in\u00adputs":{}}}'],
    ["/data/ｉnputs", "inputs", '{"data":{"ｉnputs":{}}}'],
    ["/data/ſelected_api", "selected_api", '{"data":{"ſelected_api":{}}}'],
  ])("%s is not %s", (pointer, known, text) => {
    expect(locateEnvelope(text)).toMatchObject({ kind: "lookalike", pointer, known });
  });

  test.each(words`
    {"data":{"callbackUrl":"a"}} {"data":{"x":{"CALLBACK_URL":"a"}}} {"x":{"DATA":{}},"data":{}}
    {"data":{"my_inputs":1}}`)("but not one that only sounds like it, or stands elsewhere: %s", (text) => {
    expect(locateEnvelope(text)).toMatchObject({ kind: "envelope" });
  });
});

test("a name as long as a body takes no more than its length, whatever its characters become", () => {
  const normalize = vi.spyOn(String.prototype, "normalize");
  const text = `{"data":{"${"\uFDFA".repeat(500_000)}\u00AD":1}}`;
  expect(locateEnvelope(text)).toMatchObject({ kind: "envelope" });
  const lengths = normalize.mock.contexts.map((folded) => String(folded).length);
  normalize.mockRestore();
  expect(Math.max(0, ...lengths)).toBeLessThan(100);
});

describe("what is no object is known by its first character", () => {
  test.each(["[]", " \r\n\t[1,2]", '[{"data":{}}]', '"data"', "1", "-0.5", "true", "false", "null"])(
    "%j begins as another value",
    (text) => {
      JSON.parse(text);
      expect(locateEnvelope(text)).toEqual({ kind: "no_object", beginsAsJson: true });
    },
  );

  test.each([
    ...words`
    data +1 .5 Infinity 'data' } ] /**/{}`,
    "",
    " \r\n\t",
    "\uFEFF{}",
    "\u00A0{}",
  ])("%j begins as nothing that is JSON", (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(locateEnvelope(text)).toEqual({ kind: "no_object", beginsAsJson: false });
  });
});

describe("a text that is no JSON gets some answer, at once", () => {
  const texts = ["", "{", '{"data', '{"data":', '{"data":{"a":"\\', '{"data":{]]]', "{,,,", '{"\\x":1'];
  const long = ["{", '{"data":{"a":', "\\"].map((text) => text.repeat(100_000));
  test.each([...texts, ...long])("%#", (text) => {
    expect(locateEnvelope(text)).toHaveProperty("kind");
  });
});
