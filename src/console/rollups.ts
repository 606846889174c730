// The figures of past hours, counted from the books and kept. What was accepted in an hour may end, and be delivered,
// days later, so an hour is counted again and again, the longer after its end the more seldom: what is shown of it is
// behind by five minutes or an eighth of its age, whichever is more. The cron does it, and so does whoever reads hours
// that nobody has counted (under `npm start` there is no cron); each in bounded pieces.
import { tallyOf } from "./figures.ts";
import { countedHours, forgetHours, putHours } from "./journal.ts";
import { countRuns } from "./store.ts";

export const HOUR_MS = 3_600_000;
/** Of the longest overview, the current hour included. */
export const MAX_HOURS = 7 * 24;
const LEAST_AGE_MS = 5 * 60_000;
const SHARE_OF_AGE = 1 / 8;
const HOURS_A_BATCH = 6;
/** With the batch under way, less than anybody waits for a page. */
const BUDGET_MS = 3_000;

export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

/** What the cron does. At five minutes apart an hour or four are due each time; after a long pause, more than one time does. */
export async function tendRollups(db: D1Database, nowMs: number): Promise<void> {
  const toMs = hourOf(nowMs);
  await countDueHours(db, toMs - (MAX_HOURS - 1) * HOUR_MS, toMs, nowMs);
  await forgetHours(db, toMs - MAX_HOURS * HOUR_MS);
}

/** Counts hours of a span that are due, the newest first, while there is time. */
export async function countDueHours(
  db: D1Database,
  fromMs: number,
  toMs: number,
  nowMs: number,
): Promise<void> {
  const startedAtMs = Date.now();
  const due = dueHours(fromMs, toMs, await countedHours(db, fromMs, toMs), nowMs);
  for (let at = 0; at < due.length && Date.now() - startedAtMs < BUDGET_MS; at += HOURS_A_BATCH) {
    const hours = due.slice(at, at + HOURS_A_BATCH);
    const spans = hours.map((hourMs) => ({ fromMs: hourMs, toMs: hourMs + HOUR_MS, widthMs: HOUR_MS }));
    const counted = await countRuns(db, spans);
    const tallies = hours.map((hourMs, index) => ({ hourMs, tally: tallyOf(counted[index] ?? []) }));
    await putHours(db, tallies, nowMs);
  }
}

/** Hours from `fromMs` up to, but not including, `toMs` that have not been counted lately, the newest first. */
export function dueHours(
  fromMs: number,
  toMs: number,
  counted: ReadonlyMap<number, number>,
  nowMs: number,
): number[] {
  const hours = Array.from({ length: (toMs - fromMs) / HOUR_MS }, (_, at) => toMs - (at + 1) * HOUR_MS);
  return hours.filter((hourMs) => isDue(hourMs, counted.get(hourMs), nowMs));
}

function isDue(hourMs: number, countedAtMs: number | undefined, nowMs: number): boolean {
  if (countedAtMs === undefined) return true;
  const ageMs = countedAtMs - (hourMs + HOUR_MS);
  return nowMs - countedAtMs >= Math.max(LEAST_AGE_MS, ageMs * SHARE_OF_AGE);
}
