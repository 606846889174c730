// How runs have fared over the last hour, day or week, by the time of their acceptance. The hour is counted on the spot,
// minute by minute; of the longer ones only the current hour is, the others are kept (rollups.ts).
import { emptyTally, figuresOf, sumOf, type Tally, tallyOf } from "./figures.ts";
import { readHours } from "./journal.ts";
import { countDueHours, HOUR_MS, hourOf, MAX_HOURS } from "./rollups.ts";
import { countRuns } from "./store.ts";
import { timeOf } from "./times.ts";
import type { Overview, Span } from "./views.ts";

const MINUTE_MS = 60_000;

type Buckets = { fromMs: number; widthMs: number; tallies: Tally[]; complete: boolean };

export async function overview(db: D1Database, span: Span, nowMs: number): Promise<Overview> {
  const { fromMs, widthMs, tallies, complete } = await bucketsOf(db, span, nowMs);
  return {
    span,
    from: timeOf(fromMs),
    to: timeOf(fromMs + tallies.length * widthMs),
    totals: figuresOf(sumOf(tallies)),
    complete,
    buckets: tallies.map((tally, at) => ({ at: timeOf(fromMs + at * widthMs), ...figuresOf(tally) })),
  };
}

async function bucketsOf(db: D1Database, span: Span, nowMs: number): Promise<Buckets> {
  switch (span) {
    case "hour":
      return minutes(db, nowMs);
    case "day":
      return hours(db, 24, nowMs);
    case "week":
      return hours(db, MAX_HOURS, nowMs);
  }
}

async function minutes(db: D1Database, nowMs: number): Promise<Buckets> {
  const toMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
  const fromMs = toMs - HOUR_MS;
  const [rows = []] = await countRuns(db, [{ fromMs, toMs, widthMs: MINUTE_MS }]);
  const tallies = Array.from({ length: 60 }, (_, at) => tallyOf(rows.filter(({ bucket }) => bucket === at)));
  return { fromMs, widthMs: MINUTE_MS, tallies, complete: true };
}

async function hours(db: D1Database, n: number, nowMs: number): Promise<Buckets> {
  const currentMs = hourOf(nowMs);
  const fromMs = currentMs - (n - 1) * HOUR_MS;
  await countDueHours(db, fromMs, currentMs, nowMs);
  const current = { fromMs: currentMs, toMs: currentMs + HOUR_MS, widthMs: HOUR_MS };
  const [kept, [rows = []]] = await Promise.all([readHours(db, fromMs, currentMs), countRuns(db, [current])]);
  const byHour = new Map(kept.map(({ hourMs, tally }) => [hourMs, tally]));
  const past = Array.from({ length: n - 1 }, (_, at) => byHour.get(fromMs + at * HOUR_MS) ?? emptyTally());
  return {
    fromMs,
    widthMs: HOUR_MS,
    tallies: [...past, tallyOf(rows)],
    complete: kept.length === n - 1,
  };
}
