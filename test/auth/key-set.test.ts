import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchKeySet, NO_KEYS, parseKeySet, readCopy, writeCopy } from "../../src/auth/key-set.ts";
import { never } from "../support/bindings.ts";
import { KeyServer } from "../support/key-server.ts";
import { times } from "../support/times.ts";

const URL = "https://login.example/keys.json";
const KEY = { kty: "EC", crv: "P-256", kid: "1" };
const BODY = JSON.stringify({ keys: [KEY] });

function endless(chunk: Uint8Array): ReadableStream {
  return new ReadableStream({ type: "bytes", pull: (controller) => controller.enqueue(chunk.slice()) });
}

/** A body that begins and then never goes on. */
function stuck(): ReadableStream {
  return new ReadableStream({
    type: "bytes",
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"keys":[')),
    pull: never,
  });
}

describe("fetchKeySet", () => {
  it.each([
    ["JSON", () => Response.json({ keys: [KEY] })],
    ["JSON by any other name", () => new Response(BODY, { headers: { "content-type": "text/plain" } })],
    ["JSON after a BOM", () => new Response(`\ufeff${BODY}`)],
    ["a key among others", () => Response.json({ keys: [null, 7, "k", [], {}, { kty: 1 }, KEY] })],
    ["a set with other members", () => Response.json({ issuer: "x", keys: [KEY] })],
    ["256 KB", () => new Response(BODY + " ".repeat(262_144 - BODY.length))],
  ])("takes %s", async (_, answer) => {
    const server = new KeyServer(answer);
    expect(await fetchKeySet(server, URL)).toEqual({ kind: "fetched", keys: [KEY] });
    expect(server.requests.map(({ url, method }) => [url, method])).toEqual([[URL, "GET"]]);
  });

  it.each([
    ["404", () => new Response(BODY, { status: 404 }), "status"],
    ["500", () => new Response(BODY, { status: 500 }), "status"],
    ["204", () => new Response(null, { status: 204 }), "status"],
    ["301", () => Response.redirect("https://attacker.example/keys.json", 301), "status"],
    ["307 with keys in its body", () => new Response(BODY, { status: 307 }), "status"],
    ["HTML", () => new Response("<!doctype html><title>Sign in</title>"), "not_json"],
    ["nothing", () => new Response(""), "not_json"],
    ["half a set", () => new Response(BODY.slice(0, -1)), "not_json"],
    ["256 KB and one byte", () => new Response(BODY + " ".repeat(262_145 - BODY.length)), "too_large"],
    ["5 MB", () => new Response(BODY + " ".repeat(5_000_000)), "too_large"],
    ["a body without end", () => new Response(endless(new Uint8Array(65_536).fill(32))), "too_large"],
    ["no connection", () => Promise.reject(new TypeError("connection refused")), "unreachable"],
    ["null", () => Response.json(null), "not_a_key_set"],
    ["a list", () => Response.json([KEY]), "not_a_key_set"],
    ["no keys", () => Response.json({ keys: [] }), "not_a_key_set"],
    ["keys by name", () => Response.json({ keys: { 1: KEY } }), "not_a_key_set"],
    ["no keys among them", () => Response.json({ keys: [null, 7, {}, { kty: null }] }), "not_a_key_set"],
  ])("calls %s a failure, in one request", async (_, answer, failure) => {
    const server = new KeyServer(answer);
    expect(await fetchKeySet(server, URL)).toEqual({ kind: "failed", failure });
    expect(server.calls).toBe(1);
  });

  describe("with the clock in hand", () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
    afterEach(() => void vi.useRealTimers());

    it.each([
      ["no headers", never],
      ["no end of the body", () => new Response(stuck())],
    ])("gives up after 5 seconds of %s", async (_, answer) => {
      const server = new KeyServer(answer);
      const fetched = fetchKeySet(server, URL);
      await vi.advanceTimersByTimeAsync(4999);
      expect(await Promise.race([fetched, Promise.resolve("waiting")])).toBe("waiting");
      await vi.advanceTimersByTimeAsync(1);
      expect(await fetched).toEqual({ kind: "failed", failure: "timeout" });
    });
  });
});

describe("parseKeySet", () => {
  it("counts the first hundred entries and no more", () => {
    const keys = times(101, (at) => ({ kty: "EC", kid: `${at}` }));
    expect(parseKeySet({ keys })?.at(-1)?.kid).toBe("99");
    expect(parseKeySet({ keys: [...times(100, () => null), KEY] })).toBeNull();
  });
});

describe("the copy in KV", () => {
  // printf https://login.example/keys.json | openssl dgst -sha256 -binary | basenc --base64url
  const name = "jwks:v1:972D4M9RxeRMsirhKUP-UPyO10okj7D541RW4yfMoK0";

  it("has a name without the URL in it, and holds what was fetched and when, for 24 hours", async () => {
    const set = { fetchedAtMs: 1_795_176_000_000, keys: [KEY] };
    await writeCopy(env.KV, URL, set);
    expect(await env.KV.get(name, "json")).toEqual(set);
    expect(await readCopy(env.KV, URL)).toEqual(set);
    const { keys } = await env.KV.list({ prefix: name });
    const expiresInSeconds = (keys[0]?.expiration ?? 0) - Math.floor(Date.now() / 1000);
    expect(expiresInSeconds).toBeGreaterThan(86_300);
    expect(expiresInSeconds).toBeLessThanOrEqual(86_400);
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["no date", '{"keys":[{"kty":"EC"}]}'],
    ["a date that is a string", '{"fetchedAtMs":"1","keys":[{"kty":"EC"}]}'],
    ["no keys", '{"fetchedAtMs":1}'],
  ])("is as good as none when it holds %s", async (_, text) => {
    await env.KV.put(name, text);
    expect(await readCopy(env.KV, URL)).toBe(NO_KEYS);
  });
});
