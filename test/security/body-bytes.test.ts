// docs/security.md, Requests and answers: a body as bytes. No text, too deep, too many, said to be something else.
import { describe, expect, it } from "vitest";
import { ACTION } from "../support/gateway.ts";
import { json } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import {
  besiege,
  expectProblem,
  itAddsUp,
  JSON_TYPE,
  type Post,
  post,
  toBytes,
  toCall,
  toText,
} from "./bench.ts";

const MAX_BODY_BYTES = 6_291_456;
/** A body of this depth is the deepest that passes; see src/upstream/rewrite.ts. */
const MAX_DEPTH = 500;

const { counts, gateway, attacker, refuse } = await besiege();
const whole = { pointer: "" };

describe("bytes that are no UTF-8 text are refused", () => {
  it.each<[string, (id: string) => Uint8Array<ArrayBuffer>]>([
    ["a byte-order mark", (id) => toBytes([0xef, 0xbb, 0xbf], toText(id))],
    [
      "a byte-order mark inside",
      (id) => toBytes('{"data":', [0xef, 0xbb, 0xbf], `{"idempotency_id":"${id}"}}`),
    ],
    ["Latin-1", (id) => around(id, [0xe9])],
    ["a continuation alone", (id) => around(id, [0x80])],
    ["a sequence cut short", (id) => around(id, [0xe2, 0x82])],
    ["an overlong NUL", (id) => around(id, [0xc0, 0x80])],
    ["an encoded surrogate", (id) => around(id, [0xed, 0xa0, 0x80])],
    ["beyond Unicode", (id) => around(id, [0xf4, 0x90, 0x80, 0x80])],
    ["compressed", () => new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
  ])("%s", (_name, write) => refuse((id) => ({ post: post(write(id)), status: 400, source: whole })));
});

describe("nesting that would break a parser behind us is refused, quickly", () => {
  const DEEP = 100_000;
  // A fifth of it on a machine that has nothing else to do; what takes the square of the depth takes minutes.
  const QUICK_MS = 5_000;

  it.each<[string, (id: string) => string]>([
    ["arrays in inputs", (id) => deep(id, DEEP)],
    ["objects as data, never closed", () => '{"data":'.repeat(DEEP)],
    ["beside data", (id) => `{"data":{"idempotency_id":"${id}"},"x":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`],
    ["as the whole body", () => "[".repeat(DEEP) + "]".repeat(DEEP)],
    ["one level too deep", (id) => deep(id, MAX_DEPTH - 1)],
  ])("%s", async (_name, write) => {
    await refuse((id) => {
      return { post: post(write(id)), status: 400, source: whole, twin: post(deep(id, MAX_DEPTH - 2)) };
    });
    expect(attacker.tookMs).toBeLessThan(QUICK_MS);
  });

  it("six megabytes of brackets too", async () => {
    const body = post(`{"data":${"[".repeat(6_000_000)}`);
    await refuse(() => ({ post: body, status: 400, source: whole }));
    expect(attacker.tookMs).toBeLessThan(3 * QUICK_MS);
  });
});

/** Bodies over the limit; `write` makes a text of so many bytes. */
const TOO_LARGE: [string, (write: (bytes: number) => string) => Post][] = [
  ["7 MB with their Content-Length", (write) => claiming("7000000", write(7_000_000))],
  ["7 MB without one, in one piece", (write) => post(write(7_000_000))],
  ["7 MB without one, streamed", (write) => post(toStream(write(7_000_000)))],
  ["7 MB with a false Content-Length", (write) => claiming("100", toStream(write(7_000_000)))],
  ["one byte over", (write) => post(toStream(write(MAX_BODY_BYTES + 1)))],
];

function claiming(length: string, body: BodyInit): Post {
  return post(body, { ...JSON_TYPE, "content-length": length });
}

describe("a body over the limit is refused, however its length is told", () => {
  it.each([
    ...TOO_LARGE,
    ["a Content-Length that is no number", (write) => claiming("1e2, 7", toStream(write(7_000_000)))],
    ["a small body that claims 7 MB", (write) => claiming("7000000", write(1_000))],
  ] satisfies typeof TOO_LARGE)("%s", (_name, write) =>
    refuse((id) => {
      const twin = post(toStream(largeStart(id, MAX_BODY_BYTES)));
      return { post: write((bytes) => largeStart(id, bytes)), status: 413, source: whole, twin };
    }),
  );

  it("a body without end is cut off, and its sender told to stop", async () => {
    const mebibyte = new TextEncoder().encode(" ".repeat(1_048_576));
    const seen = { pulls: 0, cancelled: false };
    const endless = new ReadableStream({
      type: "bytes",
      pull(controller) {
        seen.pulls += 1;
        controller.enqueue(mebibyte.slice());
      },
      cancel() {
        seen.cancelled = true;
      },
    });
    await refuse(() => ({ post: post(endless), status: 413, source: whole }));
    expect(seen.pulls).toBeLessThan(10);
    expect(seen.cancelled).toBe(true);
  });

  it("a body that breaks off is refused", async () => {
    await refuse((id) => {
      const broken = new ReadableStream({
        type: "bytes",
        start: (controller) => controller.enqueue(toBytes(toText(id))),
        pull() {
          throw new Error("connection lost");
        },
      });
      return { post: post(broken), status: 400, source: whole };
    });
  });
});

describe("a body over the limit does not pass through either", () => {
  const path = `/actions/v1/stored-actions/${ACTION}`;
  const change = (sent: Post) =>
    gateway.call(path, { ...toCall(sent), method: "PUT", claims: attacker.claims });

  it.each(TOO_LARGE)("%s", async (_name, write) => {
    const asked = gateway.upstream.asked.length;
    expectProblem(await change(write(largeChange)), 413, null);
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
  ])("%j", (type) => expectHeaderRefused("Content-Type", toText, { "content-type": type }));

  it("no Content-Type at all", () => expectHeaderRefused("Content-Type", (id) => toBytes(toText(id)), {}));
});

describe("a body that is said to be compressed is refused", () => {
  it.each([
    ...words`
    gzip GZIP x-gzip deflate br zstd compress aes128gcm *`,
    "gzip, gzip",
    "identity, gzip",
    "gzip, identity",
    "",
  ])("%j", (encoding) =>
    expectHeaderRefused("Content-Encoding", toText, { ...JSON_TYPE, "content-encoding": encoding }),
  );

  it.each(["gzip, chunked", "deflate, Chunked", "x, chunked"])("on its way: %j", (coding) =>
    expectHeaderRefused("Transfer-Encoding", toText, { ...JSON_TYPE, "transfer-encoding": coding }),
  );

  it("and one that really is", () =>
    expectHeaderRefused("Content-Encoding", compress, { ...JSON_TYPE, "content-encoding": "gzip" }));
});

itAddsUp(counts, { refused: 68, served: 68 });

function expectHeaderRefused(
  header: string,
  write: (id: string) => BodyInit | undefined,
  headers: Record<string, string>,
): Promise<void> {
  return refuse((id) => ({ post: post(write(id), headers), status: 400, source: { header } }));
}

function compress(id: string): ReadableStream | undefined {
  return new Response(toText(id)).body?.pipeThrough(new CompressionStream("gzip"));
}

function largeStart(id: string, bytes: number): string {
  const text = `{"data":{"idempotency_id":"${id}","inputs":""}}`;
  return text.replace('""', `"${"x".repeat(bytes - text.length)}"`);
}

function largeChange(bytes: number): string {
  return `{"title":"${"x".repeat(bytes - 12)}"}`;
}

/** `inputs` nested so many times, under an id; the whole body is two levels deeper. */
function deep(id: string, levels: number): string {
  return `{"data":{"idempotency_id":"${id}","inputs":${"[".repeat(levels)}${"]".repeat(levels)}}}`;
}

/** In pieces of 64 KiB, as they would come over a network; nothing says how many there are. */
function toStream(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    type: "bytes",
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
