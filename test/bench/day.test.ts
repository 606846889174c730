// The model of a day, against what can be said of it without a computer.
import { describe, expect, it } from "vitest";
import { toNeeds } from "../../bench/scale/cells.ts";
import { buildStarts, DAY_SECONDS, type Day, type Load, simulateDay } from "../../bench/scale/day.ts";

const NEVER = { fromSecond: 0, toSecond: 0 };
const QUIET: Load = {
  runsASecond: 20,
  queues: 1,
  users: 100,
  burst: 1,
  missedNotices: 0,
  failing: { ...NEVER, share: 0 },
  indexAway: NEVER,
  queuesAway: NEVER,
  seed: 1,
};
/** Those of the last two seconds have not ended. */
const ALL = 20 * DAY_SECONDS - 20;

function findMost(day: Day, what: "refused" | "deferred" | "late" | "queued" | "outbox"): number {
  return Math.max(...day.hours.map((hour) => hour[what]));
}

describe("a day's starts", () => {
  it("are as many as asked for, half as many at midnight and half as many again at noon", () => {
    const starts = buildStarts(QUIET);
    expect(starts.reduce((sum, one) => sum + one, 0)).toBeCloseTo(20 * DAY_SECONDS);
    expect([starts[0], starts[DAY_SECONDS / 2]].map((one) => one?.toFixed(3))).toEqual(["10.000", "30.000"]);
  });
});

describe("a day", () => {
  it("finishes every run but those of the last two seconds, when nothing is wrong", () => {
    const day = simulateDay(QUIET);
    expect(day.finished).toBeCloseTo(ALL, 0);
    expect([findMost(day, "refused"), findMost(day, "deferred"), findMost(day, "late")]).toEqual([0, 0, 0]);
  });

  it("finishes the same while the operators' index is away, and tells it afterwards", () => {
    const indexAway = { fromSecond: 0, toSecond: 7_200 };
    const day = simulateDay({ ...QUIET, indexAway });
    expect(day.finished).toBeCloseTo(ALL, 0);
    expect(findMost(day, "outbox")).toBeCloseTo(100);
    expect(day.hours[3]?.outbox).toBe(0);
  });

  it("keeps runs in their gates while the queues are away, and finishes them afterwards", () => {
    const queuesAway = { fromSecond: 13 * 3_600, toSecond: 14 * 3_600 };
    const day = simulateDay({ ...QUIET, queuesAway });
    // An hour of some 29 runs a second.
    expect(day.hours[13]?.late).toBeGreaterThan(100_000);
    expect(day.hours[15]?.late).toBeLessThan(1);
    expect(day.finished).toBeCloseTo(ALL, 0);
  });

  it("keeps the runs of a receiver that is down until it is back, and then delivers them", () => {
    const failing = { fromSecond: 3_600, toSecond: 7_200, share: 0.5 };
    const day = simulateDay({ ...QUIET, failing });
    const [before, after] = [0, 3].map((hour) => Math.round(day.hours[hour]?.deferred ?? Number.NaN));
    expect([before, after]).toEqual([0, 0]);
    // Half of an hour of some 11 runs a second.
    expect(findMost(day, "deferred")).toBeGreaterThan(18_000);
    expect(day.finished).toBeCloseTo(ALL, 0);
    // Half of 11 runs a second that begin to wait, and a message for each of 20,000 in five and a half minutes.
    expect(day.hours[1]?.messages).toBeGreaterThan(20_000 / 330);
    expect(day.hours[1]?.messages).toBeLessThan((20_000 / 330) * 2);
  });

  it("loses no run that the queues refuse or the receivers do not take", () => {
    const failing = { fromSecond: 3_600, toSecond: 40_000, share: 0.5 };
    const day = simulateDay({ ...QUIET, runsASecond: 4_000, burst: 2, failing });
    expect(findMost(day, "refused")).toBeGreaterThan(0);
    const started = 4_000 * DAY_SECONDS;
    const endsAfterMidnight = 10_000;
    expect(Math.abs(started - day.finished - day.waitingAtEnd)).toBeLessThan(endsAfterMidnight);
  });

  it("never comes to rest with more runs than its queues take", () => {
    const day = simulateDay({ ...QUIET, runsASecond: 6_000 });
    expect(day.finished).toBeLessThanOrEqual(5_000 * DAY_SECONDS);
    expect(day.waitingAtEnd).toBeGreaterThan(20_000_000);
  });
});

describe("what a load needs", () => {
  it.each([
    // a peak of three times as much, and a third of everything left free
    [100, 10_000, 1, "2.78"],
    [1_000, 100_000, 1, "27.78"],
    [10_000, 1_000_000, 9, "277.78"],
    [100_000, 10_000_000, 86, "2777.78"],
  ])("%i runs a second of %i users", (runs, users, queues, rows) => {
    const needs = toNeeds(runs, users, 30);
    expect([needs.queues, needs.indexRowsASecond.toFixed(2)]).toEqual([queues, rows]);
  });
});
