// How the hosts of callbacks have fared over a time, and whether their breakers let attempts through.
import { type BreakerNamespace, type BreakerView, breakerOf } from "../../callbacks/destination-breaker.ts";
import { readPauses } from "../../callbacks/paused-hosts.ts";
import {
  type AggregatedSums,
  type AggregatorNamespace,
  metricsAggregator,
  sumRows,
  type Unit,
} from "../../operators/metrics-aggregator.ts";
import type { Destination, Destinations, Span } from "../../operators/views.ts";
import { formatTime, timeOrNull } from "../../platform/date-time.ts";
import { decodeOpaque, encodeOpaque } from "../../platform/opaque.ts";
import { withTimeout } from "../../platform/timeout.ts";

export type HostStats = {
  host: string;
  attempts: number;
  acknowledged: number;
  /** Of the acknowledged ones; null: there are none, or they were not measured. */
  latencyMeanMs: number | null;
};

export type HostCursor = Pick<HostStats, "host" | "attempts" | "acknowledged">;

export type HostQuery = {
  span: Span;
  sort: Destinations["sort"];
  /** This one alone, whether it had an attempt or not. */
  host: string | null;
  after: HostCursor | null;
};

const HOUR_MS = 60 * 60_000;
const SPANS: Record<Span, { unit: Unit; lengthMs: number }> = {
  hour: { unit: "minutes", lengthMs: HOUR_MS },
  day: { unit: "hours", lengthMs: 24 * HOUR_MS },
  week: { unit: "hours", lengthMs: 7 * 24 * HOUR_MS },
};
/** Each may be a question to another object. */
const PAGE = 50;
const ANSWERS_WITHIN_MS = 5_000;

const CLOSED: Destination["breaker"] = { status: "closed", until: null, open_for_users: 0 };

/** Throws when the metrics aggregator, a breaker or KV does not answer. */
export async function listDestinations(
  {
    metricsAggregator: aggregators,
    breakers,
    kv,
  }: { metricsAggregator: AggregatorNamespace; breakers: BreakerNamespace; kv: KVNamespace },
  query: HostQuery,
  nowMs: number,
): Promise<Destinations> {
  const [hosts, pauses] = await Promise.all([
    readHosts(aggregators, query.span, nowMs),
    readPauses(kv, nowMs),
  ]);
  const { shown, next } = pickPage(hosts, query);
  const { span, sort } = query;
  const paused = pauses.map(({ host, untilMs, operator, setAtMs }) => {
    return { host, until: formatTime(untilMs), set_by: operator, set_at: formatTime(setAtMs) };
  });
  return { span, sort, paused, destinations: await withBreakers(shown, breakers), next_cursor: next };
}

/** The hosts of a page, and where the next one goes on. */
export function pickPage(
  hosts: readonly HostStats[],
  { sort, host, after }: Omit<HostQuery, "span">,
): { shown: HostStats[]; next: string | null } {
  if (host !== null) {
    const none = { host, attempts: 0, acknowledged: 0, latencyMeanMs: null };
    return { shown: [hosts.find((each) => each.host === host) ?? none], next: null };
  }
  const compare = sort === "failures" ? byFailures : byAttempts;
  const left = hosts.filter((each) => after === null || compare(after, each) < 0).toSorted(compare);
  const shown = left.slice(0, PAGE);
  const last = left.length > PAGE ? shown.at(-1) : undefined;
  return { shown, next: last ? encodeOpaque([last.host, last.attempts, last.acknowledged]) : null };
}

/** Null for anything that `pickPage` does not write. */
export function decodeHostCursor(text: string): HostCursor | null {
  const [host, attempts, acknowledged, ...rest] = decodeOpaque(text) ?? [];
  if (typeof host !== "string" || typeof attempts !== "number" || typeof acknowledged !== "number")
    return null;
  return rest.length > 0 ? null : { host, attempts, acknowledged };
}

function byFailures(a: HostCursor, b: HostCursor): number {
  return b.attempts - b.acknowledged - (a.attempts - a.acknowledged) || byAttempts(a, b);
}

function byAttempts(a: HostCursor, b: HostCursor): number {
  return b.attempts - a.attempts || (a.host < b.host ? -1 : Number(a.host > b.host));
}

export function withBreakers(
  hosts: readonly HostStats[],
  breakers: BreakerNamespace,
): Promise<Destination[]> {
  return Promise.all(
    hosts.map(async ({ host, attempts, acknowledged, latencyMeanMs }) => {
      // Only hosts that failed have a breaker at all.
      const mayBeOpen = attempts === 0 || acknowledged < attempts;
      const breaker = mayBeOpen ? await breakerView(breakers, host) : CLOSED;
      return { host, attempts, acknowledged, latency_mean_ms: latencyMeanMs, breaker };
    }),
  );
}

/** The busiest hosts of each minute or hour of the span, as the metrics aggregator has them. */
export async function readHosts(
  aggregators: AggregatorNamespace,
  span: Span,
  nowMs: number,
): Promise<HostStats[]> {
  const { unit, lengthMs } = SPANS[span];
  const asked = metricsAggregator(aggregators).read(unit, nowMs - lengthMs);
  const { rows } = await withTimeout<AggregatedSums>(ANSWERS_WITHIN_MS, asked);
  const sums = sumRows(rows);
  return [...sums.hosts].map(([host, attempts]) => {
    const acknowledged = sums.acknowledged.get(host) ?? 0;
    const totalMs = sums.acknowledgedMs.get(host) ?? 0;
    const latencyMeanMs = acknowledged === 0 ? null : Math.round(totalMs / acknowledged);
    return { host, attempts, acknowledged, latencyMeanMs };
  });
}

async function breakerView(breakers: BreakerNamespace, host: string): Promise<Destination["breaker"]> {
  const view: Promise<BreakerView> = breakerOf(breakers, host).view();
  const { status, untilMs, openForUsers } = await withTimeout(ANSWERS_WITHIN_MS, view);
  return { status, until: timeOrNull(untilMs), open_for_users: openForUsers };
}
