import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { verifyToken } from "../../src/auth/token.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import { makeIssuer } from "../support/tokens.ts";
import { down, HOUR, type KeyBench, MINUTE, makeKeyBench, SECOND, T0, watchedKv } from "./key-bench.ts";

let bench: KeyBench;

beforeEach(async () => {
  bench = await makeKeyBench();
});

function failingKv(...failing: string[]): KVNamespace {
  return new Proxy(env.KV, {
    get(target, name: "get" | "put") {
      return failing.includes(name)
        ? () => Promise.reject(new Error("KV is down"))
        : target[name].bind(target);
    },
  });
}

/** What a new isolate has in memory. */
function cold(): { keys: IssuerKeys } {
  return { keys: new IssuerKeys() };
}

async function stored(name: string): Promise<{ value: unknown; expiresInSeconds: number }> {
  const { keys: listed } = await env.KV.list({ prefix: name });
  const expiration = listed[0]?.expiration ?? 0;
  return {
    value: await env.KV.get(name, "json"),
    expiresInSeconds: expiration - Math.floor(Date.now() / 1000),
  };
}

describe("keys written into the settings", () => {
  it("cost no request and no look-up, known or not", async () => {
    await bench.serve(await makeIssuer("https://inline.example"));
    const watched = watchedKv();
    expect(await bench.present(await bench.token(), T0, watched)).toBe("verified");
    expect(await bench.present(await bench.token({ kid: "unknown" }), T0, watched)).toBe("token.unknown_kid");
    expect([bench.server.calls, watched.reads, watched.writes]).toEqual([0, 0, 0]);
  });
});

describe("memory", () => {
  it("serves keys for ten minutes without any input or output", async () => {
    const watched = watchedKv();
    const token = await bench.token();
    expect(await bench.present(token, T0, watched)).toBe("verified");
    expect([bench.server.calls, watched.reads, watched.writes]).toEqual([1, 1, 1]);
    for (const elapsed of [1, SECOND, 10 * MINUTE])
      expect(await bench.present(token, T0 + elapsed, watched)).toBe("verified");
    expect([bench.server.calls, watched.reads, watched.writes]).toEqual([1, 1, 1]);
  });

  it("refreshes older keys behind the request, which does not wait", async () => {
    const token = await bench.token();
    await bench.present(token, T0);
    const answer = Promise.withResolvers<Response>();
    bench.server.answer = () => answer.promise;
    const io = makeIo({ sender: bench.server, nowMs: T0 + 10 * MINUTE + 1 });
    expect(await bench.presentTo(io, token)).toBe("verified");
    expect(bench.server.calls).toBe(2);
    expect(await bench.presentTo(io, token)).toBe("verified");
    answer.resolve(Response.json(bench.login.jwks));
    await io.settled();
    expect(await bench.present(token, T0 + 20 * MINUTE)).toBe("verified");
    expect(bench.server.calls).toBe(2);
  });

  it("is shared by a thousand first requests: one fetch", async () => {
    const answer = Promise.withResolvers<Response>();
    bench.server.answer = () => answer.promise;
    const watched = watchedKv();
    const token = await bench.token();
    const ios = Array.from({ length: 1000 }, () =>
      makeIo({ sender: bench.server, nowMs: T0, kv: watched.kv }),
    );
    const asked = bench.server.asked();
    const outcomes = ios.map((io) => bench.presentTo(io, token));
    await asked;
    answer.resolve(Response.json(bench.login.jwks));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["verified"]));
    await Promise.all(ios.map((io) => io.settled()));
    expect([bench.server.calls, watched.reads, watched.writes]).toEqual([1, 1, 1]);
  });

  it("keeps the keys of each issuer apart", async () => {
    const first = bench.login;
    const second = await makeIssuer("https://second.example", {
      jwksUri: "https://second.example/keys.json",
    });
    const jwks = new Map([
      [`${first.issuer}/keys.json`, first.jwks],
      ["https://second.example/keys.json", second.jwks],
    ]);
    const sender = { fetch: async (request: Request) => Response.json(jwks.get(request.url)) };
    const both = await configured(first, second);
    const judge = async (token: string) => {
      const io = makeIo({ sender, nowMs: T0 });
      const verdict = await verifyToken(token, both, { issuerKeys: bench.keys, ...io });
      return verdict.kind === "invalid" ? verdict.reason : verdict.kind;
    };
    expect(await judge(await first.token({}, { nowMs: T0 }))).toBe("verified");
    expect(await judge(await second.token({}, { nowMs: T0 }))).toBe("verified");
    expect(await judge(await second.token({ iss: first.issuer }, { nowMs: T0 }))).toBe("token.unknown_kid");
  });
});

describe("the copy in KV", () => {
  it("spares a new isolate the fetch, under the same rules of age", async () => {
    const token = await bench.token();
    await bench.present(token, T0);
    expect(await bench.present(token, T0 + 10 * MINUTE, cold())).toBe("verified");
    expect(bench.server.calls).toBe(1);
    expect(await bench.present(token, T0 + 10 * MINUTE + 1, cold())).toBe("verified");
    expect(bench.server.calls).toBe(2);
  });

  it("serves a new isolate for 24 hours while the issuer is down", async () => {
    const token = await bench.token();
    await bench.present(token, T0);
    bench.server.answer = down;
    expect(await bench.present(token, T0 + 24 * HOUR, cold())).toBe("verified");
    expect(await bench.present(token, T0 + 24 * HOUR + 1, cold())).toBe("unavailable, status, 30000");
    expect(bench.server.calls).toBe(3);
  });

  it("has a name without the URL in it, and holds what was fetched and when", async () => {
    const token = await bench.token();
    await bench.present(token, T0);
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(`${bench.login.issuer}/keys.json`),
    );
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace("=", "");
    const { value, ...listed } = await stored(`jwks:v1:${hash}`);
    expect(value).toEqual({ fetchedAtMs: T0, keys: bench.login.jwks.keys });
    expect(listed.expiresInSeconds).toBeGreaterThan(86_300);
    expect(listed.expiresInSeconds).toBeLessThanOrEqual(86_400);
  });

  it.each([
    ["reads", failingKv("get")],
    ["writes", failingKv("put")],
    ["reads and writes", failingKv("get", "put")],
  ])("fails no request when its %s fail", async (_, kv) => {
    const token = await bench.token();
    expect(await bench.present(token, T0, { kv })).toBe("verified");
    expect(await bench.present(token, T0 + 11 * MINUTE, { kv })).toBe("verified");
    expect(bench.server.calls).toBe(2);
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["no date", '{"keys":[{"kty":"EC"}]}'],
    ["a date that is a string", '{"fetchedAtMs":"1","keys":[{"kty":"EC"}]}'],
    ["no keys", '{"fetchedAtMs":1}'],
  ])("is as good as none when it holds %s", async (_, text) => {
    const kv = new Proxy(env.KV, {
      get(target, name: "get" | "put") {
        return name === "get" ? async () => JSON.parse(text) : target[name].bind(target);
      },
    });
    expect(await bench.present(await bench.token(), T0, { kv })).toBe("verified");
    expect(bench.server.calls).toBe(1);
  });

  it("is not written after a failed fetch", async () => {
    const token = await bench.token();
    const watched = watchedKv();
    bench.server.answer = down;
    expect(await bench.present(token, T0, watched)).toBe("unavailable, status, 30000");
    expect(watched.writes).toBe(0);
    bench.server.answer = () => Response.json(bench.login.jwks);
    expect(await bench.present(token, T0 + 30 * SECOND, watched)).toBe("verified");
    expect(watched.writes).toBe(1);
  });
});
