// SECURITY-CASES, Requests: the body of a start, and the headers that describe it.
import { describe, expect, it } from "vitest";
import { withCallersId } from "../support/callers-id.ts";
import { RUN_PATH } from "../support/gateway.ts";
import { words } from "../support/words.ts";
import { besiege, itAddsUp, JSON_TYPE, newUser, post, remainingOf, toBytes, toText } from "./bench.ts";

const RUNS_PATH = "/actions/v1/runs";

const { counts, gateway, refuse } = await besiege();
const whole = { pointer: "" };
const data = { pointer: "/data" };
/** In these texts, ID stands for the id of the test's own, UNDIVIDED for the same without hyphens, ANOTHER for another one. */
const START = toText("ID");
const withId = (text: string, id: string) =>
  text
    .replaceAll("UNDIVIDED", id.replaceAll("-", ""))
    .replaceAll("ANOTHER", crypto.randomUUID())
    .replaceAll("ID", id);

const at = (source: { pointer: string }, texts: string[]) => texts.map((text) => ({ text, source }));

describe("a body that is no JSON is refused", () => {
  it.each<[string, string]>([
    ["empty", ""],
    ["blank", " \r\n\t"],
    ["a word", "data"],
    ["a form", "data[idempotency_id]=ID"],
    ["cut short", '{"data":{"idempotency_id":"ID"}'],
    ["cut inside a string", '{"data":{"idempotency_id":"ID'],
    ["cut inside an escape", '{"data":{"idempotency_id":"ID","inputs":"\\u00'],
    ["closed twice", `${START}}`],
    ["two documents", START + START],
    ["two lines", `${START}\n${START}`],
    ["followed by NUL", `${START}\0`],
    ["names without quotes", '{data:{idempotency_id:"ID"}}'],
    ["single quotes", START.replaceAll('"', "'")],
    ["a trailing comma", '{"data":{"idempotency_id":"ID",}}'],
    ["a leading comma", '{,"data":{"idempotency_id":"ID"}}'],
    ["no comma", '{"data":{"idempotency_id":"ID" "page":"0"}}'],
    ["no colon", '{"data" {"idempotency_id":"ID"}}'],
    ["a comment", `/* */${START}`],
    ["a line comment", `${START}// end`],
    ["an anti-hijacking prefix", `)]}',\n${START}`],
    ["NaN", '{"data":{"idempotency_id":"ID","inputs":{"n":NaN}}}'],
    ["Infinity", '{"data":{"idempotency_id":"ID","inputs":{"n":-Infinity}}}'],
    ["undefined", '{"data":{"idempotency_id":"ID","inputs":undefined}}'],
    ["a hexadecimal number", '{"data":{"idempotency_id":"ID","inputs":{"n":0x10}}}'],
    ["a leading zero", '{"data":{"idempotency_id":"ID","inputs":{"n":01}}}'],
    ["a bare fraction", '{"data":{"idempotency_id":"ID","inputs":{"n":.5}}}'],
    ["a raw line break in a string", '{"data":{"idempotency_id":"ID","inputs":"a\nb"}}'],
    ["a raw NUL in a string", '{"data":{"idempotency_id":"ID","inputs":"a\0b"}}'],
    ["an unknown escape", '{"data":{"idempotency_id":"ID","inputs":"\\x41"}}'],
    ["a no-break space between tokens", `\u00a0${START}`],
    ["a member's name that is no string", '{1:2,"data":{"idempotency_id":"ID"}}'],
  ])("%s", async (_name, text) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(withId(text, id)), status: 400, source: whole });
  });

  it("no body at all", async () => {
    await refuse(crypto.randomUUID(), { post: post(undefined), status: 400, source: whole });
  });
});

describe("a body of another shape is refused, and the member at fault is named", () => {
  it.each([
    ...at(whole, words`[] null true 0 "data" [${START}]`),
    ...at(
      data,
      words`
      {} {"data":null} {"data":[]} {"data":[{}]} {"data":"{}"} {"data":0} {"data":false}
      {"Data":{"idempotency_id":"ID"}} {"idempotency_id":"ID"} {"__proto__":{"data":{"idempotency_id":"ID"}}}
      {"constructor":{"prototype":{"data":{"idempotency_id":"ID"}}}}`,
    ),
    ...at({ pointer: "/data/idempotency_id" }, [
      ...words`
      {"data":{"idempotency_id":null}} {"data":{"idempotency_id":""}} {"data":{"idempotency_id":7}}
      {"data":{"idempotency_id":"__proto__"}} {"data":{"idempotency_id":["ID"]}}
      {"data":{"idempotency_id":{"toString":"ID"}}} {"data":{"idempotency_id":"{ID}"}}
      {"data":{"idempotency_id":"ID\n"}} {"data":{"idempotency_id":"ID\u0000"}}
      {"data":{"idempotency_id":"ID|ID"}} {"data":{"idempotency_id":"UNDIVIDED"}}`,
      '{"data":{"idempotency_id":" ID"}}',
    ]),
    ...at(
      { pointer: "/data/page" },
      words`
      {"data":{"idempotency_id":"ID","page":0}} {"data":{"idempotency_id":"ID","page":null}}
      {"data":{"idempotency_id":"ID","page":["0"]}}`,
    ),
    ...at(
      { pointer: "/data/callback_url" },
      words`
      {"data":{"idempotency_id":"ID","callback_url":null}} {"data":{"idempotency_id":"ID","callback_url":443}}
      {"data":{"idempotency_id":"ID","callback_url":{}}}
      {"data":{"idempotency_id":"ID","callback_url":["https://client.example/"]}}`,
    ),
  ])("$text", async ({ text, source }) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(withId(text, id)), status: 400, source });
  });

  it("on a one-off run as on a stored action", async () => {
    const id = crypto.randomUUID();
    await refuse(id, { path: RUNS_PATH, post: post('{"data":[]}'), status: 400, source: data });
  });
});

