import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeIo } from "../support/auth-io.ts";
import { makeKey } from "../support/tokens.ts";
import { down, HOUR, type KeyBench, MINUTE, makeKeyBench, SECOND, T0 } from "./key-bench.ts";

let bench: KeyBench;

beforeEach(async () => {
  bench = await makeKeyBench();
});

function silence(): Promise<Response> {
  return new Promise(() => undefined);
}

describe("an unknown kid", () => {
  it("causes one fetch per 30 seconds, counted from the start of the last", async () => {
    await bench.present(await bench.token(), T0);
    const unknown = await bench.token({ kid: "unknown" });
    expect(await bench.present(unknown, T0 + 29_999)).toBe("token.unknown_kid");
    expect(bench.server.calls).toBe(1);
    expect(await bench.present(unknown, T0 + 30_000)).toBe("token.unknown_kid");
    expect(bench.server.calls).toBe(2);
    expect(await bench.present(unknown, T0 + 59_999)).toBe("token.unknown_kid");
    expect(bench.server.calls).toBe(2);
    expect(await bench.present(unknown, T0 + 60_000)).toBe("token.unknown_kid");
    expect(bench.server.calls).toBe(3);
  });

  it("causes no more than that when the fetches fail", async () => {
    await bench.present(await bench.token(), T0);
    bench.server.answer = down;
    const unknown = await bench.token({ kid: "unknown" });
    for (let elapsed = 30; elapsed < 120; elapsed += 5)
      expect(await bench.present(unknown, T0 + elapsed * SECOND)).toBe("token.unknown_kid");
    expect(bench.server.calls).toBe(1 + 3);
    expect(await bench.present(await bench.token(), T0 + 120 * SECOND)).toBe("verified");
  });

  it("causes no more than that under a flood of a thousand, each with a kid of its own", async () => {
    await bench.present(await bench.token(), T0);
    const answer = Promise.withResolvers<Response>();
    bench.server.answer = () => answer.promise;
    const flood = await Promise.all(
      Array.from({ length: 1000 }, (_, at) => bench.token({ kid: `unknown-${at}` })),
    );
    const asked = bench.server.asked();
    const outcomes = flood.map((token) => bench.present(token, T0 + 30 * SECOND));
    const honest = bench.present(await bench.token(), T0 + 30 * SECOND);
    await asked;
    answer.resolve(down());
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["token.unknown_kid"]));
    expect(await honest).toBe("verified");
    const late = flood.map((token) => bench.present(token, T0 + 31 * SECOND));
    expect(new Set(await Promise.all(late))).toEqual(new Set(["token.unknown_kid"]));
    expect(bench.server.calls).toBe(2);
  });

  it("waits for the fetch in the air, and is known afterwards", async () => {
    await bench.present(await bench.token(), T0);
    await bench.login.rotate();
    const answer = Promise.withResolvers<Response>();
    bench.server.answer = () => answer.promise;
    const rotated = await bench.token();
    const asked = bench.server.asked();
    const outcomes = Array.from({ length: 50 }, () => bench.present(rotated, T0 + 30 * SECOND));
    await asked;
    const joined = bench.present(rotated, T0 + 33 * SECOND);
    answer.resolve(Response.json(bench.login.jwks));
    expect(new Set(await Promise.all([...outcomes, joined]))).toEqual(new Set(["verified"]));
    expect(bench.server.calls).toBe(2);
  });
});

describe("a rotation", () => {
  it.each([
    ["before the end of", 29_999, "token.unknown_kid", 1],
    ["at the end of", 30_000, "verified", 2],
    ["after", 45_000, "verified", 2],
  ])("is seen %s the cool-down as the fetch allows", async (_, elapsedMs, outcome, calls) => {
    expect(await bench.present(await bench.token(), T0)).toBe("verified");
    await bench.login.rotate();
    expect(await bench.present(await bench.token(), T0 + elapsedMs)).toBe(outcome);
    expect(bench.server.calls).toBe(calls);
  });

  it("ends a removed key once a fetch has seen it", async () => {
    const old = await bench.token();
    await bench.present(old, T0);
    await bench.login.rotate();
    expect(await bench.present(old, T0 + 31 * SECOND)).toBe("verified");
    expect(await bench.present(await bench.token(), T0 + 32 * SECOND)).toBe("verified");
    expect(await bench.present(old, T0 + 33 * SECOND)).toBe("token.unknown_kid");
  });

  it("is found by the refresh behind a request at the latest", async () => {
    const old = await bench.token();
    await bench.present(old, T0);
    await bench.login.rotate();
    expect(await bench.present(old, T0 + 11 * MINUTE)).toBe("verified");
    expect(await bench.present(old, T0 + 11 * MINUTE + 1)).toBe("token.unknown_kid");
  });

  it.each([1, 15_000, 29_999, 30_000])(
    "refuses nobody when a key is published half a minute before it signs (a stranger's kid after %i ms)",
    async (strangerMs) => {
      const old = await bench.token();
      const stranger = await bench.token({ kid: "unknown" });
      await bench.present(old, T0);
      const fresh = await makeKey("ES256");
      bench.login.keys.push(fresh);
      expect(await bench.present(stranger, T0 + strangerMs)).toBe("token.unknown_kid");
      expect(await bench.present(await bench.token({}, fresh), T0 + 30_001)).toBe("verified");
      expect(await bench.present(old, T0 + 30_001)).toBe("verified");
    },
  );

  it("with both keys published takes tokens of either", async () => {
    const [before] = bench.login.keys;
    await bench.login.rotate();
    if (before !== undefined) bench.login.keys.push(before);
    expect(await bench.present(await bench.token(), T0)).toBe("verified");
    expect(await bench.present(await bench.token({}, before), T0)).toBe("verified");
  });
});

