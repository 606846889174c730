// How the hosts of callbacks have fared lately, and whether their breakers let attempts through.
import { type BreakerNamespace, type BreakerView, breakerOf } from "../../callbacks/destination-breaker.ts";
import {
  type AggregatedSums,
  type AggregatorNamespace,
  metricsAggregator,
} from "../../operators/metrics-aggregator.ts";
import type { Destination, Destinations } from "../../operators/views.ts";
import { timeOrNull } from "../../platform/date-time.ts";
import { busiest, decodeSums, sumUp } from "../../platform/observability/sums.ts";
import { withTimeout } from "../../platform/timeout.ts";

export type HostStats = {
  host: string;
  attempts: number;
  acknowledged: number;
  /** Of the acknowledged ones; null: there are none, or they were not measured. */
  latencyMeanMs: number | null;
};

type BreakerState = NonNullable<Destination["breaker"]>;

const DAY_MS = 24 * 60 * 60_000;
const MAX_HOSTS = 200;
/** Each is a question to another object. */
const MAX_BREAKERS = 50;
const ANSWERS_WITHIN_MS = 5_000;

const CLOSED: BreakerState = { status: "closed", until: null, open_for_users: 0 };

/** Throws when a breaker does not answer. */
export async function withBreakers(
  hosts: readonly HostStats[],
  breakers: BreakerNamespace,
): Promise<Destinations> {
  // Only hosts that failed have a breaker at all.
  const failed = hosts.filter(({ attempts, acknowledged }) => acknowledged < attempts);
  const asked = failed.slice(0, MAX_BREAKERS);
  const views = await Promise.all(asked.map(({ host }) => breakerView(breakers, host)));
  const known = new Map(asked.map(({ host }, index) => [host, views[index]]));
  return {
    destinations: hosts.map(({ host, attempts, acknowledged, latencyMeanMs }) => {
      const breaker = known.get(host) ?? (acknowledged < attempts ? null : CLOSED);
      return { host, attempts, acknowledged, latency_mean_ms: latencyMeanMs, breaker };
    }),
  };
}

/** The busiest hosts of the last day, the busiest first, as the metrics aggregator has them. Throws when it does not answer. */
export async function busiestHosts(aggregators: AggregatorNamespace, nowMs: number): Promise<HostStats[]> {
  const asked = metricsAggregator(aggregators).read("hours", nowMs - DAY_MS);
  const { rows } = await withTimeout<AggregatedSums>(ANSWERS_WITHIN_MS, asked);
  const sums = sumUp(rows.flatMap((row) => decodeSums(row.sums) ?? []));
  return busiest(sums.hosts, MAX_HOSTS).map(([host, attempts]) => {
    const acknowledged = sums.acknowledged.get(host) ?? 0;
    const totalMs = sums.acknowledgedMs.get(host) ?? 0;
    const latencyMeanMs = acknowledged === 0 ? null : Math.round(totalMs / acknowledged);
    return { host, attempts, acknowledged, latencyMeanMs };
  });
}

async function breakerView(breakers: BreakerNamespace, host: string): Promise<BreakerState> {
  const view: Promise<BreakerView> = breakerOf(breakers, host).view();
  const { status, untilMs, openForUsers } = await withTimeout(ANSWERS_WITHIN_MS, view);
  return { status, until: timeOrNull(untilMs), open_for_users: openForUsers };
}
