import { describe, expect, it } from "vitest";
import { daysByMonth, mergeMonths } from "../../src/operators/active-days.ts";

describe("the days of a span", () => {
  it.each([
    ["2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z", [{ month: 202_611, days: 0b1000_0000_0000_0000_0000 }]],
    ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", [{ month: 202_611, days: 0b1 }]],
    ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00.001Z", [{ month: 202_611, days: 0b11 }]],
    [
      "2026-12-30T23:59:59Z",
      "2027-01-02T00:00:00Z",
      [
        { month: 202_612, days: 0b110_0000_0000_0000_0000_0000_0000_0000 },
        { month: 202_701, days: 0b1 },
      ],
    ],
    ["2026-11-20T12:00:00Z", "2026-11-19T12:00:00Z", []],
  ])("from %s to %s", (from, to, days) => {
    expect(daysByMonth(Date.parse(from), Date.parse(to))).toEqual(days);
  });
});

const rows = (...keys: string[]) => keys.map((user_key) => ({ user_key, hit: 1 }));
const quiet = (...keys: string[]) => keys.map((user_key) => ({ user_key, hit: 0 }));

describe("the users of several months", () => {
  it.each([
    ["are each there once, in order", [rows("b", "d"), rows("a", "b")], 9, ["a", "b", "d"], null],
    ["leave out who was active on other days alone", [quiet("a", "b"), rows("b")], 9, ["b"], null],
    ["are cut, and go on after the last one", [rows("a", "c"), rows("b")], 2, ["a", "b"], "b"],
    ["end where a month may have more", [rows("a", "b", "c"), rows("b", "x")], 9, ["a", "b", "c"], "c"],
    ["end at the first of such ends", [rows("a", "b", "c"), rows("a", "b", "x")], 9, ["a", "b", "c"], "c"],
    ["may be none though there are more", [quiet("a", "b", "c")], 9, [], "c"],
    ["that are exactly enough are not cut", [rows("a", "b")], 2, ["a", "b"], null],
  ])("%s", (_name, months, limit, users, next) => {
    expect(mergeMonths(months, 3, limit)).toEqual({ users, next });
  });
});