describe("an issuer that is down", () => {
  it("is served from warm keys for 24 hours after the last good fetch, asked every 30 seconds at most", async () => {
    const token = await bench.token();
    await bench.present(token, T0);
    bench.server.answer = down;
    for (const elapsed of [11 * MINUTE, HOUR, 12 * HOUR, 24 * HOUR])
      expect(await bench.present(token, T0 + elapsed)).toBe("verified");
    expect(bench.server.calls).toBe(5);
    expect(await bench.present(token, T0 + 24 * HOUR + 10 * SECOND)).toBe("unavailable, status, 20000");
    expect(await bench.present(token, T0 + 24 * HOUR + 30 * SECOND)).toBe("unavailable, status, 30000");
    expect(bench.server.calls).toBe(6);
    bench.server.answer = () => Response.json(bench.login.jwks);
    expect(await bench.present(token, T0 + 24 * HOUR + 60 * SECOND)).toBe("verified");
  });

  it("costs a request without keys the rest of the cool-down", async () => {
    const token = await bench.token();
    bench.server.answer = down;
    expect(await bench.present(token, T0)).toBe("unavailable, status, 30000");
    expect(await bench.present(token, T0 + 12 * SECOND)).toBe("unavailable, status, 18000");
    expect(await bench.present(token, T0 + 29_999)).toBe("unavailable, status, 1");
    expect(bench.server.calls).toBe(1);
    bench.server.answer = () => Response.json(bench.login.jwks);
    expect(await bench.present(token, T0 + 30 * SECOND)).toBe("verified");
    expect(bench.server.calls).toBe(2);
  });
});

describe("an issuer that does not answer for a minute", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("holds a request without keys for 5 seconds, and does not hold the next", async () => {
    const token = await bench.token();
    bench.server.answer = silence;
    const asked = bench.server.asked();
    const outcome = bench.present(token, T0);
    await asked;
    await vi.advanceTimersByTimeAsync(5000);
    expect(await outcome).toBe("unavailable, timeout, 30000");
    expect(await bench.present(token, T0 + 5 * SECOND)).toBe("unavailable, timeout, 25000");
    expect(bench.server.calls).toBe(1);
  });

  it("does not hold a request with known keys at all", async () => {
    const token = await bench.token();
    await bench.present(token, T0);
    bench.server.answer = silence;
    const io = makeIo({ sender: bench.server, nowMs: T0 + 11 * MINUTE });
    expect(await bench.presentTo(io, token)).toBe("verified");
    expect(bench.server.calls).toBe(2);
    await vi.advanceTimersByTimeAsync(5000);
    await io.settled();
    expect(await bench.present(token, T0 + 11 * MINUTE + 29 * SECOND)).toBe("verified");
    expect(bench.server.calls).toBe(2);
  });

  it("holds an unknown kid for 5 seconds, even when its answer then drips in", async () => {
    await bench.present(await bench.token(), T0);
    await bench.login.rotate();
    const headers = Promise.withResolvers<Response>();
    const body = new TransformStream<Uint8Array>();
    bench.server.answer = () => headers.promise;
    const rotated = await bench.token();
    const io = makeIo({ sender: bench.server, nowMs: T0 + 30 * SECOND });
    const asked = bench.server.asked();
    const outcome = bench.presentTo(io, rotated);
    await asked;
    await vi.advanceTimersByTimeAsync(4900);
    headers.resolve(new Response(body.readable));
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcome).toBe("token.unknown_kid");
    const writer = body.writable.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(bench.login.jwks)));
    await writer.close();
    await io.settled();
    expect(await bench.present(rotated, T0 + 36 * SECOND)).toBe("verified");
    expect(bench.server.calls).toBe(2);
  });

  it("keeps nobody from a new attempt when a flight never lands", async () => {
    const token = await bench.token();
    const reading = Promise.withResolvers<void>();
    const dead = new Proxy(env.KV, {
      get: () => () => {
        reading.resolve();
        return new Promise(() => undefined);
      },
    });
    const outcome = bench.presentTo(makeIo({ sender: bench.server, nowMs: T0, kv: dead }), token);
    await reading.promise;
    await vi.advanceTimersByTimeAsync(5000);
    expect(await outcome).toBe("unavailable, timeout, 0");
    expect(await bench.present(token, T0 + 30 * SECOND)).toBe("verified");
    expect(bench.server.calls).toBe(1);
  });
});
