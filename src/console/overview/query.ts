// What the gateway has done in the last hour, by the minute, in the last day, by the hour, or in the last week, by six hours:
// from the metrics aggregator, by the time at which each thing happened; and how it is now. Throws when the aggregator does
// not answer: what is not known is not shown as zero.

import {
  type AggregatedSums,
  type AggregatorNamespace,
  decodeRows,
  metricsAggregator,
  type StoredSums,
  sumRows,
} from "../../operators/metrics-aggregator.ts";
import type { Overview, Span } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { addSums, busiest, emptySums, type Sums, sumUp } from "../../platform/observability/sums.ts";
import { withTimeout } from "../../platform/timeout.ts";
import { estimateWaiting, toStats } from "./stats.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const TIMEOUT_MS = 10_000;
const BUSIEST = 5;
/** By then the retries of most deliveries are over. */
const WAITING_FROM_MS = 4 * DAY_MS;

type Buckets = { widthMs: number; count: number };

// Of a week's hours many have too few requests for a 99th percentile.
const BUCKETS: Record<Span, Buckets> = {
  hour: { widthMs: MINUTE_MS, count: 60 },
  day: { widthMs: HOUR_MS, count: 24 },
  week: { widthMs: 6 * HOUR_MS, count: 28 },
};

/** What is drawn, and what it is drawn from. */
export type Drawn = Omit<Overview, "health" | "failing_hosts">;
/**
 * By the minute, for two hours; and by the hour. `asFar`: of the day before, the minutes of the hour that is the present one of
 * this day, as far as that has come.
 */
export type Aggregated = { minutes: AggregatedSums; hours: AggregatedSums; asFar: StoredSums[] };

export async function readAggregated(
  aggregators: AggregatorNamespace,
  span: Span,
  nowMs: number,
): Promise<Aggregated> {
  const hoursMs = span === "week" ? beginning(BUCKETS.week, nowMs) : nowMs - WAITING_FROM_MS;
  const aggregator = metricsAggregator(aggregators);
  const asFarMs = nowMs - DAY_MS;
  const read: Promise<[AggregatedSums, AggregatedSums, StoredSums[]]> = Promise.all([
    aggregator.read("minutes", beginning(BUCKETS.hour, nowMs) - HOUR_MS),
    aggregator.read("hours", hoursMs),
    span === "day" ? aggregator.readMinutes(floor(asFarMs, HOUR_MS), asFarMs) : [],
  ]);
  const [minutes, hours, asFar] = await withTimeout(TIMEOUT_MS, read);
  return { minutes, hours, asFar };
}

/** What had been counted in the span before when it was as old as this one is now; null: it was not counted from its beginning. */
function sumBefore(span: Span, nowMs: number, { minutes, hours, asFar }: Aggregated): Sums | null {
  const lengthMs = BUCKETS[span].widthMs * BUCKETS[span].count;
  const [fromMs, toMs] = [beginning(BUCKETS[span], nowMs) - lengthMs, nowMs - lengthMs];
  // Hours are kept for a week, so there is no week before.
  if (span === "week" || minutes.sinceMs > fromMs) return null;
  const wholeToMs = span === "day" ? floor(toMs, HOUR_MS) : toMs;
  const whole = (span === "hour" ? minutes : hours).rows.filter(
    ({ atMs }) => atMs >= fromMs && atMs < wholeToMs,
  );
  return sumRows([...whole, ...asFar]);
}

function floor(ms: number, widthMs: number): number {
  return Math.floor(ms / widthMs) * widthMs;
}

/** The current bucket is the last one. */
function beginning({ widthMs, count }: Buckets, nowMs: number): number {
  return floor(nowMs, widthMs) + (1 - count) * widthMs;
}

export function draw(span: Span, nowMs: number, aggregated: Aggregated): Drawn {
  const { minutes, hours } = aggregated;
  const { widthMs, count } = BUCKETS[span];
  const fromMs = beginning(BUCKETS[span], nowMs);
  const { sinceMs } = minutes;
  const rows = (span === "hour" ? minutes : hours).rows.filter(({ atMs }) => atMs >= fromMs);
  const known = decodeRows(rows);
  const buckets = Array.from({ length: count }, emptySums);
  for (const { atMs, sums } of known) {
    const bucket = buckets[Math.floor((atMs - fromMs) / widthMs)];
    if (bucket !== undefined) addSums(bucket, sums);
  }
  const totals = sumUp(buckets);
  const before = sumBefore(span, nowMs, aggregated);
  return {
    span,
    from: formatTime(fromMs),
    to: formatTime(fromMs + count * widthMs),
    counted_since: formatTime(sinceMs),
    // Of rows of another version it is only said that there are some.
    complete: known.length === rows.length && sinceMs <= fromMs,
    totals: toStats(totals),
    before: before && toStats(before),
    waiting: estimateWaiting(decodeRows(hours.rows, nowMs - WAITING_FROM_MS)),
    busiest_users: busiest(totals.users, BUSIEST).map(([user, requests]) => ({
      user,
      requests,
      starts: totals.starts.get(user) ?? 0,
      limited: totals.limited.get(user) ?? 0,
      errors: totals.refused.get(user) ?? 0,
    })),
    busiest_hosts: busiest(totals.hosts, BUSIEST).map(([host, attempts]) => ({ host, attempts })),
    buckets: buckets.map((sums, at) => ({ at: formatTime(fromMs + at * widthMs), ...toStats(sums) })),
  };
}
