import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { axisTop, linePath, lonePoints, moments, stack, ticks } from "../../src/console/shell/scale.ts";

describe("the top of an axis", () => {
  it.each([
    [0, 4],
    [1, 4],
    [4, 4],
    [5, 8],
    [73, 80],
    [266, 320],
    [1000, 1000],
    [1001, 1200],
  ])("over %i things is %i", (max, top) => {
    expect(axisTop(max, true)).toBe(top);
  });

  it("reaches over everything that is shown, and not three times as far", () => {
    assert(
      property(integer({ min: 4, max: 1_000_000_000 }), (max) => {
        const top = axisTop(max, true);
        expect(top).toBeGreaterThanOrEqual(max);
        expect(top).toBeLessThanOrEqual(3 * max);
        for (const tick of ticks(top)) expect(Number.isInteger(tick)).toBe(true);
      }),
    );
  });
});

it("labels go from the top down", () => {
  expect(ticks(80)).toEqual([80, 60, 40, 20, 0]);
});

it("five moments lie evenly between the first and the last", () => {
  expect(moments("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z").map((at) => at.slice(11, 16))).toEqual([
    "00:00",
    "06:00",
    "12:00",
    "18:00",
    "00:00",
  ]);
});

it("the parts of a bar stand one upon the other", () => {
  expect(stack([30, 10], 80, 100)).toEqual([
    { y: 62.5, height: 37.5 },
    { y: 50, height: 12.5 },
  ]);
});

it("a line is interrupted where nothing is known, and a lone point is a dot", () => {
  const values = [0, 50, null, 100, null];
  expect(linePath(values, 100, 10, 100)).toBe("M5 100L15 50M35 0");
  expect(lonePoints(values, 100, 10, 100)).toBe("M35 0h0");
  expect(lonePoints([25], 100, 10, 100)).toBe("M5 75h0");
});
