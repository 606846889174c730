// SECURITY-CASES, Requests: the body of a start, and the headers that describe it.
import { beforeAll, describe, expect, it } from "vitest";
import { withCallersId } from "../support/callers-id.ts";
import { ACTION, type Gateway, makeGateway, RUN_PATH } from "../support/gateway.ts";
import { json } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import {
  type Attack,
  Attacker,
  expectProblem,
  itAddsUp,
  JSON_TYPE,
  type Post,
  post,
  remainingOf,
  somebody,
  textOf,
} from "./bench.ts";

const MAX_BODY_BYTES = 6_291_456;
/** A body of this depth is the deepest that passes; see src/upstream/rewrite.ts. */
const MAX_DEPTH = 500;
const RUNS_PATH = "/actions/v1/runs";

const tally = { refused: 0, served: 0 };
let gateway: Gateway;
let attacker: Attacker;

beforeAll(async () => {
  gateway = await makeGateway();
  attacker = new Attacker(gateway, tally);
});

const refuse = (id: string, attack: Attack) => attacker.tryStart(id, attack);
const whole = { pointer: "" };
const data = { pointer: "/data" };

describe("a body that is no JSON is refused", () => {
  it.each<[string, (id: string) => string]>([
    ["empty", () => ""],
    ["blank", () => " \r\n\t"],
    ["a word", () => "data"],
    ["a form", (id) => `data[idempotency_id]=${id}`],
    ["cut short", (id) => `{"data":{"idempotency_id":"${id}"}`],
    ["cut inside a string", (id) => `{"data":{"idempotency_id":"${id}`],
    ["cut inside an escape", (id) => `{"data":{"idempotency_id":"${id}","inputs":"\\u00`],
    ["closed twice", (id) => `${textOf(id)}}`],
    ["two documents", (id) => textOf(id) + textOf(id)],
    ["two lines", (id) => `${textOf(id)}\n${textOf(id)}`],
    ["followed by NUL", (id) => `${textOf(id)}\0`],
    ["names without quotes", (id) => `{data:{idempotency_id:"${id}"}}`],
    ["single quotes", (id) => textOf(id).replaceAll('"', "'")],
    ["a trailing comma", (id) => `{"data":{"idempotency_id":"${id}",}}`],
    ["a leading comma", (id) => `{,"data":{"idempotency_id":"${id}"}}`],
    ["no comma", (id) => `{"data":{"idempotency_id":"${id}" "page":"0"}}`],
    ["no colon", (id) => `{"data" {"idempotency_id":"${id}"}}`],
    ["a comment", (id) => `/* */${textOf(id)}`],
    ["a line comment", (id) => `${textOf(id)}// end`],
    ["an anti-hijacking prefix", (id) => `)]}',\n${textOf(id)}`],
    ["NaN", (id) => `{"data":{"idempotency_id":"${id}","inputs":{"n":NaN}}}`],
    ["Infinity", (id) => `{"data":{"idempotency_id":"${id}","inputs":{"n":-Infinity}}}`],
    ["undefined", (id) => `{"data":{"idempotency_id":"${id}","inputs":undefined}}`],
    ["a hexadecimal number", (id) => `{"data":{"idempotency_id":"${id}","inputs":{"n":0x10}}}`],
    ["a leading zero", (id) => `{"data":{"idempotency_id":"${id}","inputs":{"n":01}}}`],
    ["a bare fraction", (id) => `{"data":{"idempotency_id":"${id}","inputs":{"n":.5}}}`],
    ["a raw line break in a string", (id) => `{"data":{"idempotency_id":"${id}","inputs":"a\nb"}}`],
    ["a raw NUL in a string", (id) => `{"data":{"idempotency_id":"${id}","inputs":"a\0b"}}`],
    ["an unknown escape", (id) => `{"data":{"idempotency_id":"${id}","inputs":"\\x41"}}`],
    ["a no-break space between tokens", (id) => `\u00a0${textOf(id)}`],
    ["a member's name that is no string", (id) => `{1:2,"data":{"idempotency_id":"${id}"}}`],
  ])("%s", async (_name, write) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(write(id)), status: 400, source: whole });
  });

  it("no body at all", async () => {
    await refuse(crypto.randomUUID(), { post: post(undefined), status: 400, source: whole });
  });
});

