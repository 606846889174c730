import { describe, expect, it } from "vitest";
import { type Histogram, percentile, recordLatency } from "../../../src/platform/observability/histogram.ts";

function toHistogram(latencies: Record<number, number>): Histogram {
  const histogram: Histogram = new Map();
  for (const [ms, count] of Object.entries(latencies))
    for (let n = 0; n < count; n += 1) recordLatency(histogram, Number(ms));
  return histogram;
}

describe("a percentile", () => {
  it("of nothing is null", () => {
    expect(percentile(new Map(), 0.5)).toBeNull();
  });

  it("is that of its rank: the 50th and the 99th of a hundred", () => {
    // 32 ms begins a bucket, and so does 1,024; their middles are 33.4 and 1,069.
    expect(percentile(toHistogram({ 32: 50, 1024: 50 }), 0.5)).toBe(33);
    expect(percentile(toHistogram({ 32: 49, 1024: 51 }), 0.5)).toBe(1_069);
    expect(percentile(toHistogram({ 32: 99, 1024: 1 }), 0.99)).toBe(33);
    expect(percentile(toHistogram({ 32: 98, 1024: 2 }), 0.99)).toBe(1_069);
  });

  it("does not depend on the order in which latencies came", () => {
    const histogram: Histogram = new Map();
    for (const ms of [1_024, 1_024, 32]) recordLatency(histogram, ms);
    expect(percentile(histogram, 0.3)).toBe(33);
  });

  it.each([1, 2, 3, 10, 33, 41, 100, 999, 1_000, 15_000, 86_400_000, 270_000_000])(
    "of %i ms alone is within 4.5 %% of it",
    (ms) => {
      const shown = percentile(toHistogram({ [ms]: 1 }), 0.5) ?? 0;
      expect(Math.abs(shown - ms)).toBeLessThanOrEqual(0.045 * ms + 0.5);
    },
  );

  it("of less than a millisecond, and of a clock that stepped back, is 1 ms", () => {
    expect(percentile(toHistogram({ 0: 1 }), 0.5)).toBe(1);
    expect(percentile(toHistogram({ [-5]: 1 }), 0.5)).toBe(1);
  });
});
