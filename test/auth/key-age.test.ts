import { describe, expect, it } from "vitest";
import { coolDownLeftMs, keyAge, pickNewer } from "../../src/auth/key-cache.ts";
import { NO_KEYS } from "../../src/auth/key-set.ts";

describe("ageOf", () => {
  it.each([
    [-5, "fresh"],
    [0, "fresh"],
    [600_000, "fresh"],
    [600_001, "stale"],
    [86_400_000, "stale"],
    [86_400_001, "expired"],
  ])("calls keys %d ms after their fetch %s", (elapsedMs, age) => {
    expect(keyAge({ fetchedAtMs: 1_000_000, keys: [] }, 1_000_000 + elapsedMs)).toBe(age);
  });

  it("calls no keys at all expired", () => {
    expect(keyAge(NO_KEYS, 0)).toBe("expired");
  });
});

describe("coolDownLeftMs", () => {
  it.each([
    [-1, 30_001],
    [0, 30_000],
    [12_000, 18_000],
    [29_999, 1],
    [30_000, 0],
    [30_001, 0],
  ])("%d ms after an attempt began is %d ms", (elapsedMs, leftMs) => {
    expect(coolDownLeftMs(1_000_000, 1_000_000 + elapsedMs)).toBe(leftMs);
  });

  it("is over when nobody has asked yet", () => {
    expect(coolDownLeftMs(Number.NEGATIVE_INFINITY, 0)).toBe(0);
  });
});

describe("newerOf", () => {
  const older = { fetchedAtMs: 1, keys: [] };
  const newer = { fetchedAtMs: 2, keys: [] };

  it("keeps the keys of the later fetch, whichever answer came last", () => {
    expect(pickNewer(older, newer)).toBe(newer);
    expect(pickNewer(newer, older)).toBe(newer);
  });

  it("keeps what there is", () => {
    expect(pickNewer(NO_KEYS, older)).toBe(older);
    expect(pickNewer(older, NO_KEYS)).toBe(older);
    expect(pickNewer(NO_KEYS, NO_KEYS)).toBe(NO_KEYS);
  });

  it("replaces keys of the same moment", () => {
    const other = { fetchedAtMs: 1, keys: [] };
    expect(pickNewer(older, other)).toBe(other);
  });
});
