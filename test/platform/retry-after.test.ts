import { describe, expect, test } from "vitest";
import { retryAfterSeconds } from "../../src/platform/retry-after.ts";
import { words } from "../support/words.ts";

const NOW = Date.parse("2026-11-06T08:49:37Z");

describe("seconds", () => {
  test.each([
    ["0", 0],
    [" 120 ", 120],
    ["007", 7],
    ["1209600", 1_209_600],
    ["1209601", 1_209_600],
    ["9".repeat(400), 1_209_600],
  ])("%s", (field, seconds) => {
    expect(retryAfterSeconds(field, NOW)).toBe(seconds);
  });
});

describe("a date, in each of the three forms of HTTP", () => {
  test.each([
    ["Fri, 06 Nov 2026 08:50:37 GMT", 60],
    ["Friday, 06-Nov-26 08:50:37 GMT", 60],
    ["Fri Nov  6 08:50:37 2026", 60],
    ["Fri, 06 Nov 2026 08:49:37 GMT", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["Mon, 06 Nov 2090 08:49:37 GMT", 1_209_600],
  ])("%s", (field, seconds) => {
    expect(retryAfterSeconds(field, NOW)).toBe(seconds);
  });

  test("is rounded up, so that no attempt comes too early", () => {
    expect(retryAfterSeconds("Fri, 06 Nov 2026 08:49:39 GMT", NOW + 1)).toBe(2);
  });
});

describe("what makes no sense is as good as none", () => {
  test.each([
    ...words`
    -5 +5 1.5 1e3 0x10 soon Friday 2026-11-06T08:50:37Z`,
    null,
    "",
    " ",
    "5, 10",
    "Fri, 99 Nov 2026 08:50:37 GMT",
  ])("%s", (field) => {
    expect(retryAfterSeconds(field, NOW)).toBeNull();
  });
});
