// How often an issuer is asked for its keys, and what its users get while it is down, silent or changing them.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { never, replacing } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { times } from "../support/times.ts";
import { makeKey } from "../support/tokens.ts";
import { type KeyBench, makeKeyBench } from "./key-bench.ts";

let bench: KeyBench;

beforeEach(async () => {
  bench = await makeKeyBench();
});

describe("an unknown kid", () => {
  it("causes one fetch per 30 seconds, counted from the start of the last, whatever came of it", async () => {
    await bench.present(await bench.token(), 0);
    const unknown = await bench.token({ kid: "unknown" });
    await bench.expectAt(unknown, [
      [29_999, "token.unknown_kid", 1],
      [30_000, "token.unknown_kid", 2],
      [59_999, "token.unknown_kid", 2],
    ]);
    bench.down();
    await bench.expectAt(unknown, [
      [60_000, "token.unknown_kid", 3],
      [89_999, "token.unknown_kid", 3],
      [90_000, "token.unknown_kid", 4],
      [119_999, "token.unknown_kid", 4],
    ]);
    await bench.expectAt(await bench.token(), [[120_000, "verified", 4]]);
  });

  it("causes no more than that under a flood of a thousand, each with a kid of its own", async () => {
    await bench.present(await bench.token(), 0);
    const flood = await Promise.all(times(1000, (at) => bench.token({ kid: `unknown-${at}` })));
    const { asked, respond } = bench.server.hold();
    const outcomes = flood.map((token) => bench.present(token, 30 * SECOND));
    const honest = bench.present(await bench.token(), 30 * SECOND);
    await asked;
    respond(new Response("down", { status: 503 }));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["token.unknown_kid"]));
    expect(await honest).toBe("verified");
    const late = flood.map((token) => bench.present(token, 31 * SECOND));
    expect(new Set(await Promise.all(late))).toEqual(new Set(["token.unknown_kid"]));
    expect(bench.server.calls).toBe(2);
  });

  it("waits for the fetch in the air, and is known afterwards", async () => {
    await bench.present(await bench.token(), 0);
    await bench.login.rotate();
    const rotated = await bench.token();
    const { asked, respond } = bench.server.hold();
    const outcomes = times(50, () => bench.present(rotated, 30 * SECOND));
    await asked;
    const joined = bench.present(rotated, 33 * SECOND);
    respond(Response.json(bench.login.jwks));
    expect(new Set(await Promise.all([...outcomes, joined]))).toEqual(new Set(["verified"]));
    expect(bench.server.calls).toBe(2);
  });
});

describe("a rotation", () => {
  it.each([
    ["before the end of", 29_999, "token.unknown_kid", "verified", 1],
    ["at the end of", 30_000, "verified", "token.unknown_kid", 2],
    ["after", 45_000, "verified", "token.unknown_kid", 2],
  ])(
    "is seen %s the cool-down as the fetch allows, and ends the removed key",
    async (_, elapsedMs, outcome, former, calls) => {
      const old = await bench.token();
      await bench.present(old, 0);
      await bench.login.rotate();
      await bench.expectAt(old, [[elapsedMs, "verified", 1]]);
      await bench.expectAt(await bench.token(), [[elapsedMs, outcome, calls]]);
      await bench.expectAt(old, [[elapsedMs + 1, former, calls]]);
    },
  );

  it.each([1, 29_999, 30_000])(
    "refuses no caller when a key is published half a minute before it signs (a stranger's kid after %i ms)",
    async (strangerMs) => {
      const old = await bench.token();
      await bench.present(old, 0);
      const fresh = await makeKey("ES256");
      bench.login.keys.push(fresh);
      const stranger = await bench.token({ kid: "unknown" });
      expect(await bench.present(stranger, strangerMs)).toBe("token.unknown_kid");
      expect(await bench.present(await bench.token({}, fresh), 30_001)).toBe("verified");
      expect(await bench.present(old, 30_001)).toBe("verified");
    },
  );
});

describe("an issuer that is down", () => {
  it("is served from warm keys for 24 hours after the last good fetch, asked every 30 seconds at most", async () => {
    const token = await bench.token();
    await bench.present(token, 0);
    bench.down();
    await bench.expectAt(token, [
      [11 * MINUTE, "verified", 2],
      [HOUR, "verified", 3],
      [12 * HOUR, "verified", 4],
      [24 * HOUR, "verified", 5],
      [24 * HOUR + 10 * SECOND, "unavailable, status, 20000", 5],
      [24 * HOUR + 30 * SECOND, "unavailable, status, 30000", 6],
    ]);
    bench.up();
    await bench.expectAt(token, [[24 * HOUR + 60 * SECOND, "verified", 7]]);
  });
});

describe("an issuer that does not answer for a minute", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("holds a request without keys for 5 seconds, and does not hold the next", async () => {
    const token = await bench.token();
    bench.down();
    await bench.expectAt(token, [[0, "unavailable, status, 30000", 1]]);
    const { asked } = bench.server.hold();
    const outcome = bench.present(token, 30 * SECOND);
    await asked;
    await vi.advanceTimersByTimeAsync(5000);
    expect(await outcome).toBe("unavailable, timeout, 30000");
    await bench.expectAt(token, [[35 * SECOND, "unavailable, timeout, 25000", 2]]);
  });

  it("does not hold a request with known keys at all", async () => {
    const token = await bench.token();
    await bench.present(token, 0);
    bench.server.hold();
    const io = bench.io(11 * MINUTE);
    expect(await bench.presentTo(io, token)).toBe("verified");
    expect(bench.server.calls).toBe(2);
    await vi.advanceTimersByTimeAsync(5000);
    await io.settled();
    await bench.expectAt(token, [[11 * MINUTE + 29 * SECOND, "verified", 2]]);
  });

  it("holds an unknown kid for 5 seconds, even when its answer then drips in", async () => {
    await bench.present(await bench.token(), 0);
    await bench.login.rotate();
    const rotated = await bench.token();
    const body = new IdentityTransformStream();
    const { asked, respond } = bench.server.hold();
    const io = bench.io(30 * SECOND);
    const outcome = bench.presentTo(io, rotated);
    await asked;
    await vi.advanceTimersByTimeAsync(4900);
    respond(new Response(body.readable));
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcome).toBe("token.unknown_kid");
    const writer = body.writable.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(bench.login.jwks)));
    await writer.close();
    await io.settled();
    await bench.expectAt(rotated, [[36 * SECOND, "verified", 2]]);
  });

  it("allows a new attempt when the request that asked for the keys was dropped", async () => {
    const token = await bench.token();
    const reading = Promise.withResolvers<void>();
    const dead = replacing("KV.get", () => {
      reading.resolve();
      return never();
    });
    void bench.presentTo(bench.io(0, dead(env).KV), token);
    await reading.promise;
    // As of a request that the runtime has dropped.
    vi.clearAllTimers();
    await bench.expectAt(token, [[30 * SECOND, "verified", 1]]);
    expect(bench.calls).toEqual(["KV.get", "KV.put"]);
  });
});
