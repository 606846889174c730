// The simulated day: what comes in must be somewhere, and each limit must be felt.
import { describe, expect, it } from "vitest";
import {
  DAY_SECONDS,
  dayOf,
  HOUR_SECONDS,
  LIMITS,
  type Load,
  splitOf,
  startsOf,
} from "../../bench/scale/day.ts";

const CALM: Load = {
  runsASecond: 100,
  burst: 2,
  failing: 0,
  outage: { fromSecond: 0, toSecond: 0 },
  seed: 7,
};
const OUT: Load = { ...CALM, outage: { fromSecond: 13 * HOUR_SECONDS, toSecond: 14 * HOUR_SECONDS } };

describe("a day", () => {
  it("has the mean that was asked for, and is the same for the same seed", () => {
    const starts = startsOf(CALM);
    expect(starts.reduce((sum, one) => sum + one, 0)).toBeCloseTo(100 * DAY_SECONDS, 3);
    expect(startsOf(CALM)).toEqual(starts);
    expect(startsOf({ ...CALM, seed: 8 })).not.toEqual(starts);
  });

  it("with room for all leaves nothing waiting, and stores every run", () => {
    const day = dayOf(CALM, { queues: 1, ledgers: 2 });
    expect(
      day.hours.every(({ messagesWaiting, rowsWaiting }) => messagesWaiting < 1 && rowsWaiting < 1),
    ).toBe(true);
    expect(day.hours.at(-1)?.storedBytes).toBeCloseTo(100 * DAY_SECONDS * LIMITS.bytesARun, -3);
    expect([day.firstRefusedAt, day.booksBehindAt, day.accountFullAt]).toEqual([null, null, null]);
  });

  it("with an hour without D1 books all of it afterwards", () => {
    const { hours } = dayOf(OUT, splitOf(OUT));
    expect(hours[13]?.rowsWaiting).toBeGreaterThan(1e6);
    expect(hours[13]?.storedBytes).toBeCloseTo(hours[12]?.storedBytes ?? Number.NaN, -6);
    expect(hours.at(-1)?.rowsWaiting).toBeCloseTo(0, 0);
    expect(hours.at(-1)?.storedBytes).toBeCloseTo(100 * DAY_SECONDS * LIMITS.bytesARun, -3);
  });

  it("breaks where a queue, a writer or a disk is too small", () => {
    expect(
      dayOf({ ...CALM, runsASecond: 10_000 }, { queues: 1, ledgers: 1_000 }).firstRefusedAt,
    ).not.toBeNull();
    expect(dayOf({ ...CALM, runsASecond: 1_000 }, { queues: 9, ledgers: 1 })).toMatchObject({
      booksBehindAt: 0,
      ledgerFullAt: expect.any(Number),
    });
  });

  it("fits its split, and not one queue fewer", () => {
    const load = { ...OUT, runsASecond: 3_000, failing: 0.01 };
    const parts = splitOf(load);
    expect(parts.queues).toBeGreaterThan(1);
    expect(dayOf(load, parts).firstRefusedAt).toBeNull();
    expect(dayOf(load, { ...parts, queues: parts.queues - 1 }).firstRefusedAt).not.toBeNull();
  });
});
