// What the TypeScript client repeats, and when. That it does so is shown on a gateway: test/flows/typescript-client.test.ts.
import { describe, expect, it } from "vitest";
import { findRetryReason, parseRetryAfter, planDelay } from "../../clients/typescript/retry.ts";

describe("what is repeated", () => {
  it.each([
    [null, "no_answer"],
    [429, "rate_limited"],
    [503, "unavailable"],
    [500, "server_error"],
    [502, "server_error"],
    [400, null],
    [401, null],
    [404, null],
    [409, null],
    [302, null],
    [0, null],
  ])("the status %s: %s", (status, reason) => {
    expect(findRetryReason({ status })).toBe(reason);
  });
});

describe("Retry-After", () => {
  const NOW_MS = Date.UTC(2026, 10, 30, 12, 0, 0);

  it.each([
    [null, null],
    ["0", 0],
    ["30", 30_000],
    ["Mon, 30 Nov 2026 12:01:30 GMT", 90_000],
    ["Mon, 30 Nov 2026 11:00:00 GMT", 0],
    ["soon", null],
  ])("%s is %s ms", (text, ms) => {
    expect(parseRetryAfter(text, NOW_MS)).toBe(ms);
  });
});

describe("the delay", () => {
  it.each([
    [1, 500, 250],
    [2, 1000, 500],
    [4, 4000, 2000],
    [7, 30_000, 15_000],
    [2000, 30_000, 15_000],
  ])("after attempt %i is %i ms at most, and half of it at least", (attempt, most, least) => {
    expect([planDelay(attempt, null, 0), planDelay(attempt, null, 1)]).toEqual([most, least]);
  });

  it.each([
    [1, 0, 2000],
    [1, 1, 2500],
    [3, 1, 4000],
  ])(
    "after attempt %i with Retry-After: 2 (random: %i) is %i ms, never less than that",
    (attempt, random, ms) => {
      expect(planDelay(attempt, 2000, random)).toBe(ms);
    },
  );
});