describe("a member of the envelope that stands twice is refused: no two parsers may read a body differently", () => {
  it.each<[string, string, string]>([
    ["data", '{"data":{"idempotency_id":"ID"},"data":{}}', "/data"],
    ["data, spelled with an escape", '{"data":{"idempotency_id":"ID"},"d\\u0061ta":{}}', "/data"],
    ["data, the first one null", '{"data":null,"data":{"idempotency_id":"ID"}}', "/data"],
    ["data, far apart", '{"data":{"idempotency_id":"ID"},"x":[{"data":0}],"data":{}}', "/data"],
    ["idempotency_id", '{"data":{"idempotency_id":"ID","idempotency_id":"ANOTHER"}}', "/data/idempotency_id"],
    [
      "idempotency_id with one value",
      '{"data":{"idempotency_id":"ID","idempotency_id":"ID"}}',
      "/data/idempotency_id",
    ],
    [
      "idempotency_id, spelled with escapes",
      '{"data":{"idempotency_id":"ID","\\u0069dempotency\\u005Fid":"ANOTHER"}}',
      "/data/idempotency_id",
    ],
    [
      "callback_url",
      '{"data":{"idempotency_id":"ID","callback_url":"https://client.example/","callback_url":"http://127.0.0.1/"}}',
      "/data/callback_url",
    ],
    [
      "callback_url, spelled with escapes",
      '{"data":{"idempotency_id":"ID","callback\\u005furl":"http://127.0.0.1/","callback_url":"https://client.example/"}}',
      "/data/callback_url",
    ],
    ["page", '{"data":{"page":"0","idempotency_id":"ID","page":"1"}}', "/data/page"],
    ["inputs", '{"data":{"inputs":{"a":1},"idempotency_id":"ID","inputs":{}}}', "/data/inputs"],
    ["a member that is not published", '{"data":{"x":1,"idempotency_id":"ID","x":2}}', "/data/x"],
    ["the empty name", '{"data":{"":1,"idempotency_id":"ID","":2}}', "/data/"],
    ["a name with a slash", '{"data":{"a/b~":1,"idempotency_id":"ID","a\\/b~":2}}', "/data/a~1b~0"],
    ["__proto__", '{"data":{"__proto__":1,"idempotency_id":"ID","__proto__":2}}', "/data/__proto__"],
    ["a surrogate half", '{"data":{"\\ud800":1,"idempotency_id":"ID","\\uD800":2}}', "/data/\ud800"],
  ])("%s", async (_name, text, pointer) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(withId(text, id)), status: 400, source: { pointer } });
  });
});

