import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Leg, Stopwatch } from "../../../src/platform/observability/stopwatch.ts";
import { moveClock, stopClock } from "../../support/clock.ts";

beforeEach(() => stopClock());
afterEach(() => {
  vi.useRealTimers();
});

/** One wait of `ms`, which ends as `end` says. */
async function spend(stopwatch: Stopwatch, leg: Leg, ms: number, end = Promise.resolve("done")) {
  const work = Promise.withResolvers<string>();
  const timed = stopwatch.time(leg, work.promise);
  moveClock(ms);
  work.resolve(end);
  return timed;
}

describe("the stopwatch", () => {
  it("adds up the waits of each leg, and gives back what they gave", async () => {
    const stopwatch = new Stopwatch();
    expect(await spend(stopwatch, "gate", 3)).toBe("done");
    await spend(stopwatch, "upstream", 41);
    await spend(stopwatch, "gate", 2);
    moveClock(4);
    expect(stopwatch.ms("gate")).toBe(5);
    expect(stopwatch.ms("upstream")).toBe(41);
    expect(stopwatch.totalMs()).toBe(50);
    expect(stopwatch.serverTiming()).toBe("gate;dur=5, upstream;dur=41, total;dur=50");
  });

  it("knows nothing of a leg that was not run", () => {
    const stopwatch = new Stopwatch();
    expect(stopwatch.ms("auth")).toBeNull();
    expect(stopwatch.serverTiming()).toBe("total;dur=0");
  });

  it("counts a wait that failed, and lets it fail", async () => {
    const stopwatch = new Stopwatch();
    await expect(spend(stopwatch, "upstream", 7, Promise.reject(new Error("lost")))).rejects.toThrow("lost");
    expect(stopwatch.ms("upstream")).toBe(7);
  });
});
