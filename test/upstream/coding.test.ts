import { describe, expect, it } from "vitest";
import { readBlocks } from "../../src/platform/outbound/read-body.ts";
import { decode } from "../../src/upstream/coding.ts";
import { gzip } from "../support/gzip.ts";
import { times } from "../support/times.ts";
import { words } from "../support/words.ts";

const TEXT = '{"a":1.10}';
const BROTLI = "iwSAeyJhIjoxLjEwfQM=";
const BLOCK = 65_536;

/** What gzip does not make smaller: it knows the last 32 kB only. */
const RANDOM = crypto.getRandomValues(new Uint8Array(BLOCK));

function answer(coding: string | null, body: BodyInit | null): Response {
  const headers = new Headers({ etag: '"1"' });
  if (coding !== null) headers.set("content-encoding", coding);
  return new Response(body, { status: 202, headers, encodeBody: "manual" });
}

async function zipped(...parts: (Uint8Array | string)[]): Promise<Uint8Array> {
  return new Uint8Array(await new Response(gzip(...parts)).arrayBuffer());
}

describe("an answer", () => {
  it.each([null, ...words`identity Identity gzip br`])("in %s is the runtime's to decode", async (coding) => {
    const given = answer(coding, TEXT);
    expect(await decode(given)).toBe(given);
  });

  it.each(words`GZIP Gzip x-gzip X-GZIP`)("in %s is decoded, and keeps what else it says", async (coding) => {
    const decoded = await decode(answer(coding, gzip(TEXT)));
    expect([decoded?.status, Object.fromEntries(decoded?.headers ?? [])]).toEqual([202, { etag: '"1"' }]);
    expect(await decoded?.text()).toBe(TEXT);
  });

  it("in BR too", async () => {
    const bytes = Uint8Array.from(atob(BROTLI), (one) => one.charCodeAt(0));
    expect(await (await decode(answer("BR", bytes)))?.text()).toBe(TEXT);
  });

  it.each([...words`deflate zstd compress x-br`, "gzip, br", "gzip, identity"])(
    "in %s is nonsense",
    async (coding) => {
      expect(await decode(answer(coding, TEXT))).toBeNull();
    },
  );

  it.each([...words`gzip deflate`, "gzip, chunked", "Gzip,Chunked", "chunked, chunked"])(
    "with Transfer-Encoding: %s is nonsense, whatever else it says",
    async (transfer) => {
      for (const coding of [null, "gzip", "GZIP"]) {
        const given = answer(coding, gzip(TEXT));
        given.headers.set("transfer-encoding", transfer);
        expect(await decode(given)).toBeNull();
      }
    },
  );

  it.each(words`chunked Chunked identity`)("with Transfer-Encoding: %s is what it is", async (transfer) => {
    const given = answer(null, TEXT);
    given.headers.set("transfer-encoding", transfer);
    expect(await decode(given)).toBe(given);
  });

  it.each(words`gzip br GZIP deflate`)("of no bytes is none in %s either", async (coding) => {
    const given = answer(coding, "");
    given.headers.set("content-length", "0");
    const decoded = await decode(given);
    expect([decoded?.body, decoded?.headers.get("content-encoding")]).toEqual([null, null]);
  });

  it("without a body needs no decoding", async () => {
    const given = answer("deflate", null);
    given.headers.set("transfer-encoding", "gzip, chunked");
    expect(await decode(given)).toBe(given);
  });
});

describe("a body that is decoded here", () => {
  it("and breaks off has no end", async () => {
    const half = (await zipped(RANDOM)).subarray(0, BLOCK / 2);
    await expect((await decode(answer("GZIP", half)))?.text()).rejects.toThrow();
  });

  it("and is not what it says has no end either", async () => {
    await expect((await decode(answer("GZIP", TEXT)))?.text()).rejects.toThrow();
  });

  it("comes in blocks", async () => {
    const whole = await decode(answer("GZIP", await zipped(...times(9, () => RANDOM))));
    const sizes: number[] = [];
    if (whole?.body)
      for await (const { bytes } of readBlocks(whole.body, {
        blockTimeoutMs: 5_000,
        untilMs: Date.now() + 5_000,
      }))
        sizes.push(bytes.byteLength);
    expect(sizes).toEqual([4 * BLOCK, 4 * BLOCK, BLOCK]);
  });

  it("is asked for no faster than it is read", async () => {
    const bytes = await zipped(...times(256, () => RANDOM));
    let sent = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(bytes.subarray(sent, sent + BLOCK));
        sent += BLOCK;
        if (sent >= bytes.byteLength) controller.close();
      },
    });
    const decoded = await decode(answer("GZIP", source));
    const reader = decoded?.body?.getReader();
    await reader?.read();
    await scheduler.wait(200);
    expect(sent).toBeLessThan(16 * BLOCK);
    await reader?.cancel();
  });
});
