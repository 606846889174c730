// docs/security.md, Requests and answers: the body of a start, and the headers that describe it.
import { describe, expect, it } from "vitest";
import { withCallersId } from "../support/callers-id.ts";
import { RUN_PATH } from "../support/gateway.ts";
import { words } from "../support/words.ts";
import { besiege, itAddsUp, JSON_TYPE, newUser, post, readRemaining, toBytes, toText } from "./bench.ts";

const { counts, gateway, refuse } = await besiege();
/** In these texts, ID stands for the id of the test's own, UNDIVIDED for the same without hyphens, ANOTHER for another one. */
const START = toText("ID");
const withId = (text: string, id: string) =>
  text
    .replaceAll("UNDIVIDED", id.replaceAll("-", ""))
    .replaceAll("ANOTHER", crypto.randomUUID())
    .replaceAll("ID", id);

/** `pointer`: the member at fault. */
function refuseText(text: string, pointer: string, path = RUN_PATH): Promise<void> {
  return refuse((id) => ({ path, post: post(withId(text, id)), status: 400, source: { pointer } }));
}

const at = (pointer: string, texts: string[]) => texts.map((text): [string, string] => [text, pointer]);

describe("a body that is no JSON is refused", () => {
  it.each<[string, string]>([
    ["empty", ""],
    ["blank", " \r\n\t"],
    ["a word", "data"],
    ["a form", "data[idempotency_id]=ID"],
    ["cut short", '{"data":{"idempotency_id":"ID"}'],
    ["two documents", START + START],
    ["followed by NUL", `${START}\0`],
    ["a trailing comma", '{"data":{"idempotency_id":"ID",}}'],
    ["a comment", `/* */${START}`],
    ["NaN", '{"data":{"idempotency_id":"ID","inputs":{"n":NaN}}}'],
    ["a raw line break in a string", '{"data":{"idempotency_id":"ID","inputs":"a\nb"}}'],
    ["a no-break space between tokens", `\u00a0${START}`],
  ])("%s", (_name, text) => refuseText(text, ""));

  it("no body at all", () => refuse(() => ({ post: post(undefined), status: 400, source: { pointer: "" } })));
});

describe("a body of another shape is refused, and the member at fault is named", () => {
  it.each([
    ...at("", words`[] null "data" [${START}]`),
    ...at(
      "/data",
      words`{} {"data":null} {"data":[]} {"data":"{}"} {"__proto__":{"data":{"idempotency_id":"ID"}}}`,
    ),
    ...at(
      "/data/idempotency_id",
      words`
      {"data":{"idempotency_id":null}} {"data":{"idempotency_id":""}} {"data":{"idempotency_id":["ID"]}}
      {"data":{"idempotency_id":"ID\n"}} {"data":{"idempotency_id":"UNDIVIDED"}}`,
    ),
    ...at("/data/page", words`{"data":{"idempotency_id":"ID","page":0}}`),
    ...at("/data/callback_url", words`{"data":{"idempotency_id":"ID","callback_url":null}}`),
  ])("%s", (text, pointer) => refuseText(text, pointer));

  it("on a one-off run as on a stored action", () => refuseText('{"data":[]}', "/data", "/actions/v1/runs"));
});

describe("a name that a lax parser takes for the envelope's own is refused", () => {
  it.each([
    [
      '{"data":{"idempotency_id":"ID","callback_url":"https://client.example/","CALLBACK_URL":"https://b.example/"}}',
      "CALLBACK_URL",
    ],
    ['{"data":{"idempotency_id":"ID","Idempotency_Id":"ANOTHER"}}', "Idempotency_Id"],
    ['{"data":{"idempotency_id":"ID","callback_url\\u0000":"https://b.example/"}}', "callback_url\u0000"],
    ['{"data":{"idempotency_id":"ID","in\\u00adputs":{}}}', "in\u00adputs"],
  ])("%s", (text, name) => refuseText(text, `/data/${name}`));

  it("beside data too", () => refuseText('{"data":{"idempotency_id":"ID"},"DATA":{}}', "/DATA"));
});

describe("a member of the envelope that stands twice is refused: no two parsers may read a body differently", () => {
  it.each([
    ['{"data":null,"data":{"idempotency_id":"ID"}}', "/data"],
    ['{"data":{"idempotency_id":"ID"},"d\\u0061ta":{}}', "/data"],
    ['{"data":{"idempotency_id":"ID","idempotency_id":"ANOTHER"}}', "/data/idempotency_id"],
    ['{"data":{"idempotency_id":"ID","\\u0069dempotency\\u005Fid":"ANOTHER"}}', "/data/idempotency_id"],
    ['{"data":{"a/b~":1,"idempotency_id":"ID","a\\/b~":2}}', "/data/a~1b~0"],
  ])("%s", (text, pointer) => refuseText(text, pointer));
});

describe("what is odd but honest reaches the upstream as it was written", () => {
  it.each<[string, string]>([
    ["blanks wherever JSON has them", '\r\n\t {"data" : {\n"idempotency_id"\t:"ID" , "inputs" : [ ] } } \n'],
    ["lone surrogates", '{"data":{"idempotency_id":"ID","inputs":{"\\ud800":"\\uDFFF\\ud83d"}}}'],
    ["text", '{"data":{"idempotency_id":"ID","inputs":"\\ud83d\\ude00😀\ufeff\\u0000\u2028"}}'],
    ["a name twice in inputs", '{"data":{"idempotency_id":"ID","inputs":{"a":1,"a":2,"data":{},"data":[]}}}'],
    [
      "the envelope's names elsewhere",
      '{"page":7,"data":{"inputs":{"page":7},"idempotency_id":"ID","PAGES":0}}',
    ],
    ["an escaped name", '{"d\\u0061ta":{"\\u0069dempotency_id":"ID"}}'],
    [
      "__proto__",
      '{"data":{"__proto__":{"polluted":1,"page":7},"idempotency_id":"ID"},"__proto__":{"polluted":1}}',
    ],
    ["an object's own methods", '{"data":{"toString":1,"toJSON":3,"then":4,"idempotency_id":"ID"}}'],
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
    [{ "transfer-encoding": "Chunked" }],
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
    expect(answers.map(readRemaining)).toEqual([199, 198]);
    expect(gateway.upstream.runUnder(id)).toBeUndefined();
    const sent = gateway.upstream.starts.at(-1)?.body ?? "";
    expect(sent).toMatch(/^\{"data":\{"idempotency_id":"[0-9a-f-]{36}",/);
    expect(sent.replace(/"idempotency_id":"[0-9a-f-]{36}",/, "")).toBe(text);
    counts.refused += 1;
    counts.served += 2;
  });
});

itAddsUp(counts, { refused: 41, served: 60 });

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
