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
  it("is ten seconds, of one isolate and of a thousand", () => {
    expect(after(1, 600).intervalMs).toBe(10_000);
    expect(after(1_000, 60).intervalMs).toBe(10_000);
  });

  it("grows with their number, so that about 200 call in a second", () => {
    const { intervalMs } = after(8_000, 300);
    expect(intervalMs).toBeGreaterThan(38_000);
    expect(intervalMs).toBeLessThan(42_000);
  });

  it("ends at two minutes", () => {
    expect(after(100_000, 300).intervalMs).toBe(120_000);
  });

  it("shrinks again when they are gone", () => {
    const busy = after(8_000, 300);
    expect(after(10, 600, { ...busy, sinceMs: 300_000 }).intervalMs).toBe(10_000);
  });

  it("survives a clock that steps back", () => {
    expect(pace({ sinceMs: 60_000, calls: 9, intervalMs: 20_000 }, 0)).toEqual({
      sinceMs: 0,
      calls: 1,
      intervalMs: 20_000,
    });
  });
});
