import { describe, expect, it } from "vitest";
import { emptyTally, figuresOf, sumOf, type Tally } from "../../src/console/figures.ts";
import { dueHours } from "../../src/console/rollups.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

function tally(members: Partial<Tally>): Tally {
  return { ...emptyTally(), ...members };
}

describe("figures add up", () => {
  it("count by count and bin by bin", () => {
    const one = tally({
      runs: 3,
      delivered: 2,
      dead: 1,
      bins: [
        [10, 1],
        [40, 1],
      ],
    });
    const two = tally({
      runs: 5,
      delivered: 4,
      charges: 2,
      bins: [
        [40, 3],
        [7, 1],
      ],
    });
    expect(sumOf([one, two])).toEqual(
      tally({
        runs: 8,
        delivered: 6,
        dead: 1,
        charges: 2,
        bins: [
          [7, 1],
          [10, 1],
          [40, 4],
        ],
      }),
    );
    expect(sumOf([])).toEqual(emptyTally());
  });
});

describe("a percentile", () => {
  it("is null of nothing", () => {
    expect(figuresOf(emptyTally())).toMatchObject({ latency_p50_ms: null, latency_p99_ms: null });
  });

  it("is that of its rank: the 50th and the 99th of a hundred", () => {
    // Bin 40 begins at 2^5 = 32 ms and bin 80 at 2^10 = 1,024 ms; their middles are 33.4 and 1,069.
    const bins: Tally["bins"] = [
      [40, 50],
      [80, 50],
    ];
    expect(figuresOf(tally({ bins }))).toMatchObject({ latency_p50_ms: 33, latency_p99_ms: 1_069 });
    expect(
      figuresOf(
        tally({
          bins: [
            [40, 99],
            [80, 1],
          ],
        }),
      ).latency_p99_ms,
    ).toBe(33);
    expect(
      figuresOf(
        tally({
          bins: [
            [40, 98],
            [80, 2],
          ],
        }),
      ).latency_p99_ms,
    ).toBe(1_069);
  });

  it.each([1, 2, 3, 10, 33, 41, 100, 999, 1_000, 15_000, 86_400_000, 270_000_000])(
    "of %i ms alone is within 4.5 %% of it",
    (ms) => {
      const bin = Math.floor(8 * Math.log2(ms));
      const shown = figuresOf(tally({ bins: [[bin, 1]] })).latency_p50_ms ?? 0;
      expect(Math.abs(shown - ms)).toBeLessThanOrEqual(0.045 * ms + 0.5);
    },
  );
});

describe("an hour is counted again", () => {
  const endMs = 100 * HOUR;
  const due = (countedAtMs: number, nowMs: number) =>
    dueHours(endMs - HOUR, endMs, new Map([[endMs - HOUR, countedAtMs]]), nowMs).length === 1;

  it("when it never was", () => {
    expect(dueHours(97 * HOUR, endMs, new Map(), endMs)).toEqual([99 * HOUR, 98 * HOUR, 97 * HOUR]);
  });

  it.each([
    ["five minutes after its end", 0, 5 * MINUTE],
    ["five minutes later, half an hour after its end", 30 * MINUTE, 5 * MINUTE],
    ["an hour later, eight hours after its end", 8 * HOUR, HOUR],
    ["nine hours later, three days after its end", 72 * HOUR, 9 * HOUR],
    ["twenty hours later, 160 hours after its end", 160 * HOUR, 20 * HOUR],
  ])("%s, and no sooner", (_name, ageMs, pauseMs) => {
    const countedAtMs = endMs + ageMs;
    expect(due(countedAtMs, countedAtMs + pauseMs - 1)).toBe(false);
    expect(due(countedAtMs, countedAtMs + pauseMs)).toBe(true);
  });
});
