import { describe, expect, it } from "vitest";
import { type Pace, pace, startPace } from "../../src/operators/flush-pace.ts";

/** Isolates that call as they are told, for so long; and the interval at the end. */
function after(isolates: number, seconds: number, from: Pace = startPace(0)): Pace {
  let now = from;
  let owed = 0;
  for (let ms = from.sinceMs; ms < from.sinceMs + seconds * 1_000; ms += 100) {
    owed += (isolates * 100) / now.intervalMs;
    for (; owed >= 1; owed -= 1) now = pace(now, ms);
  }
  return now;
}

describe("the interval that isolates are told", () => {
  const busy = after(8_000, 300);

  it.each([
    ["is ten seconds, of one isolate", after(1, 600), 10_000, 10_000],
    ["and of a thousand", after(1_000, 60), 10_000, 10_000],
    ["grows with their number, so that about 200 call in a second", busy, 38_001, 41_999],
    ["ends at two minutes", after(100_000, 300), 120_000, 120_000],
    ["shrinks again when they are gone", after(10, 600, { ...busy, sinceMs: 300_000 }), 10_000, 10_000],
  ])("%s", (_name, { intervalMs }, least, most) => {
    expect(intervalMs).toBeGreaterThanOrEqual(least);
    expect(intervalMs).toBeLessThanOrEqual(most);
  });

  it("survives a clock that steps back", () => {
    expect(pace({ sinceMs: 60_000, calls: 9, intervalMs: 20_000 }, 0)).toEqual({
      sinceMs: 0,
      calls: 1,
      intervalMs: 20_000,
    });
  });
});