describe("a body of another shape is refused, and the member at fault is named", () => {
  it.each<[(id: string) => string, { pointer: string }]>([
    [() => "[]", whole],
    [() => "null", whole],
    [() => "true", whole],
    [() => "0", whole],
    [() => '"data"', whole],
    [(id) => `[${textOf(id)}]`, whole],
    [() => "{}", data],
    [() => '{"data":null}', data],
    [() => '{"data":[]}', data],
    [() => '{"data":[{}]}', data],
    [() => '{"data":"{}"}', data],
    [() => '{"data":0}', data],
    [() => '{"data":false}', data],
    [(id) => `{"Data":{"idempotency_id":"${id}"}}`, data],
    [(id) => `{"idempotency_id":"${id}"}`, data],
    [(id) => `{"__proto__":{"data":{"idempotency_id":"${id}"}}}`, data],
    [(id) => `{"constructor":{"prototype":{"data":{"idempotency_id":"${id}"}}}}`, data],
    [() => '{"data":{"idempotency_id":null}}', { pointer: "/data/idempotency_id" }],
    [() => '{"data":{"idempotency_id":""}}', { pointer: "/data/idempotency_id" }],
    [() => '{"data":{"idempotency_id":7}}', { pointer: "/data/idempotency_id" }],
    [() => '{"data":{"idempotency_id":"__proto__"}}', { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":["${id}"]}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":{"toString":"${id}"}}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":"{${id}}"}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":" ${id}"}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":"${id}\\n"}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":"${id}\\u0000"}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":"${id}|${id}"}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":"${id.replaceAll("-", "")}"}}`, { pointer: "/data/idempotency_id" }],
    [(id) => `{"data":{"idempotency_id":"${id}","page":0}}`, { pointer: "/data/page" }],
    [(id) => `{"data":{"idempotency_id":"${id}","page":null}}`, { pointer: "/data/page" }],
    [(id) => `{"data":{"idempotency_id":"${id}","page":["0"]}}`, { pointer: "/data/page" }],
    [(id) => `{"data":{"idempotency_id":"${id}","callback_url":null}}`, { pointer: "/data/callback_url" }],
    [(id) => `{"data":{"idempotency_id":"${id}","callback_url":443}}`, { pointer: "/data/callback_url" }],
    [(id) => `{"data":{"idempotency_id":"${id}","callback_url":{}}}`, { pointer: "/data/callback_url" }],
    [
      (id) => `{"data":{"idempotency_id":"${id}","callback_url":["https://client.example/"]}}`,
      { pointer: "/data/callback_url" },
    ],
  ])("%s", async (write, source) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(write(id)), status: 400, source });
  });

  it("on a one-off run as on a stored action", async () => {
    const id = crypto.randomUUID();
    await refuse(id, { path: RUNS_PATH, post: post('{"data":[]}'), status: 400, source: data });
  });
});

describe("a member of the envelope that stands twice is refused: no two parsers may read a body differently", () => {
  it.each<[string, (id: string) => string, string]>([
    ["data", (id) => `{"data":{"idempotency_id":"${id}"},"data":{}}`, "/data"],
    ["data, spelled with an escape", (id) => `{"data":{"idempotency_id":"${id}"},"d\\u0061ta":{}}`, "/data"],
    ["data, the first one null", (id) => `{"data":null,"data":{"idempotency_id":"${id}"}}`, "/data"],
    ["data, far apart", (id) => `{"data":{"idempotency_id":"${id}"},"x":[{"data":0}],"data":{}}`, "/data"],
    [
      "idempotency_id",
      (id) => `{"data":{"idempotency_id":"${id}","idempotency_id":"${crypto.randomUUID()}"}}`,
      "/data/idempotency_id",
    ],
    [
      "idempotency_id with one value",
      (id) => `{"data":{"idempotency_id":"${id}","idempotency_id":"${id}"}}`,
      "/data/idempotency_id",
    ],
    [
      "idempotency_id, spelled with escapes",
      (id) => `{"data":{"idempotency_id":"${id}","\\u0069dempotency\\u005Fid":"${crypto.randomUUID()}"}}`,
      "/data/idempotency_id",
    ],
    [
      "callback_url",
      (id) =>
        `{"data":{"idempotency_id":"${id}","callback_url":"https://client.example/","callback_url":"http://127.0.0.1/"}}`,
      "/data/callback_url",
    ],
    [
      "callback_url, spelled with escapes",
      (id) =>
        `{"data":{"idempotency_id":"${id}","callback\\u005furl":"http://127.0.0.1/","callback_url":"https://client.example/"}}`,
      "/data/callback_url",
    ],
    ["page", (id) => `{"data":{"page":"0","idempotency_id":"${id}","page":"1"}}`, "/data/page"],
    ["inputs", (id) => `{"data":{"inputs":{"a":1},"idempotency_id":"${id}","inputs":{}}}`, "/data/inputs"],
    ["a member that nobody here knows", (id) => `{"data":{"x":1,"idempotency_id":"${id}","x":2}}`, "/data/x"],
    ["the empty name", (id) => `{"data":{"":1,"idempotency_id":"${id}","":2}}`, "/data/"],
    [
      "a name with a slash",
      (id) => `{"data":{"a/b~":1,"idempotency_id":"${id}","a\\/b~":2}}`,
      "/data/a~1b~0",
    ],
    [
      "__proto__",
      (id) => `{"data":{"__proto__":1,"idempotency_id":"${id}","__proto__":2}}`,
      "/data/__proto__",
    ],
    [
      "a surrogate half",
      (id) => `{"data":{"\\ud800":1,"idempotency_id":"${id}","\\uD800":2}}`,
      "/data/\ud800",
    ],
  ])("%s", async (_name, write, pointer) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(write(id)), status: 400, source: { pointer } });
  });
});

describe("bytes that are no UTF-8 text are refused", () => {
  it.each<[string, (id: string) => Uint8Array<ArrayBuffer>]>([
    ["a byte-order mark", (id) => bytesOf([0xef, 0xbb, 0xbf], textOf(id))],
    ["a byte-order mark alone", () => bytesOf([0xef, 0xbb, 0xbf])],
    [
      "a byte-order mark inside",
      (id) => bytesOf('{"data":', [0xef, 0xbb, 0xbf], `{"idempotency_id":"${id}"}}`),
    ],
    ["UTF-16, little end first", (id) => utf16(textOf(id), true)],
    ["UTF-16, big end first", (id) => utf16(textOf(id), false)],
    ["UTF-16 with a byte-order mark", (id) => bytesOf([0xff, 0xfe], [...utf16(textOf(id), true)])],
    ["Latin-1", (id) => around(id, [0xe9])],
    ["a byte that UTF-8 never has", (id) => around(id, [0xff])],
    ["a continuation alone", (id) => around(id, [0x80])],
    ["a sequence cut short", (id) => around(id, [0xe2, 0x82])],
    ["a sequence cut at the end", (id) => bytesOf(textOf(id), [0xe2, 0x82])],
    ["an overlong NUL", (id) => around(id, [0xc0, 0x80])],
    ["an overlong quote", (id) => around(id, [0xc0, 0xa2])],
    ["an encoded surrogate", (id) => around(id, [0xed, 0xa0, 0x80])],
    ["a pair of encoded surrogates", (id) => around(id, [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80])],
    ["beyond Unicode", (id) => around(id, [0xf4, 0x90, 0x80, 0x80])],
    ["compressed", () => new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
  ])("%s", async (_name, write) => {
    const id = crypto.randomUUID();
    await refuse(id, { post: post(write(id)), status: 400, source: whole });
  });
});

describe("nesting that would break a parser behind us is refused, quickly", () => {
  const DEEP = 100_000;
  // A fifth of it on a machine that has nothing else to do; what takes the square of the depth takes minutes.
  const QUICK_MS = 5_000;

  it.each<[string, (id: string) => string]>([
    ["arrays in inputs", (id) => deep(id, "[", "]", DEEP)],
    ["objects in inputs", (id) => deep(id, '{"a":', "}", DEEP, "0")],
    [
      "arrays in inputs, never closed",
      (id) => `{"data":{"idempotency_id":"${id}","inputs":${"[".repeat(DEEP)}`,
    ],
    ["arrays as data", () => `{"data":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`],
    ["objects as data", () => `${'{"data":'.repeat(DEEP)}0${"}".repeat(DEEP)}`],
    ["beside data", (id) => `{"data":{"idempotency_id":"${id}"},"x":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`],
    ["in place of the id", () => `{"data":{"idempotency_id":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}}`],
    ["as the whole body", () => "[".repeat(DEEP) + "]".repeat(DEEP)],
    ["as the whole body, never closed", () => "[".repeat(DEEP)],
    ["one level too deep", (id) => deep(id, "[", "]", MAX_DEPTH - 1)],
  ])("%s", async (_name, write) => {
    const id = crypto.randomUUID();
    const twin = post(deep(id, "[", "]", MAX_DEPTH - 2));
    const tookMs = await refuse(id, { post: post(write(id)), status: 400, source: whole, twin });
    expect(tookMs).toBeLessThan(QUICK_MS);
  });

  it.each([
    ["alone", ""],
    ["in data", '{"data":'],
    ["beside data", '{"x":'],
  ])("six megabytes of brackets too, %s", async (_name, before) => {
    const body = before + "[".repeat(6_000_000);
    const tookMs = await refuse(crypto.randomUUID(), { post: post(body), status: 400, source: whole });
    expect(tookMs).toBeLessThan(3 * QUICK_MS);
  });
});

describe("a body over the limit is refused, however its length is told", () => {
  it.each<[string, (id: string) => Post]>([
    [
      "7 MB with their Content-Length",
      (id) => post(largeStart(id, 7_000_000), { ...JSON_TYPE, "content-length": "7000000" }),
    ],
    ["7 MB without one, in one piece", (id) => post(largeStart(id, 7_000_000))],
    ["7 MB without one, streamed", (id) => post(streamOf(largeStart(id, 7_000_000)))],
    [
      "7 MB with a false Content-Length",
      (id) => post(streamOf(largeStart(id, 7_000_000)), { ...JSON_TYPE, "content-length": "100" }),
    ],
    [
      "7 MB with a Content-Length that is no number",
      (id) => post(streamOf(largeStart(id, 7_000_000)), { ...JSON_TYPE, "content-length": "1e2, 7" }),
    ],
    ["one byte over", (id) => post(streamOf(largeStart(id, MAX_BODY_BYTES + 1)))],
    [
      "a small body that claims 7 MB",
      (id) => post(textOf(id), { ...JSON_TYPE, "content-length": "7000000" }),
    ],
  ])("%s", async (_name, write) => {
    const id = crypto.randomUUID();
    const twin = post(streamOf(largeStart(id, MAX_BODY_BYTES)));
    await refuse(id, { post: write(id), status: 413, source: whole, twin });
  });

  it("a body without end is cut off, and its sender told to stop", async () => {
    const id = crypto.randomUUID();
    const mebibyte = new TextEncoder().encode(" ".repeat(1_048_576));
    const seen = { pulls: 0, cancelled: false };
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        seen.pulls += 1;
        controller.enqueue(mebibyte);
      },
      cancel() {
        seen.cancelled = true;
      },
    });
    await refuse(id, { post: post(endless), status: 413, source: whole });
    expect(seen.pulls).toBeLessThan(10);
    expect(seen.cancelled).toBe(true);
  });

  it("a body that breaks off is refused", async () => {
    const id = crypto.randomUUID();
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(textOf(id)));
      },
      pull() {
        throw new Error("connection lost");
      },
    });
    await refuse(id, { post: post(broken), status: 400, source: whole });
  });
});

describe("a body over the limit does not pass through either", () => {
  const path = `/actions/v1/stored-actions/${ACTION}`;
  const change = async ({ body, headers }: Post) => {
    const call = { method: "PUT", headers, ...(body === undefined ? {} : { body }) };
    return gateway.call(path, { ...call, claims: attacker.claims });
  };

  it.each<[string, () => Post]>([
    [
      "7 MB with their Content-Length",
      () => post(largeChange(7_000_000), { ...JSON_TYPE, "content-length": "7000000" }),
    ],
    ["7 MB without one, in one piece", () => post(largeChange(7_000_000))],
    ["7 MB without one, streamed", () => post(streamOf(largeChange(7_000_000)))],
    [
      "7 MB with a false Content-Length",
      () => post(streamOf(largeChange(7_000_000)), { ...JSON_TYPE, "content-length": "100" }),
    ],
    ["one byte over", () => post(streamOf(largeChange(MAX_BODY_BYTES + 1)))],
  ])("%s", async (_name, write) => {
    const asked = gateway.upstream.asked.length;
    expectProblem(await change(write()), 413, null);
    expect(gateway.upstream.asked).toHaveLength(asked);
    tally.refused += 1;

    gateway.upstream.behave(() => json(200, {}));
    const served = await change(post(streamOf(largeChange(MAX_BODY_BYTES))));
    gateway.upstream.behave((_asked, honest) => honest());
    expect([served.status, gateway.upstream.asked.at(-1)?.body.length]).toEqual([200, MAX_BODY_BYTES]);
    tally.served += 1;
  });
});

describe("a body that is not said to be JSON is refused", () => {
  it.each([
    ...words`
    text/plain text/plain;charset=UTF-8 text/json text/html application/x-www-form-urlencoded
    application/xml application/jsonp application/json5 application/x-ndjson application/json/x application
    json */* application/*+json`,
    "",
    "multipart/form-data; boundary=x",
    "application/json, text/plain",
    "text/plain, application/json",
    "text/plain; application/json",
    "text/plain; charset=application/json",
    "application/ json",
  ])("%j", async (type) => {
    const id = crypto.randomUUID();
    await refuse(id, {
      post: post(textOf(id), { "content-type": type }),
      status: 400,
      source: { header: "Content-Type" },
    });
  });

  it("no Content-Type at all", async () => {
    const id = crypto.randomUUID();
    await refuse(id, {
      post: post(bytesOf(textOf(id)), {}),
      status: 400,
      source: { header: "Content-Type" },
    });
  });
});

describe("a body that is said to be compressed is refused", () => {
  it.each([
    ...words`
    gzip GZIP x-gzip deflate br zstd compress aes128gcm *`,
    "gzip, gzip",
    "identity, gzip",
    "gzip, identity",
    "",
  ])("%j", async (encoding) => {
    const id = crypto.randomUUID();
    await refuse(id, {
      post: post(textOf(id), { ...JSON_TYPE, "content-encoding": encoding }),
      status: 400,
      source: { header: "Content-Encoding" },
    });
  });

  it("and one that really is", async () => {
    const id = crypto.randomUUID();
    const gzipped = new Response(textOf(id)).body?.pipeThrough(new CompressionStream("gzip"));
    await refuse(id, {
      post: post(gzipped, { ...JSON_TYPE, "content-encoding": "gzip" }),
      status: 400,
      source: { header: "Content-Encoding" },
    });
  });
});

describe("what is odd but honest reaches the upstream as it was written", () => {
  it.each<[string, (id: string) => string]>([
    [
      "blanks wherever JSON has them",
      (id) => `\r\n\t {"data" : {\n"idempotency_id"\t:"${id}" , "inputs" : [ ] } } \n`,
    ],
    ["lone surrogates", (id) => `{"data":{"idempotency_id":"${id}","inputs":{"\\ud800":"\\uDFFF\\ud83d"}}}`],
    ["a pair of surrogates", (id) => `{"data":{"idempotency_id":"${id}","inputs":"\\ud83d\\ude00😀"}}`],
    [
      "U+FEFF, U+0000 and U+2028 in a string",
      (id) => `{"data":{"idempotency_id":"${id}","inputs":"\ufeff\\u0000\u2028"}}`,
    ],
    [
      "numbers that no double holds",
      (id) => `{"data":{"idempotency_id":"${id}","inputs":[12345678901234567890,1.10,1e400,-0]}}`,
    ],
    [
      "a name twice in inputs",
      (id) => `{"data":{"idempotency_id":"${id}","inputs":{"a":1,"a":2,"data":{},"data":[]}}}`,
    ],
    ["a name twice beside data", (id) => `{"x":1,"data":{"idempotency_id":"${id}"},"x":2}`],
    [
      "the envelope's names in inputs",
      (id) =>
        `{"data":{"inputs":{"callback_url":"http://127.0.0.1/","idempotency_id":7},"idempotency_id":"${id}"}}`,
    ],
    [
      "the envelope's names beside data",
      (id) => `{"callback_url":"http://127.0.0.1/","idempotency_id":7,"data":{"idempotency_id":"${id}"}}`,
    ],
    ["names in another case", (id) => `{"data":{"idempotency_id":"${id}","PAGE":0,"Inputs":null}}`],
    ["an escaped name", (id) => `{"d\\u0061ta":{"\\u0069dempotency_id":"${id}"}}`],
    [
      "__proto__ in inputs",
      (id) =>
        `{"data":{"idempotency_id":"${id}","inputs":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}}`,
    ],
    [
      "__proto__ in data",
      (id) =>
        `{"data":{"__proto__":{"polluted":1,"page":7,"callback_url":"http://127.0.0.1/"},"idempotency_id":"${id}"}}`,
    ],
    [
      "__proto__ beside data",
      (id) =>
        `{"__proto__":{"polluted":1},"data":{"idempotency_id":"${id}"},"constructor":{"prototype":{"polluted":1}}}`,
    ],
    [
      "names of an object's own methods",
      (id) => `{"data":{"toString":1,"hasOwnProperty":2,"toJSON":3,"then":4,"idempotency_id":"${id}"}}`,
    ],
  ])("%s", async (_name, write) => {
    const id = crypto.randomUUID();
    expect(await sentOn(write(id))).toBe(write(id));
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
    const claims = somebody();
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
    tally.refused += 1;
    tally.served += 2;
  });
});

it("a malformed request under a known id is told the known answer, and starts nothing", async () => {
  const id = crypto.randomUUID();
  const claims = somebody();
  const first = await gateway.call(RUN_PATH, {
    method: "POST",
    claims,
    body: textOf(id),
    headers: JSON_TYPE,
  });
  const asked = gateway.upstream.asked.length;
  const body = `{"data":{"idempotency_id":"${id}","page":0}}`;
  const second = await gateway.call(RUN_PATH, { method: "POST", claims, body, headers: JSON_TYPE });
  expect([second.status, second.text]).toEqual([202, first.text]);
  expect(second.headers.get("idempotency-payload-mismatch")).toBe("true");
  expect(gateway.upstream.asked).toHaveLength(asked);
  tally.refused += 1;
  tally.served += 1;
});

itAddsUp(tally, { refused: 167, served: 192 });

/** What the upstream gets of a start that is served. */
async function sentOn(text: string, headers: Record<string, string> = {}): Promise<string | undefined> {
  const answer = await gateway.call(RUN_PATH, {
    method: "POST",
    claims: { rate_limit: { exempt: true } },
    circumstances: { rateLimit: "off" },
    body: bytesOf(text),
    headers: { ...JSON_TYPE, ...headers },
  });
  expect(answer.status).toBe(202);
  tally.served += 1;
  const start = gateway.upstream.starts.at(-1);
  return start && withCallersId(start.body, start.headers.get("x-idempotency-id"));
}

function bytesOf(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  return new Uint8Array(
    parts.flatMap((part) => [...(typeof part === "string" ? encoder.encode(part) : part)]),
  );
}

function around(id: string, bytes: number[]): Uint8Array<ArrayBuffer> {
  return bytesOf(`{"data":{"idempotency_id":"${id}","inputs":"`, bytes, '"}}');
}

function utf16(text: string, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}

function largeStart(id: string, bytes: number): string {
  const text = `{"data":{"idempotency_id":"${id}","inputs":""}}`;
  return text.replace('""', `"${"x".repeat(bytes - text.length)}"`);
}

function largeChange(bytes: number): string {
  return `{"title":"${"x".repeat(bytes - 12)}"}`;
}

/** `inputs` nested so many times, under an id; the whole body is two levels deeper. */
function deep(id: string, open: string, close: string, levels: number, innermost = ""): string {
  const inputs = open.repeat(levels) + innermost + close.repeat(levels);
  return `{"data":{"idempotency_id":"${id}","inputs":${inputs}}}`;
}

/** In pieces of 64 KiB, as they would come over a network; nothing says how many there are. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(sent, sent + 65_536));
      sent += 65_536;
    },
  });
}
