// What a load needs of the little that users share, and what their gates keep.
import { DAY_SECONDS } from "./day.ts";
import { LIMITS, MEASURED_BYTES } from "./limits.ts";

export type Needs = { queues: number; indexRowsASecond: number; terabytes: number };

/** A day's peak over its mean: the curve's 1.5 and a burst's two. Left free for retries and polls. */
const PEAK = 3;
const FREE = 0.3;
/** A gate reports a day to the index within an hour. */
const REPORT_SECONDS = 3_600;
const CHARGE_DAYS = 400;
const ANSWER_DAYS = 7;

/** For so many full runs a second of so many users a day, kept for so many days; charges for 400, answers for seven. */
export function toNeeds(runsASecond: number, usersADay: number, keptDays: number): Needs {
  const { endedRun, charge, answer } = MEASURED_BYTES;
  const bytesOfADaysRun = endedRun * keptDays + charge * CHARGE_DAYS + answer * ANSWER_DAYS;
  return {
    queues: Math.ceil((runsASecond * PEAK) / (1 - FREE) / LIMITS.messagesASecondAQueue),
    indexRowsASecond: usersADay / REPORT_SECONDS,
    terabytes: (runsASecond * DAY_SECONDS * bytesOfADaysRun) / 1e12,
  };
}
