// What sums mean to an operator. Pure.

import type { Stats } from "../../operators/views.ts";
import { percentile } from "../../platform/observability/histogram.ts";
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
  const of = (change: DeliveryChange) => deliveries.get(change) ?? 0;
  return {
    delivered: of("delivered") + of("delivered_at_once"),
    delivered_at_once: of("delivered_at_once"),
    retrying: of("retrying"),
    dead: of("dead"),
    aborted: of("aborted"),
    latency_p50_ms: percentile(deliveryMs, 0.5),
    latency_p99_ms: percentile(deliveryMs, 0.99),
  };
}

function sumWhere(counts: Counts, isMeant: (label: string[]) => boolean): number {
  let sum = 0;
  for (const [label, count] of counts) if (isMeant(label.split("|"))) sum += count;
  return sum;
}
