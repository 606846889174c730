// What an isolate keeps of issuers' keys, and what it finds in KV.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { coolDownLeftMs, IssuerKeys, keyAge, pickNewer } from "../../src/auth/key-cache.ts";
import { NO_KEYS } from "../../src/auth/key-set.ts";
import { configured } from "../support/auth-io.ts";
import { failing } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { times } from "../support/times.ts";
import { makeIssuer } from "../support/tokens.ts";
import { KeyBench, makeKeyBench, remoteIssuer } from "./key-bench.ts";

let bench: KeyBench;

beforeEach(async () => {
  bench = await makeKeyBench();
});

describe("by age alone", () => {
  it.each([
    [-5, "fresh"],
    [0, "fresh"],
    [600_000, "fresh"],
    [600_001, "stale"],
    [86_400_000, "stale"],
    [86_400_001, "expired"],
    [Number.POSITIVE_INFINITY, "expired"],
  ])("keys %d ms after their fetch are %s", (elapsedMs, age) => {
    expect(keyAge({ fetchedAtMs: 1_000_000, keys: [] }, 1_000_000 + elapsedMs)).toBe(age);
  });

  it.each([
    [-1, 30_001],
    [0, 30_000],
    [12_000, 18_000],
    [29_999, 1],
    [30_000, 0],
    [30_001, 0],
    [Number.POSITIVE_INFINITY, 0],
  ])("the cool-down %d ms after the start of an attempt is %d ms", (elapsedMs, leftMs) => {
    expect(coolDownLeftMs(1_000_000, 1_000_000 + elapsedMs)).toBe(leftMs);
  });

  const older = { fetchedAtMs: 1, keys: [] };
  const another = { fetchedAtMs: 1, keys: [] };
  const newer = { fetchedAtMs: 2, keys: [] };

  it.each([
    ["the later one, when it comes last", older, newer, newer],
    ["the later one, when it came first", newer, older, newer],
    ["the second of one moment", older, another, another],
    ["any rather than none", NO_KEYS, older, older],
    ["what there is when none are found", older, NO_KEYS, older],
  ])("of two sets it keeps %s", (_, held, found, kept) => {
    expect(pickNewer(held, found)).toBe(kept);
  });

  it("no keys at all are expired, and may be asked for", () => {
    expect(keyAge(NO_KEYS, 0)).toBe("expired");
    expect(coolDownLeftMs(Number.NEGATIVE_INFINITY, 0)).toBe(0);
  });
});

describe("memory", () => {
  it("is not needed for keys in the settings, known or not: no request, no look-up", async () => {
    const login = await makeIssuer("https://inline.example");
    const inline = new KeyBench(login, await configured(login));
    await inline.expectAt(await inline.token(), [[0, "verified", 0]]);
    await inline.expectAt(await inline.token({ kid: "unknown" }), [[0, "token.unknown_kid", 0]]);
    expect(inline.calls).toEqual([]);
  });

  it("serves keys for ten minutes without any input or output", async () => {
    const moments = [0, 1, SECOND, 10 * MINUTE];
    await bench.expectAt(
      await bench.token(),
      moments.map((elapsedMs) => [elapsedMs, "verified", 1]),
    );
    expect(bench.calls).toEqual(["KV.get", "KV.put"]);
  });

  it("refreshes older keys behind the request, which does not wait", async () => {
    const token = await bench.token();
    await bench.present(token, 0);
    const { respond } = bench.server.hold();
    const io = bench.io(10 * MINUTE + 1);
    expect(await bench.presentTo(io, token)).toBe("verified");
    expect(await bench.presentTo(io, token)).toBe("verified");
    expect(bench.server.calls).toBe(2);
    respond(Response.json(bench.login.jwks));
    await io.settled();
    await bench.expectAt(token, [[20 * MINUTE, "verified", 2]]);
  });

  it("is shared by a thousand first requests: one fetch", async () => {
    const token = await bench.token();
    const { asked, respond } = bench.server.hold();
    const outcomes = times(1000, () => bench.present(token, 0));
    await asked;
    respond(Response.json(bench.login.jwks));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["verified"]));
    expect([bench.server.calls, bench.calls]).toEqual([1, ["KV.get", "KV.put"]]);
  });

  it("keeps the keys of each issuer apart", async () => {
    const second = await remoteIssuer();
    const both = new KeyBench(bench.login, await configured(bench.login, second));
    both.server.answer = ({ url }) =>
      Response.json(url.startsWith(second.issuer) ? second.jwks : bench.login.jwks);
    const claims = { exp: 4_000_000_000, nbf: 0, iat: 0 };
    await both.expectAt(await both.token(), [[0, "verified", 1]]);
    await both.expectAt(await second.token(claims), [[0, "verified", 2]]);
    const stranger = await second.token({ ...claims, iss: bench.login.issuer });
    await both.expectAt(stranger, [[0, "token.unknown_kid", 2]]);
  });
});

describe("the copy in KV", () => {
  it("spares a new isolate the fetch, under the same rules of age, for 24 hours while the issuer is down", async () => {
    const token = await bench.token();
    await bench.expectAt(token, [[0, "verified", 1]]);
    await bench.expectAt(token, [[10 * MINUTE, "verified", 1]], { keys: new IssuerKeys() });
    bench.down();
    await bench.expectAt(token, [[10 * MINUTE + 1, "verified", 2]], { keys: new IssuerKeys() });
    await bench.expectAt(token, [[24 * HOUR, "verified", 3]], { keys: new IssuerKeys() });
    await bench.expectAt(token, [[24 * HOUR + 1, "unavailable, status, 30000", 4]], {
      keys: new IssuerKeys(),
    });
  });

  it.each([["get"], ["put"], ["get|put"]])("fails no request when %s fails", async (names) => {
    const { KV: kv } = failing(new RegExp(`^KV\\.(${names})$`))(env);
    const token = await bench.token();
    await bench.expectAt(token, [[0, "verified", 1]], { kv });
    await bench.expectAt(token, [[11 * MINUTE, "verified", 2]], { kv });
  });

  it("is not written after a failed fetch", async () => {
    const token = await bench.token();
    bench.down();
    await bench.expectAt(token, [[0, "unavailable, status, 30000", 1]]);
    expect(bench.calls).toEqual(["KV.get"]);
    bench.up();
    await bench.expectAt(token, [[30 * SECOND, "verified", 2]]);
    expect(bench.calls).toEqual(["KV.get", "KV.get", "KV.put"]);
  });
});
