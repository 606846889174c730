// How many cells a load needs, by what would give way first.
import { DAY_SECONDS } from "./day.ts";
import { ENTRIES_A_BATCH, LIMITS, MEASURED, REMOVED_A_DAY } from "./limits.ts";

export type Needs = { queue: number; writer: number; retention: number; size: number };

/** A day's peak over its mean: the curve's 1.5 and a burst's two. Left free for retries and for a second look. */
const PEAK = 3;
const FREE = 0.3;

/** For so many runs a second that owe somebody something, kept for so many days. */
export function cellsFor(owing: number, keptDays: number): Needs {
  const aDay = owing * DAY_SECONDS;
  const peak = (owing * PEAK) / (1 - FREE);
  return {
    queue: Math.ceil(peak / LIMITS.messagesASecondAQueue),
    writer: Math.ceil(peak / (MEASURED.batchesASecondALedger * ENTRIES_A_BATCH)),
    retention: Math.ceil(aDay / REMOVED_A_DAY),
    size: Math.ceil((aDay * keptDays * MEASURED.bytesARun) / LIMITS.bytesALedger),
  };
}

export function most(needs: Needs): number {
  return Math.max(...Object.values(needs));
}

/** Bytes of all ledgers together. */
export function bytesKept(owing: number, keptDays: number): number {
  return owing * DAY_SECONDS * keptDays * MEASURED.bytesARun;
}
