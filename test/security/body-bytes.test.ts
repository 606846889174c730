// SECURITY-CASES, Requests: a body as bytes. No text, too deep, too many, said to be something else.
import { describe, expect, it } from "vitest";
import { ACTION } from "../support/gateway.ts";
import { json } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import { besiege, expectProblem, itAddsUp, JSON_TYPE, type Post, post, toBytes, toText } from "./bench.ts";

const MAX_BODY_BYTES = 6_291_456;
/** A body of this depth is the deepest that passes; see src/upstream/rewrite.ts. */
const MAX_DEPTH = 500;

const { counts, gateway, attacker, refuse } = await besiege();
const whole = { pointer: "" };

describe("bytes that are no UTF-8 text are refused", () => {
  it.each<[string, (id: string) => Uint8Array<ArrayBuffer>]>([
    ["a byte-order mark", (id) => toBytes([0xef, 0xbb, 0xbf], toText(id))],
    ["a byte-order mark alone", () => toBytes([0xef, 0xbb, 0xbf])],
    [
      "a byte-order mark inside",
      (id) => toBytes('{"data":', [0xef, 0xbb, 0xbf], `{"idempotency_id":"${id}"}}`),
    ],
    ["UTF-16, little end first", (id) => utf16(toText(id), true)],
    ["UTF-16, big end first", (id) => utf16(toText(id), false)],
    ["UTF-16 with a byte-order mark", (id) => toBytes([0xff, 0xfe], [...utf16(toText(id), true)])],
    ["Latin-1", (id) => around(id, [0xe9])],
    ["a byte that UTF-8 never has", (id) => around(id, [0xff])],
    ["a continuation alone", (id) => around(id, [0x80])],
    ["a sequence cut short", (id) => around(id, [0xe2, 0x82])],
    ["a sequence cut at the end", (id) => toBytes(toText(id), [0xe2, 0x82])],
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
    ["7 MB without one, streamed", (id) => post(toStream(largeStart(id, 7_000_000)))],
    [
      "7 MB with a false Content-Length",
      (id) => post(toStream(largeStart(id, 7_000_000)), { ...JSON_TYPE, "content-length": "100" }),
    ],
    [
      "7 MB with a Content-Length that is no number",
      (id) => post(toStream(largeStart(id, 7_000_000)), { ...JSON_TYPE, "content-length": "1e2, 7" }),
    ],
    ["one byte over", (id) => post(toStream(largeStart(id, MAX_BODY_BYTES + 1)))],
    [
      "a small body that claims 7 MB",
      (id) => post(toText(id), { ...JSON_TYPE, "content-length": "7000000" }),
    ],
  ])("%s", async (_name, write) => {
    const id = crypto.randomUUID();
    const twin = post(toStream(largeStart(id, MAX_BODY_BYTES)));
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
        controller.enqueue(new TextEncoder().encode(toText(id)));
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
    ["7 MB without one, streamed", () => post(toStream(largeChange(7_000_000)))],
    [
      "7 MB with a false Content-Length",
      () => post(toStream(largeChange(7_000_000)), { ...JSON_TYPE, "content-length": "100" }),
    ],
    ["one byte over", () => post(toStream(largeChange(MAX_BODY_BYTES + 1)))],
  ])("%s", async (_name, write) => {
    const asked = gateway.upstream.asked.length;
    expectProblem(await change(write()), 413, null);
    expect(gateway.upstream.asked).toHaveLength(asked);
    counts.refused += 1;

    gateway.upstream.behave(() => json(200, {}));
    const served = await change(post(toStream(largeChange(MAX_BODY_BYTES))));
    gateway.upstream.behave((_asked, honest) => honest());
    expect([served.status, gateway.upstream.asked.at(-1)?.body.length]).toEqual([200, MAX_BODY_BYTES]);
    counts.served += 1;
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
      post: post(toText(id), { "content-type": type }),
      status: 400,
      source: { header: "Content-Type" },
    });
  });

  it("no Content-Type at all", async () => {
    const id = crypto.randomUUID();
    await refuse(id, {
      post: post(toBytes(toText(id)), {}),
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
      post: post(toText(id), { ...JSON_TYPE, "content-encoding": encoding }),
      status: 400,
      source: { header: "Content-Encoding" },
    });
  });

  it("and one that really is", async () => {
    const id = crypto.randomUUID();
    const gzipped = new Response(toText(id)).body?.pipeThrough(new CompressionStream("gzip"));
    await refuse(id, {
      post: post(gzipped, { ...JSON_TYPE, "content-encoding": "gzip" }),
      status: 400,
      source: { header: "Content-Encoding" },
    });
  });
});

itAddsUp(counts, { refused: 80, served: 80 });

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
function toStream(text: string): ReadableStream<Uint8Array> {
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

function around(id: string, bytes: number[]): Uint8Array<ArrayBuffer> {
  return toBytes(`{"data":{"idempotency_id":"${id}","inputs":"`, bytes, '"}}');
}

function utf16(text: string, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}
