import { describe, expect, test } from "vitest";
import { parseSettings, type Settings } from "../../src/platform/settings.ts";
import { REQUIRED } from "../support/given-settings.ts";

function parse(vars: Record<string, unknown>): Settings {
  return parseSettings({ ...REQUIRED, ...vars });
}

const FIFTY = Array.from({ length: 50 }, (_, step) => step + 1);

describe("schedules", () => {
  test.each([
    ["CALLBACK_RETRY_SCHEDULE", "1,1,2", [1, 1, 2]],
    ["CALLBACK_RETRY_SCHEDULE", "0", [0]],
    ["CALLBACK_RETRY_SCHEDULE", " 5, 604800 ", [5, 604_800]],
    ["CALLBACK_RETRY_SCHEDULE", FIFTY.join(","), FIFTY],
    ["RUN_POLL_SCHEDULE", "60,300", [60, 300]],
    ["RUN_POLL_SCHEDULE", "1", [1]],
  ])("%s = %j", (name, text, seconds) => {
    const settings = parse({ [name]: text });
    const { callbackRetryScheduleSeconds, runPollScheduleSeconds } = settings;
    expect(name === "RUN_POLL_SCHEDULE" ? runPollScheduleSeconds : callbackRetryScheduleSeconds).toEqual(
      seconds,
    );
  });

  const retry = "CALLBACK_RETRY_SCHEDULE must be 1 to 50 whole numbers from 0 to 604800, separated by commas";
  const poll = "RUN_POLL_SCHEDULE must be 1 to 50 whole numbers from 1 to 604800, separated by commas";

  test.each([
    ["CALLBACK_RETRY_SCHEDULE", ",", retry],
    ["CALLBACK_RETRY_SCHEDULE", "5,", retry],
    ["CALLBACK_RETRY_SCHEDULE", "5,,300", retry],
    ["CALLBACK_RETRY_SCHEDULE", "5;300", retry],
    ["CALLBACK_RETRY_SCHEDULE", "5 300", retry],
    ["CALLBACK_RETRY_SCHEDULE", "[5,300]", retry],
    ["CALLBACK_RETRY_SCHEDULE", "5s", retry],
    ["CALLBACK_RETRY_SCHEDULE", "-5", retry],
    ["CALLBACK_RETRY_SCHEDULE", "1.5", retry],
    ["CALLBACK_RETRY_SCHEDULE", "1e3", retry],
    ["CALLBACK_RETRY_SCHEDULE", "604801", retry],
    ["CALLBACK_RETRY_SCHEDULE", [...FIFTY, 51].join(","), retry],
    ["CALLBACK_RETRY_SCHEDULE", " ", retry],
    ["RUN_POLL_SCHEDULE", "0", poll],
    ["RUN_POLL_SCHEDULE", "60,0", poll],
    ["RUN_POLL_SCHEDULE", "often", poll],
    ["CALLBACK_TIMEOUT_MS", "0", "CALLBACK_TIMEOUT_MS must be a whole number from 1 to 60000"],
    ["CALLBACK_TIMEOUT_MS", "60001", "CALLBACK_TIMEOUT_MS must be a whole number from 1 to 60000"],
    ["CALLBACK_TIMEOUT_MS", "15s", "CALLBACK_TIMEOUT_MS must be a whole number from 1 to 60000"],
  ])("%s = %j is refused", (name, text, problem) => {
    expect(() => parse({ [name]: text })).toThrow(`bad settings: ${problem}`);
  });

  test("that are no text are refused", () => {
    expect(() => parse({ CALLBACK_RETRY_SCHEDULE: [5, 300] })).toThrow(
      "bad settings: CALLBACK_RETRY_SCHEDULE must be a string",
    );
  });
});

test.each([
  ["CALLBACK_TIMEOUT_MS", "1", 1],
  ["CALLBACK_TIMEOUT_MS", "60000", 60_000],
])("%s = %s", (name, text, value) => {
  expect(parse({ [name]: text }).callbackTimeoutMs).toBe(value);
});

test("every bad setting is named at once", () => {
  expect(() => parse({ CALLBACK_RETRY_SCHEDULE: "x", RUN_POLL_SCHEDULE: "y" })).toThrow(
    /CALLBACK_RETRY_SCHEDULE .*; RUN_POLL_SCHEDULE /,
  );
});
