// What the gateway has done in the last hour, by the minute, or in the last day or week, by the hour: from the metrics
// aggregator, by the time at which each thing happened. Throws when the aggregator does not answer: what is not known
// is not shown as zero.

import {
  type AggregatedSums,
  type AggregatorNamespace,
  metricsAggregator,
  type Unit,
} from "../../operators/metrics-aggregator.ts";
import type { Overview, Span } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { addSums, busiest, decodeSums, emptySums, sumUp } from "../../platform/observability/sums.ts";
import { withTimeout } from "../../platform/timeout.ts";
import { toStats } from "./stats.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TIMEOUT_MS = 10_000;
const BUSIEST = 5;

type Buckets = { unit: Unit; widthMs: number; count: number };

const BUCKETS: Record<Span, Buckets> = {
  hour: { unit: "minutes", widthMs: MINUTE_MS, count: 60 },
  day: { unit: "hours", widthMs: HOUR_MS, count: 24 },
  week: { unit: "hours", widthMs: HOUR_MS, count: 7 * 24 },
};

export async function overview(
  aggregators: AggregatorNamespace,
  span: Span,
  nowMs: number,
): Promise<Overview> {
  const fromMs = beginning(BUCKETS[span], nowMs);
  const asked = metricsAggregator(aggregators).read(BUCKETS[span].unit, fromMs);
  return draw(span, fromMs, await withTimeout<AggregatedSums>(TIMEOUT_MS, asked));
}

/** The current bucket is the last one. */
function beginning({ widthMs, count }: Buckets, nowMs: number): number {
  return (Math.floor(nowMs / widthMs) + 1 - count) * widthMs;
}

export function draw(span: Span, fromMs: number, { sinceMs, rows }: AggregatedSums): Overview {
  const { widthMs, count } = BUCKETS[span];
  const buckets = Array.from({ length: count }, emptySums);
  let isReadable = true;
  for (const row of rows) {
    const bucket = buckets[Math.floor((row.atMs - fromMs) / widthMs)];
    const sums = decodeSums(row.sums);
    if (sums === null) isReadable = false;
    else if (bucket !== undefined) addSums(bucket, sums);
  }
  const totals = sumUp(buckets);
  return {
    span,
    from: formatTime(fromMs),
    to: formatTime(fromMs + count * widthMs),
    counted_since: formatTime(sinceMs),
    complete: isReadable && sinceMs <= fromMs,
    totals: toStats(totals),
    busiest_users: busiest(totals.users, BUSIEST).map(([user, requests]) => ({ user, requests })),
    busiest_hosts: busiest(totals.hosts, BUSIEST).map(([host, attempts]) => ({ host, attempts })),
    buckets: buckets.map((sums, at) => ({ at: formatTime(fromMs + at * widthMs), ...toStats(sums) })),
  };
}
