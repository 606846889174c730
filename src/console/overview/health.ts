// How the gateway is now, judged by what can be read of it: pure. Nothing is well only because nothing was counted.
import type { HealthCheck, Stats } from "../../operators/views.ts";
import { count, counted, duration, fromNow, percent } from "../shell/format.ts";

/** Null: it could not be read, or there is nothing to judge. */
export type Readings = {
  /** As /readyz has them. */
  dependencies: Readonly<Record<string, "ok" | "failing">> | null;
  /** Of the last ten minutes. */
  recent: Stats;
  queuedP99Ms: number | null;
  overdue: { runs: number; since: string } | null;
  waiting: { deliveries: number; since: string | null };
  failingHosts: number;
  nowMs: number;
};

type Judged = Pick<HealthCheck, "status" | "detail">;

const MANY_REQUESTS = 0.05;
const MANY_ATTEMPTS = 0.5;
const LATE_MS = 30_000;
const VERY_LATE_MS = 5 * 60_000;
const LONG_MS = 10 * 60_000;

/** What fails first, then what is in doubt; otherwise in the order of the checks. */
export function judgeHealth(readings: Readings): HealthCheck[] {
  const checks: HealthCheck[] = [
    { name: "requests", ...judgeRequests(readings.recent) },
    { name: "attempts", ...judgeAttempts(readings.recent) },
    { name: "receivers", ...judgeReceivers(readings) },
    { name: "waiting", ...judgeWaiting(readings) },
    { name: "dead_letters", ...judgeDeadLetters(readings.recent) },
    { name: "queue", ...judgeQueue(readings.queuedP99Ms) },
    { name: "overdue", ...judgeOverdue(readings) },
    ...judgeDependencies(readings.dependencies),
  ];
  return checks.toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
}

const ORDER: readonly HealthCheck["status"][] = ["failing", "warning", "unknown", "ok"];

function judgeDependencies(dependencies: Readings["dependencies"]): HealthCheck[] {
  if (dependencies === null)
    return [{ name: "dependencies", status: "failing", detail: "could not be checked in time" }];
  return Object.entries(dependencies).map(([name, status]) => {
    const detail = status === "ok" ? "works" : "does not answer, or not as it must";
    return { name, status, detail };
  });
}

function judgeRequests({ requests, status_5xx: failed, status_503: unavailable }: Stats): Judged {
  if (requests === 0) return { status: "unknown", detail: "none in ten minutes" };
  const bad = failed + unavailable;
  return judgeShare(bad, requests, MANY_REQUESTS, `${count(bad)} of ${count(requests)} answered 5xx`);
}

function judgeAttempts({ attempts, attempts_failed: failed }: Stats): Judged {
  if (attempts === 0) return { status: "unknown", detail: "none in ten minutes" };
  return judgeShare(failed, attempts, MANY_ATTEMPTS, `${count(failed)} of ${count(attempts)} failed`);
}

function judgeShare(bad: number, all: number, many: number, said: string): Judged {
  const detail = `${said} (${percent(bad, all)})`;
  if (bad === 0) return { status: "ok", detail };
  return { status: bad / all >= many ? "failing" : "warning", detail };
}

function judgeReceivers({ failingHosts }: Readings): Judged {
  if (failingHosts === 0) return { status: "ok", detail: "none is down" };
  return { status: "failing", detail: `${counted(failingHosts, "host")} down` };
}

function judgeWaiting({ waiting: { deliveries, since }, nowMs }: Readings): Judged {
  if (since === null || deliveries === 0) return { status: "ok", detail: "no callback waits" };
  const detail = `${counted(deliveries, "callback")}, the oldest from ${fromNow(since, nowMs)}`;
  return { status: nowMs - Date.parse(since) < LONG_MS ? "ok" : "warning", detail };
}

function judgeDeadLetters({ dead }: Stats): Judged {
  return { status: dead === 0 ? "ok" : "warning", detail: `${count(dead)} in ten minutes` };
}

function judgeQueue(p99Ms: number | null): Judged {
  if (p99Ms === null) return { status: "unknown", detail: "no message in ten minutes" };
  const status = p99Ms >= VERY_LATE_MS ? "failing" : p99Ms >= LATE_MS ? "warning" : "ok";
  return { status, detail: `messages wait ${duration(p99Ms)} at most` };
}

function judgeOverdue({ overdue, nowMs }: Readings): Judged {
  if (overdue === null) return { status: "unknown", detail: "the operators' index does not answer" };
  if (overdue.runs === 0) return { status: "ok", detail: "none" };
  const detail = `${counted(overdue.runs, "run")}, the oldest due ${fromNow(overdue.since, nowMs)}`;
  return { status: "failing", detail };
}
