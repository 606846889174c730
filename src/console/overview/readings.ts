// How the gateway is now: what /readyz checks, the operators' index, the breakers of hosts that fail, and the last minutes
// of the sums. Whatever does not answer is not known, and the rest is shown.
import { type BreakerNamespace, type BreakerView, breakerOf } from "../../callbacks/destination-breaker.ts";
import { readOverdue } from "../../operators/index-store.ts";
import { sumRows } from "../../operators/metrics-aggregator.ts";
import type { Overview } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { percentile } from "../../platform/observability/histogram.ts";
import { busiest, type Sums } from "../../platform/observability/sums.ts";
import { withTimeout } from "../../platform/timeout.ts";
import type { Services } from "../../services/services.ts";
import type { Readings } from "./health.ts";
import type { Aggregated } from "./query.ts";
import { toStats } from "./stats.ts";

type FailingHost = Overview["failing_hosts"][number];
type Deps = Pick<Services, "operatorsDb" | "breakers">;

const RECENT_MS = 10 * 60_000;
const ANSWERS_WITHIN_MS = 3_000;
const MAX_OVERDUE = 20;
/** Each is a question to another object. */
const MAX_BREAKERS = 10;
/** So many attempts without a success, and the host counts as down. */
const MIN_ATTEMPTS = 3;

export async function takeReadings(
  { operatorsDb, breakers }: Deps,
  checkDependencies: () => Promise<NonNullable<Readings["dependencies"]>>,
  { minutes }: Aggregated,
  waiting: Overview["waiting"],
  nowMs: number,
): Promise<{ readings: Readings; failingHosts: FailingHost[] }> {
  const recent = sumRows(minutes.rows, nowMs - RECENT_MS);
  const [known, overdue, failingHosts] = await Promise.all([
    checkDependencies().catch(() => null),
    withTimeout(ANSWERS_WITHIN_MS, countOverdue(operatorsDb)).catch(() => null),
    findFailingHosts(breakers, recent),
  ]);
  const readings = {
    dependencies: known,
    recent: toStats(recent),
    queuedP99Ms: percentile(recent.queuedMs, 0.99),
    overdue,
    waiting,
    failingHosts: failingHosts.length,
    nowMs,
  };
  return { readings, failingHosts };
}

async function countOverdue(db: D1Database): Promise<Readings["overdue"]> {
  const gates = await readOverdue(db, MAX_OVERDUE);
  const runs = gates.reduce((sum, gate) => sum + gate.runs, 0);
  return { runs, since: formatTime(gates[0]?.since_ms ?? 0) };
}

/** Those whose breaker is not closed, and those that have taken nothing lately. */
async function findFailingHosts(breakers: BreakerNamespace, recent: Sums): Promise<FailingHost[]> {
  const failed = busiest(recent.hosts, recent.hosts.size)
    .map(([host, attempts]) => ({ host, attempts, acknowledged: recent.acknowledged.get(host) ?? 0 }))
    .filter(({ attempts, acknowledged }) => acknowledged < attempts);
  const asked = failed.slice(0, MAX_BREAKERS);
  const statuses = await Promise.all(asked.map(({ host }) => breakerStatus(breakers, host)));
  return failed
    .map((host, index) => ({ ...host, breaker: statuses[index] ?? null }))
    .filter(({ breaker, attempts, acknowledged }) => {
      const isOpen = breaker === "open" || breaker === "half_open";
      return isOpen || (acknowledged === 0 && attempts >= MIN_ATTEMPTS);
    });
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
