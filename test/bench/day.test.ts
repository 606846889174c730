// The model of a day, against what can be said of it without a computer.
import { describe, expect, it } from "vitest";
import { bytesKept, cellsFor } from "../../bench/scale/cells.ts";
import { DAY_SECONDS, type Day, dayOf, type Load, startsOf } from "../../bench/scale/day.ts";

const NEVER = { fromSecond: 0, toSecond: 0 };
const QUIET: Load = {
  runsASecond: 20,
  burst: 1,
  lostPushes: 0,
  failing: { ...NEVER, share: 0 },
  outage: NEVER,
  seed: 1,
};

function mostOf(day: Day, what: "refused" | "resting" | "unbooked" | "queued"): number {
  return Math.max(...day.hours.map((hour) => hour[what]));
}

describe("a day's starts", () => {
  it("are as many as asked for, half as many at midnight and half as many again at noon", () => {
    const starts = startsOf(QUIET);
    expect(starts.reduce((sum, one) => sum + one, 0)).toBeCloseTo(20 * DAY_SECONDS);
    expect([starts[0], starts[DAY_SECONDS / 2]].map((one) => one?.toFixed(3))).toEqual(["10.000", "30.000"]);
  });

  it("are the same for the same seed, and others for another", () => {
    const burst = { ...QUIET, burst: 3 };
    expect(startsOf(burst)).toEqual(startsOf(burst));
    expect(startsOf({ ...burst, seed: 2 })).not.toEqual(startsOf(burst));
  });

  it("have their bursts: a minute in each hour", () => {
    const calm = startsOf(QUIET);
    const above = startsOf({ ...QUIET, burst: 2 }).filter((one, second) => one > (calm[second] ?? 0) * 1.5);
    expect(above).toHaveLength(24 * 60);
  });
});

describe("a cell", () => {
  it("books every run but those of the last two seconds, when nothing is wrong", () => {
    const day = dayOf(QUIET);
    expect(day.booked).toBeCloseTo(20 * DAY_SECONDS - 20, 0);
    expect([mostOf(day, "refused"), mostOf(day, "resting"), mostOf(day, "unbooked")]).toEqual([0, 0, 0]);
    expect(day.hours.at(-1)?.ledgerBytes).toBeCloseTo(day.booked * 1_400);
  });

  it("books nothing while the ledger is away, and everything soon after", () => {
    const outage = { fromSecond: 13 * 3_600, toSecond: 14 * 3_600 };
    const day = dayOf({ ...QUIET, outage });
    expect(day.hours[13]?.ledgerBytes).toBeCloseTo(day.hours[12]?.ledgerBytes ?? Number.NaN);
    // An hour of some 29 runs a second.
    expect(mostOf(day, "unbooked")).toBeGreaterThan(100_000);
    expect(day.hours[15]?.unbooked).toBeLessThan(1);
    expect(day.booked).toBeCloseTo(20 * DAY_SECONDS - 20, 0);
  });

  it("keeps the runs of a receiver that is down until it is back, and then tells and books them", () => {
    const failing = { fromSecond: 3_600, toSecond: 7_200, share: 0.5 };
    const day = dayOf({ ...QUIET, failing });
    const [before = 0, , after = 0] = [0, 1, 3].map((hour) => day.hours[hour]?.resting ?? Number.NaN);
    expect([before, Math.round(after)]).toEqual([0, 0]);
    // Half of an hour of some 11 runs a second.
    expect(mostOf(day, "resting")).toBeGreaterThan(18_000);
    expect(day.booked).toBeCloseTo(20 * DAY_SECONDS - 20, 0);
    // Half of 11 runs a second that begin to wait, and a look at each of 20,000 in five and a half minutes.
    expect(day.hours[1]?.messages).toBeGreaterThan(20_000 / 330);
    expect(day.hours[1]?.messages).toBeLessThan((20_000 / 330) * 2);
  });

  it("looks for a run whose push is lost four seconds later", () => {
    const day = dayOf({ ...QUIET, lostPushes: 1 });
    expect(day.booked).toBeCloseTo(20 * DAY_SECONDS - 60, 0);
  });

  it("refuses what is beyond its queue, and stops booking when its ledger is full", () => {
    const day = dayOf({ ...QUIET, runsASecond: 10_000 });
    expect(mostOf(day, "refused")).toBeGreaterThan(0);
    // 10 GB of runs of 1,400 bytes, to a second's batch.
    expect(day.booked).toBeGreaterThanOrEqual(7_142_857);
    expect(day.booked).toBeLessThan(7_142_857 + 2_000);
  });
});

describe("the cells that a load needs", () => {
  it.each([
    // 8.64 million a day, of one retention's 36; of 259 million runs kept, 7.14 million fit into one
    [100, 30, { queue: 1, writer: 1, retention: 1, size: 37 }],
    // a peak of 3,000, and a third of everything left free
    [1_000, 30, { queue: 1, writer: 3, retention: 3, size: 363 }],
    [1_000, 1, { queue: 1, writer: 3, retention: 3, size: 13 }],
    [100_000, 1, { queue: 86, writer: 215, retention: 240, size: 1_210 }],
  ])("%i runs a second, kept %i days", (runs, days, cells) => {
    expect(cellsFor(runs, days)).toEqual(cells);
  });

  it("have the bytes of all that is kept", () => {
    expect(bytesKept(100, 30)).toBe(362_880_000_000);
  });
});
