// The numbers beside the overview's charts.
import { expect, it } from "vitest";
import { ATTEMPTS, SUCCESS } from "../../src/console/overview/overview-charts.tsx";
import { NONE } from "./fixtures.ts";

it("an attempt at a receiver that wants no more is no success, and no failure that will be repeated", () => {
  const stats = { ...NONE, attempts: 10, attempts_failed: 3, aborted: 2 };
  expect(SUCCESS.number(stats)).toBe("50.0 %");
  expect(ATTEMPTS.lines.map(([name, , value]) => [name, value(stats)])).toEqual([
    ["Succeeded", 5],
    ["Not wanted", 2],
    ["Failed", 3],
  ]);
});