describe("what is odd but honest reaches the upstream as it was written", () => {
  it.each<[string, string]>([
    ["blanks wherever JSON has them", '\r\n\t {"data" : {\n"idempotency_id"\t:"ID" , "inputs" : [ ] } } \n'],
    ["lone surrogates", '{"data":{"idempotency_id":"ID","inputs":{"\\ud800":"\\uDFFF\\ud83d"}}}'],
    ["a pair of surrogates", '{"data":{"idempotency_id":"ID","inputs":"\\ud83d\\ude00😀"}}'],
    [
      "U+FEFF, U+0000 and U+2028 in a string",
      '{"data":{"idempotency_id":"ID","inputs":"\ufeff\\u0000\u2028"}}',
    ],
    [
      "numbers that no double holds",
      '{"data":{"idempotency_id":"ID","inputs":[12345678901234567890,1.10,1e400,-0]}}',
    ],
    ["a name twice in inputs", '{"data":{"idempotency_id":"ID","inputs":{"a":1,"a":2,"data":{},"data":[]}}}'],
    ["a name twice beside data", '{"x":1,"data":{"idempotency_id":"ID"},"x":2}'],
    [
      "the envelope's names in inputs",
      '{"data":{"inputs":{"callback_url":"http://127.0.0.1/","idempotency_id":7},"idempotency_id":"ID"}}',
    ],
    [
      "the envelope's names beside data",
      '{"callback_url":"http://127.0.0.1/","idempotency_id":7,"data":{"idempotency_id":"ID"}}',
    ],
    ["names in another case", '{"data":{"idempotency_id":"ID","PAGE":0,"Inputs":null}}'],
    ["an escaped name", '{"d\\u0061ta":{"\\u0069dempotency_id":"ID"}}'],
    [
      "__proto__ in inputs",
      '{"data":{"idempotency_id":"ID","inputs":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}}',
    ],
    [
      "__proto__ in data",
      '{"data":{"__proto__":{"polluted":1,"page":7,"callback_url":"http://127.0.0.1/"},"idempotency_id":"ID"}}',
    ],
    [
      "__proto__ beside data",
      '{"__proto__":{"polluted":1},"data":{"idempotency_id":"ID"},"constructor":{"prototype":{"polluted":1}}}',
    ],
    [
      "names of an object's own methods",
      '{"data":{"toString":1,"hasOwnProperty":2,"toJSON":3,"then":4,"idempotency_id":"ID"}}',
    ],
  ])("%s", async (_name, text) => {
    const id = crypto.randomUUID();
    expect(await sentOn(withId(text, id))).toBe(withId(text, id));
    expect(gateway.upstream.runUnder(id)).toBeDefined();
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Reflect.get([], "polluted")).toBeUndefined();
  });

  it.each<[Record<string, string>]>([
    [{ "content-type": "application/json; charset=utf-8" }],
    [{ "content-type": 'application/json;charset="UTF-8"' }],
    [{ "content-type": "application/json ; charset=utf8; profile=x" }],
    [{ "content-type": "application/json;" }],
    [{ "content-type": "APPLICATION/JSON" }],
    [{ "content-type": "application/vnd.api+json" }],
    [{ "content-encoding": "identity" }],
    // RFC 8259: JSON is UTF-8, whatever the parameter says.
    [{ "content-type": "application/json; charset=iso-8859-1" }],
    [{ "content-type": "application/json; charset=utf-16" }],
  ])("%j", async (headers) => {
    const text = `{"data":{"idempotency_id":"${crypto.randomUUID()}","inputs":"é"}}`;
    expect(await sentOn(text, headers)).toBe(text);
  });

  it("what __proto__ says of an id or a callback is no id and no callback", async () => {
    const id = crypto.randomUUID();
    const claims = newUser();
    const text = `{"data":{"__proto__":{"idempotency_id":"${id}","callback_url":"http://127.0.0.1/"},"inputs":1}}`;
    const call = { method: "POST", claims, body: text, headers: JSON_TYPE };
    const answers = [await gateway.call(RUN_PATH, call), await gateway.call(RUN_PATH, call)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    // Two runs, both counted: the id that the prototype lent was never one.
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(2);
    expect(answers.map(remainingOf)).toEqual([199, 198]);
    expect(gateway.upstream.runUnder(id)).toBeUndefined();
    const sent = gateway.upstream.starts.at(-1)?.body ?? "";
    expect(sent).toMatch(/^\{"data":\{"idempotency_id":"[0-9a-f-]{36}",/);
    expect(sent.replace(/"idempotency_id":"[0-9a-f-]{36}",/, "")).toBe(text);
    counts.refused += 1;
    counts.served += 2;
  });
});

it("a malformed request under a known id is told the known answer, and starts nothing", async () => {
  const id = crypto.randomUUID();
  const claims = newUser();
  const first = await gateway.call(RUN_PATH, {
    method: "POST",
    claims,
    body: toText(id),
    headers: JSON_TYPE,
  });
  const asked = gateway.upstream.asked.length;
  const body = `{"data":{"idempotency_id":"${id}","page":0}}`;
  const second = await gateway.call(RUN_PATH, { method: "POST", claims, body, headers: JSON_TYPE });
  expect([second.status, second.text]).toEqual([202, first.text]);
  expect(second.headers.get("idempotency-payload-mismatch")).toBe("true");
  expect(gateway.upstream.asked).toHaveLength(asked);
  counts.refused += 1;
  counts.served += 1;
});

itAddsUp(counts, { refused: 87, served: 112 });

/** What the upstream gets of a start that is served. */
async function sentOn(text: string, headers: Record<string, string> = {}): Promise<string | undefined> {
  const answer = await gateway.call(RUN_PATH, {
    method: "POST",
    claims: { rate_limit: { exempt: true } },
    circumstances: { rateLimit: "off" },
    body: toBytes(text),
    headers: { ...JSON_TYPE, ...headers },
  });
  expect(answer.status).toBe(202);
  counts.served += 1;
  const start = gateway.upstream.starts.at(-1);
  return start && withCallersId(start.body, start.headers.get("x-idempotency-id"));
}
