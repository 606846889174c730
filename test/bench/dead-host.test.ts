// The model of a receiver that is down, against what the rules say of few runs.
import { describe, expect, it } from "vitest";
import { makeDice } from "../../bench/scale/day.ts";
import { deadHost } from "../../bench/scale/dead-host.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const middle = () => 0.5;
/** Not the gateway's default: the expected numbers belong to this one. */
const SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

describe("runs whose receiver is down", () => {
  it("one keeps to its schedule: ten attempts in three days, four of them in the first hour", () => {
    // The sum of the schedule, and when the run ended.
    const lastDeadMs = 272_105_000 + 5;
    const counts = { messagesInAnHour: 4, attemptsInAnHour: 4, attempts: 10, dead: 1 };
    expect(deadHost(1, WEEK_MS, SCHEDULE, middle)).toEqual({ ...counts, lastDeadMs });
  });

  it("a thousand are asked for the less often the longer they wait, and tried once in a rest all together", () => {
    const { messagesInAnHour, attemptsInAnHour } = deadHost(1_000, HOUR_MS, SCHEDULE, makeDice(1));
    expect(messagesInAnHour / 1_000).toBeGreaterThan(3_600 / 330);
    expect(messagesInAnHour / 1_000).toBeLessThan(25);
    // ten until the first rest, and one each 30 s
    expect(attemptsInAnHour).toBeGreaterThan(110);
    expect(attemptsInAnHour).toBeLessThan(135);
  });

  it("more than the host could be tried for are dead letters within a week all the same", () => {
    const { attempts, dead } = deadHost(3_000, WEEK_MS, SCHEDULE, makeDice(1));
    expect(dead).toBe(3_000);
    expect(attempts).toBeLessThan(30_000);
  });
});
