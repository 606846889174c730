// The numbers beside the overview's charts.
import { expect, it } from "vitest";
import { ATTEMPTS, perMinute, SUCCESS } from "../../src/console/overview/overview-charts.tsx";
import { NONE, toOverview } from "./fixtures.ts";

it("an attempt at a receiver that wants no more is no success, and no failure that will be repeated", () => {
  const stats = { ...NONE, attempts: 10, attempts_failed: 3, aborted: 2 };
  expect(SUCCESS.number(stats)).toBe("50.0 %");
  expect(ATTEMPTS.lines.map(([name, , value]) => [name, value(stats)])).toEqual([
    ["Succeeded", 5],
    ["Not wanted", 2],
    ["Failed", 3],
  ]);
});

it.each([
  ["a whole hour", "2026-11-25T19:00:00Z", "2026-11-25T20:00:00Z", "2"],
  ["a gateway that is ten minutes old", "2026-11-25T19:50:00Z", "2026-11-25T20:00:00Z", "12"],
  ["a gateway that has just begun", "2026-11-25T19:59:58Z", "2026-11-25T20:00:00Z", "120"],
  ["an hour whose half is still to come", "2026-11-25T19:00:00Z", "2026-11-25T19:30:00Z", "4"],
])("120 requests of %s", (_what, since, now, perMinuteSaid) => {
  const hour = { from: "2026-11-25T19:00:00Z", to: "2026-11-25T20:00:00Z", counted_since: since };
  const overview = { ...toOverview({ ...NONE, requests: 120 }), ...hour };
  expect(perMinute(overview, Date.parse(now))).toBe(perMinuteSaid);
});
