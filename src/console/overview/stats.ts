// Sums as the numbers that the overview shows.

import type { KnownSums } from "../../operators/metrics-aggregator.ts";
import type { Overview, Stats } from "../../operators/views.ts";
import { timeOrNull } from "../../platform/date-time.ts";
import { percentile } from "../../platform/observability/histogram.ts";
import { isWatching } from "../../platform/observability/log.ts";
import type { Counts, DeliveryChange, Sums } from "../../platform/observability/sums.ts";

/** These have columns of their own, beside the rest of their class. */
const APART = ["429", "503"];

export function toStats(sums: Sums): Stats {
  return {
    ...requestStats(sums),
    ...runStats(sums),
    ...attemptStats(sums),
    ...deliveryStats(sums),
  };
}

function requestStats({ requests: all, gatewayMs }: Sums) {
  const requests = new Map([...all].filter(([label]) => !isWatching(label.split("|")[2] ?? "")));
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

/**
 * Callbacks that are owed and neither delivered nor given up. Of those that came to be owed first so many have been settled
 * at most, so the oldest that waits is as old as the next one at least.
 */
export function estimateWaiting(rows: readonly KnownSums[]): Overview["waiting"] {
  const settledInAll = rows.reduce((sum, { sums }) => sum + settled(sums), 0);
  let owedSoFar = 0;
  let sinceMs: number | null = null;
  for (const { atMs, sums } of rows) {
    owedSoFar += owed(sums);
    if (owedSoFar > settledInAll) sinceMs ??= atMs;
  }
  return { deliveries: Math.max(0, owedSoFar - settledInAll), since: timeOrNull(sinceMs) };
}

/** Whether anything about callbacks was counted at all. */
export function hasCallbacks(sums: Sums): boolean {
  return owed(sums) > 0 || sums.attempts.size + sums.deliveries.size > 0;
}

/** Callbacks that came to be owed: with a run's end, or because they are sent again. */
function owed({ runs, deliveries }: Sums): number {
  return sumWhere(runs, ([, callback]) => callback === "callback") + (deliveries.get("reopened") ?? 0);
}

/** And those that came to an end. */
function settled({ deliveries }: Sums): number {
  return sumWhere(deliveries, ([change = ""]) => ENDS.includes(change));
}

const ENDS = ["delivered", "delivered_at_once", "dead", "aborted"];

function sumWhere(counts: Counts, isMeant: (label: string[]) => boolean): number {
  let sum = 0;
  for (const [label, count] of counts) if (isMeant(label.split("|"))) sum += count;
  return sum;
}
