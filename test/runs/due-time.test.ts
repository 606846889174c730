// When a run is due next. A poll writes nothing down, so the moments follow from the acceptance and the schedule.
import { describe, expect, it } from "vitest";
import { abandonRun, acceptedRun, beginRun, hintRun, redeliverRun } from "../../src/runs/run.ts";
import { dueAtMs, nextPollAtMs } from "../../src/runs/run-schedule.ts";
import { DAY, HOUR, MINUTE } from "../support/clock.ts";
import { CALLBACK_TERMS } from "../support/terms.ts";

const T0 = 1_000_000_000_000;
const RULES = { pollSchedule: [2, 4, 8], retrySchedule: [5] };

describe("the next poll of a run that was accepted at 0", () => {
  it.each([
    [0, 2_000],
    [1_999, 2_000],
    [2_000, 6_000],
    [5_999, 6_000],
    [6_000, 14_000],
    [14_000, 22_000],
    [21_999, 22_000],
    [22_000, 30_000],
    [3_600_000, 3_606_000],
  ])("after %i ms is at %i ms", (afterMs, atMs) => {
    expect(nextPollAtMs(T0, [2, 4, 8], T0 + afterMs) - T0).toBe(atMs);
  });

  it("is the first one when the clock has stepped back behind the acceptance", () => {
    expect(nextPollAtMs(T0, [2, 4, 8], T0 - 3_000)).toBe(T0 + 2_000);
  });

  it("with a schedule of one pause comes at that pause for ever", () => {
    expect(nextPollAtMs(T0, [5], T0 + 12_500)).toBe(T0 + 15_000);
  });

  it("with an empty schedule comes every five minutes", () => {
    expect(nextPollAtMs(T0, [], T0) - T0).toBe(300_000);
    expect(nextPollAtMs(T0, [], T0 + 300_000) - T0).toBe(600_000);
  });
});

describe("a start whose answer was lost", () => {
  const unanswered = beginRun(T0);
  const hinted = hintRun(unanswered, "r1");

  it("is let go after fourteen days, and not polled before", () => {
    expect(dueAtMs(unanswered, RULES, T0 + HOUR)).toBe(T0 + 14 * DAY);
  });

  it.each([
    ["at once", 0, MINUTE],
    ["after eight minutes", 8 * MINUTE, MINUTE],
    ["after an hour", HOUR, 7.5 * MINUTE],
    ["after a day", DAY, 3 * HOUR],
    ["after twelve days", 12 * DAY, DAY],
  ])("whose run a completion named is polled the later the longer it is unknown: %s", (_, agoMs, pauseMs) => {
    expect(dueAtMs(hinted, RULES, T0 + agoMs)).toBe(T0 + agoMs + pauseMs);
  });
});

it("an abandoned run that the upstream is asked for is due every minute", () => {
  const abandoned = abandonRun(acceptedRun("r1", 0, T0), CALLBACK_TERMS, "unreachable", T0);
  expect(dueAtMs(redeliverRun(abandoned, T0), RULES, T0 + 500)).toBe(T0 + 500 + MINUTE);
});
