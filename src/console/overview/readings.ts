// How the gateway is now: what /readyz checks, the operators' index, the breakers of hosts that fail, and the last minutes
// of the sums. Whatever does not answer is not known, and the rest is shown.
import { type BreakerNamespace, type BreakerView, breakerOf } from "../../callbacks/destination-breaker.ts";
import { countOverdue } from "../../operators/index-store.ts";
import { decodeRows, sumRows } from "../../operators/metrics-aggregator.ts";
import type { Overview } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { percentile } from "../../platform/observability/histogram.ts";
import { busiest, type Sums } from "../../platform/observability/sums.ts";
import { withTimeout } from "../../platform/timeout.ts";
import type { Services } from "../../services/services.ts";
import type { FailingHosts, Readings } from "./health.ts";
import type { Aggregated } from "./query.ts";
import { hasCallbacks, toStats } from "./stats.ts";

type FailingHost = Overview["failing_hosts"][number];
type Deps = Pick<Services, "operatorsDb" | "breakers">;

const RECENT_MS = 10 * 60_000;
const ANSWERS_WITHIN_MS = 3_000;
const MAX_OVERDUE_GATES = 1_000;
/** Each is a question to another object. */
const MAX_BREAKERS = 10;
/** So many attempts without a success, and the host counts as one that takes nothing. */
const MIN_ATTEMPTS = 3;

export async function takeReadings(
  { operatorsDb, breakers }: Deps,
  checkDependencies: () => Promise<NonNullable<Readings["dependencies"]>>,
  { minutes, hours }: Aggregated,
  waiting: Overview["waiting"],
  nowMs: number,
): Promise<{ readings: Readings; failingHosts: FailingHost[] }> {
  const recent = sumRows(minutes.rows, nowMs - RECENT_MS);
  const [known, overdue, hosts] = await Promise.all([
    checkDependencies().catch(() => null),
    withTimeout(ANSWERS_WITHIN_MS, readOverdue(operatorsDb)).catch(() => null),
    askFailedHosts(breakers, recent),
  ]);
  const readings = {
    dependencies: known,
    recent: toStats(recent),
    queuedP99Ms: percentile(recent.queuedMs, 0.99),
    overdue,
    waiting: decodeRows(hours.rows).some(({ sums }) => hasCallbacks(sums)) ? waiting : null,
    hosts: countFailing(hosts),
    nowMs,
  };
  return { readings, failingHosts: hosts.filter((host) => isDown(host) || isSilent(host)) };
}

async function readOverdue(db: D1Database): Promise<Readings["overdue"]> {
  const { gates, runs, sinceMs } = await countOverdue(db, MAX_OVERDUE_GATES);
  return { runs, since: formatTime(sinceMs ?? 0), isAll: gates < MAX_OVERDUE_GATES };
}

/** Whose attempts did not all succeed lately. */
async function askFailedHosts(breakers: BreakerNamespace, recent: Sums): Promise<FailingHost[]> {
  const failed = busiest(recent.hosts, recent.hosts.size)
    .map(([host, attempts]) => ({ host, attempts, acknowledged: recent.acknowledged.get(host) ?? 0 }))
    .filter(({ attempts, acknowledged }) => acknowledged < attempts);
  const asked = failed.slice(0, MAX_BREAKERS);
  const statuses = await Promise.all(asked.map(({ host }) => breakerStatus(breakers, host)));
  return failed.map((host, index) => ({ ...host, breaker: statuses[index] ?? null }));
}

function isDown({ breaker }: FailingHost): boolean {
  return breaker === "open" || breaker === "half_open";
}

function isSilent({ attempts, acknowledged }: FailingHost): boolean {
  return acknowledged === 0 && attempts >= MIN_ATTEMPTS;
}

function countFailing(hosts: readonly FailingHost[]): FailingHosts {
  const down = hosts.filter(isDown).length;
  const silent = hosts.filter((host) => !isDown(host) && isSilent(host)).length;
  const unknown = hosts.filter((host) => host.breaker === null && !isSilent(host)).length;
  return { down, silent, unknown };
}

async function breakerStatus(
  breakers: BreakerNamespace,
  host: string,
): Promise<BreakerView["status"] | null> {
  try {
    const view: Promise<BreakerView> = breakerOf(breakers, host).view();
    return (await withTimeout(ANSWERS_WITHIN_MS, view)).status;
  } catch {
    return null;
  }
}
