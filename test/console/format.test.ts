import { describe, expect, it } from "vitest";
import {
  dateTime,
  day,
  duration,
  fromNow,
  percent,
  shortDateTime,
  whenDue,
} from "../../src/console/shell/format.ts";
import { userAt, withQuery } from "../../src/console/shell/links.ts";
import { withSeconds } from "../../src/console/shell/parameters.ts";

const NOW_MS = Date.parse("2026-11-25T20:14:03Z");

it.each([
  [0, 0, "–"],
  [0, 5, "0 %"],
  [5, 5, "100 %"],
  [1, 3, "33.3 %"],
  [99_999, 100_000, "99.9 %"],
  [1, 100_000, "0.1 %"],
])("a share: %i of %i is %s", (part, whole, said) => {
  expect(percent(part, whole)).toBe(said);
});

it.each([
  [null, "–"],
  [14.4, "14 ms"],
  [999, "999 ms"],
  [1000, "1.0 s"],
  [9960, "10 s"],
  [60_000, "1 min"],
  [185_000, "3 min 5 s"],
  [7_800_000, "2 h 10 min"],
  [273_600_000, "3 d 4 h"],
])("a length of time: %s ms is %s", (ms, said) => {
  expect(duration(ms)).toBe(said);
});

describe("a moment", () => {
  it.each([
    ["2026-11-25T20:14:03.400Z", "now"],
    ["2026-11-25T20:11:00Z", "3 min ago"],
    ["2026-11-25T22:14:03Z", "in 2 h"],
    ["2026-11-20T20:14:03Z", "5 d ago"],
    ["nonsense", "–"],
  ])("%s is %s", (at, said) => {
    expect(fromNow(at, NOW_MS)).toBe(said);
  });

  it("that is planned is due once its time has come", () => {
    expect(whenDue("2026-11-25T20:14:02Z", NOW_MS)).toBe("due now");
    expect(whenDue("2026-11-25T20:40:03Z", NOW_MS)).toBe("in 26 min");
  });

  it("is said in UTC, and whatever is none is left as it is", () => {
    expect(dateTime("2026-11-25T21:14:03+01:00")).toBe("2026-11-25 20:14:03");
    expect(dateTime("nonsense")).toBe("nonsense");
    expect(day("2026-11-05")).toBe("5 Nov");
    expect(shortDateTime("2026-11-05T01:02:03Z", NOW_MS)).toBe("5 Nov 01:02:03");
    expect(shortDateTime("2025-11-05T01:02:03Z", NOW_MS)).toBe("2025-11-05 01:02:03");
  });
});

it.each([
  ["2026-11-25T20:14", "2026-11-25T20:14:00Z"],
  ["2026-11-25T20:14:03.5", "2026-11-25T20:14:03.5Z"],
  ["2026-11-25T20:14:03Z", "2026-11-25T20:14:03Z"],
  ["", ""],
  ["yesterday", "yesterday"],
])("the moment that a form names: %s is %s", (given, moment) => {
  expect(withSeconds(given)).toBe(moment);
});

it("a link has what was given, escaped, and nothing of what was not", () => {
  expect(withQuery("/console/runs", { state: "dead", user: null, to: "", host: "a&b=c" })).toBe(
    "/console/runs?state=dead&host=a%26b%3Dc",
  );
  expect(userAt("a/b?c")).toBe("/console/users/a%2Fb%3Fc");
});
