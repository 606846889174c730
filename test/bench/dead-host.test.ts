// The model of a receiver that is down, against what the rules say of few runs.
import { describe, expect, it } from "vitest";
import { deadHost, dice, GROWING } from "../../bench/scale/dead-host.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const middle = () => 0.5;

describe("runs whose receiver is down", () => {
  it("one keeps to its schedule: ten attempts in three days, four of them in the first hour", () => {
    // 5 + 300 + 1,800 + 7,200 + 18,000 + 36,000 + 50,400 + 72,000 + 86,400 s
    const lastDeadMs = 272_105_000 + 5;
    const first = { looksInAnHour: 4, attemptsInAnHour: 4 };
    expect(deadHost(1, WEEK_MS, middle)).toEqual({ ...first, dead: 1, lastDeadMs });
  });

  it("nine make too few failures for a rest in their first attempts", () => {
    expect(deadHost(9, 1_000, middle)).toMatchObject({ looksInAnHour: 9, attemptsInAnHour: 9 });
  });

  it("a hundred are looked at twice a minute each, and tried once in a rest all together", () => {
    const { looksInAnHour, attemptsInAnHour } = deadHost(100, HOUR_MS, middle);
    // 3,600 / 31.5 looks each
    expect(looksInAnHour / 100).toBeGreaterThan(105);
    expect(looksInAnHour / 100).toBeLessThan(125);
    // ten until the first rest, and one each 30 s
    expect(attemptsInAnHour).toBeGreaterThan(110);
    expect(attemptsInAnHour).toBeLessThan(135);
  });

  it("spread over a growing time they are looked at a fifth as often, and the host is tried as often", () => {
    const { looksInAnHour, attemptsInAnHour } = deadHost(1_000, HOUR_MS, dice(), GROWING);
    expect(looksInAnHour / 1_000).toBeLessThan(25);
    expect(attemptsInAnHour).toBeGreaterThan(110);
  });

  it("the same dice are the same hour", () => {
    expect(deadHost(50, HOUR_MS, middle)).toEqual(deadHost(50, HOUR_MS, middle));
  });
});
