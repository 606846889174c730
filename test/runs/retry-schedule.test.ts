import { describe, expect, test } from "vitest";
import type { AttemptFailure } from "../../src/runs/attempt.ts";
import { type FailedOutcome, planNextAttempt } from "../../src/runs/retry-schedule.ts";

const NOW = 1_800_000_000_000;
/** Not the gateway's default: the expected numbers belong to this one. */
const SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const LOWEST = 0;
const MIDDLE = 0.5;
const HIGHEST = 1 - 2 ** -53;

function failed(status: number | null, retryAfterSeconds: number | null = null): FailedOutcome {
  const failure: AttemptFailure = status === null ? "no connection" : "status is no 2xx";
  return { kind: "failed", status, failure, retryAfterSeconds };
}

function timedOut(): FailedOutcome {
  return { kind: "failed", status: null, failure: "no answer in time", retryAfterSeconds: null };
}

/** Seconds until the next attempt, or "dead". */
function delay(
  attempts: number,
  outcome: FailedOutcome,
  random = MIDDLE,
  schedule: number[] = SCHEDULE,
): number | "dead" {
  const next = planNextAttempt({ attempts: attempts, schedule, outcome, random, nowMs: NOW });
  return next.kind === "dead" ? "dead" : (next.atMs - NOW) / 1000;
}

/** The same at the lowest, the middle and the highest jitter. */
function spread(attempts: number, outcome: FailedOutcome): (number | "dead")[] {
  return [LOWEST, MIDDLE, HIGHEST].map((random) => delay(attempts, outcome, random));
}

describe("a schedule of nine delays makes ten attempts", () => {
  test.each([
    // made, lowest, middle, highest
    [1, 4, 5, 6],
    [2, 240, 300, 360],
    [3, 1440, 1800, 2160],
    [4, 5760, 7200, 8640],
    [5, 14_400, 18_000, 21_600],
    [6, 28_800, 36_000, 43_200],
    [7, 40_320, 50_400, 60_480],
    [8, 57_600, 72_000, 86_400],
    [9, 69_120, 86_400, 103_680],
    [10, "dead", "dead", "dead"],
    [11, "dead", "dead", "dead"],
  ])("after attempt %i: %s, %s or %s seconds", (attempts, lowest, middle, highest) => {
    expect(spread(attempts, failed(500))).toEqual([lowest, middle, highest]);
  });

  test("over 75 hours and 35 minutes", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempts) => Number(delay(attempts, failed(503))));
    expect(delays.reduce((sum, seconds) => sum + seconds)).toBe(75 * 3600 + 35 * 60 + 5);
  });
});

describe("a Retry-After is honoured between one and two times the plan", () => {
  test.each([
    // Retry-After, then the delay at the lowest, the middle and the highest jitter of 300 seconds
    [null, 240, 300, 360],
    [0, 240, 300, 360],
    [1, 240, 300, 360],
    [240, 240, 300, 360],
    [241, 241, 300, 360],
    [300, 300, 300, 360],
    [301, 301, 301, 360],
    [361, 361, 361, 361],
    [450, 450, 450, 450],
    [600, 600, 600, 600],
    [601, 600, 600, 600],
    [1_209_600, 600, 600, 600],
  ])("Retry-After: %s", (retryAfter, lowest, middle, highest) => {
    expect(spread(2, failed(503, retryAfter))).toEqual([lowest, middle, highest]);
  });

  test("but makes no further attempt after the last", () => {
    expect(delay(10, failed(503, 60))).toBe("dead");
  });
});

describe("after a time-out, 429, 502 or 504 the next attempt is at least a minute away", () => {
  test.each([
    ["time-out", timedOut()],
    ["429", failed(429)],
    ["502", failed(502)],
    ["504", failed(504)],
  ])("%s", (_, outcome) => {
    expect(spread(1, outcome)).toEqual([60, 60, 72]);
    expect(spread(2, outcome)).toEqual([240, 300, 360]);
    expect(delay(10, outcome)).toBe("dead");
  });

  test("on every schedule, also one that is shorter throughout", () => {
    expect(delay(1, failed(504), MIDDLE, [1, 1, 2])).toBe(60);
    expect(delay(2, timedOut(), LOWEST, [1, 1, 2])).toBe(60);
    expect(delay(3, failed(429), MIDDLE, [1, 1, 2])).toBe(60);
    expect(delay(4, failed(429), MIDDLE, [1, 1, 2])).toBe("dead");
    expect(delay(1, failed(502), LOWEST, [0])).toBe(60);
  });

  test.each([
    [30, 60],
    [60, 60],
    [90, 90],
    [120, 120],
    [121, 120],
    [3600, 120],
  ])("the minute is the plan that a Retry-After of %i is measured by", (retryAfter, seconds) => {
    expect(delay(1, failed(429, retryAfter))).toBe(seconds);
    expect(delay(1, failed(504, retryAfter), LOWEST)).toBe(seconds);
  });
});

describe("any other failure keeps the plan", () => {
  test.each([
    ["no connection", failed(null)],
    ["301", failed(301)],
    ["400", failed(400)],
    ["500", failed(500)],
    ["501", failed(501)],
    ["503", failed(503)],
  ])("%s", (_, outcome) => {
    expect(delay(1, outcome)).toBe(5);
    expect(delay(1, outcome, MIDDLE, [1, 1, 2])).toBe(1);
    expect(delay(3, outcome, MIDDLE, [1, 1, 2])).toBe(2);
    expect(delay(4, outcome, MIDDLE, [1, 1, 2])).toBe("dead");
  });
});

test("a delay is in whole milliseconds", () => {
  expect(delay(1, failed(500), 1 / 3)).toBe(4.667);
});

test("a schedule of zeros tries again at once", () => {
  expect(delay(1, failed(500), 0.9, [0])).toBe(0);
});

test("a delivery that has used up more than a schedule made shorter since is dead", () => {
  expect(delay(7, failed(500), MIDDLE, [5, 300])).toBe("dead");
});
