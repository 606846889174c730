// What the gateway has done in the last hour, by the minute, or in the last day or week, by the hour: from the metrics
// aggregator, by the time at which each thing happened. Throws when the aggregator does not answer: what is not known
// is not shown as zero.

import {
  type AggregatedSums,
  type AggregatorNamespace,
  metricsAggregator,
  type Unit,
} from "../../operators/metrics-aggregator.ts";
import type { Overview, Span, Stats } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { percentile } from "../../platform/observability/histogram.ts";
import {
  addSums,
  busiest,
  type Counts,
  type DeliveryChange,
  decodeSums,
  emptySums,
  type Sums,
  sumUp,
} from "../../platform/observability/sums.ts";
import { withTimeout } from "../../platform/timeout.ts";

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

/** These have columns of their own, beside the rest of their class. */
const APART = ["429", "503"];

function toStats(sums: Sums): Stats {
  return {
    ...requestStats(sums),
    ...runStats(sums),
    ...attemptStats(sums),
    ...deliveryStats(sums),
  };
}

function requestStats({ requests, gatewayMs }: Sums) {
  const ofStatus = (isMeant: (status: string) => boolean) =>
    sumWhere(requests, ([status = ""]) => isMeant(status));
  const ofClass = (digit: string) =>
    ofStatus((status) => status.startsWith(digit) && !APART.includes(status));
  return {
    requests: sumWhere(requests, () => true),
    status_2xx: ofClass("2"),
    status_3xx: ofClass("3"),
    status_4xx: ofClass("4"),
    status_429: ofStatus((status) => status === "429"),
    status_5xx: ofClass("5"),
    status_503: ofStatus((status) => status === "503"),
    upstream_failed: sumWhere(requests, ([, outcome]) => outcome === "upstream_failed"),
    gateway_p50_ms: percentile(gatewayMs, 0.5),
    gateway_p99_ms: percentile(gatewayMs, 0.99),
  };
}

function runStats({ runs }: Sums) {
  return {
    runs: sumWhere(runs, () => true),
    errors: sumWhere(runs, ([result]) => result === "error"),
    abandoned: sumWhere(runs, ([result]) => result === "abandoned"),
    callbacks: sumWhere(runs, ([, callback]) => callback === "callback"),
    charges: sumWhere(runs, ([, , charge]) => charge === "charged"),
  };
}

function attemptStats({ attempts }: Sums) {
  return {
    attempts: sumWhere(attempts, () => true),
    attempts_failed: sumWhere(attempts, ([outcome]) => outcome === "failed"),
  };
}

function deliveryStats({ deliveries, deliveryMs }: Sums) {
  const series = (change: DeliveryChange) => deliveries.get(change) ?? 0;
  return {
    delivered: series("delivered") + series("delivered_at_once"),
    delivered_at_once: series("delivered_at_once"),
    retrying: series("retrying"),
    dead: series("dead"),
    aborted: series("aborted"),
    latency_p50_ms: percentile(deliveryMs, 0.5),
    latency_p99_ms: percentile(deliveryMs, 0.99),
  };
}

function sumWhere(counts: Counts, isMeant: (label: string[]) => boolean): number {
  let sum = 0;
  for (const [label, count] of counts) if (isMeant(label.split("|"))) sum += count;
  return sum;
}
