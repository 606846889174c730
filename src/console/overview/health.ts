// How the gateway is now, judged by what can be read of it: pure. Nothing is well only because nothing was counted.
import type { HealthCheck, Stats } from "../../operators/views.ts";
import { count, counted, duration, fromNow, percent } from "../shell/format.ts";

/** Null: it could not be read, or there is nothing to judge by. */
export type Readings = {
  /** As /readyz has them. */
  dependencies: Readonly<Record<string, "ok" | "failing">> | null;
  /** Of the last ten minutes. */
  recent: Stats;
  queuedP99Ms: number | null;
  /** `isAll` false: there are more. */
  overdue: { runs: number; since: string; isAll: boolean } | null;
  waiting: { deliveries: number; since: string | null } | null;
  hosts: FailingHosts;
  nowMs: number;
};

/** How many of the hosts at which attempts failed lately are so. */
export type FailingHosts = {
  /** Their breakers are open for all users. */
  down: number;
  /** They took nothing of what was sent. It may be one user who sends there, and made the host fail. */
  silent: number;
  /** They took something, and their breakers have not said how they are. */
  unknown: number;
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
    { name: "attempts", ...judgeAttempts(readings) },
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

// A user can have any number of attempts fail. While no host is down for all users, that is not the gateway's failure.
function judgeAttempts({ recent, hosts }: Readings): Judged {
  const { attempts, attempts_failed: failed } = recent;
  if (attempts === 0) return { status: "unknown", detail: "none in ten minutes" };
  const many = hosts.down > 0 ? MANY_ATTEMPTS : Number.POSITIVE_INFINITY;
  return judgeShare(failed, attempts, many, `${count(failed)} of ${count(attempts)} failed`);
}

function judgeShare(bad: number, all: number, many: number, said: string): Judged {
  const detail = `${said} (${percent(bad, all)})`;
  if (bad === 0) return { status: "ok", detail };
  return { status: bad / all >= many ? "failing" : "warning", detail };
}

function judgeReceivers({ hosts: { down, silent, unknown }, recent }: Readings): Judged {
  const silentHosts = `${counted(silent, "host")} took nothing in ten minutes`;
  if (down > 0)
    return {
      status: "failing",
      detail: `${counted(down, "host")} down for all users${silent > 0 ? `, ${silentHosts}` : ""}`,
    };
  if (silent > 0) return { status: "warning", detail: silentHosts };
  if (unknown > 0)
    return {
      status: "unknown",
      detail: `the state of ${counted(unknown, "host")} is not known`,
    };
  if (recent.attempts === 0) return { status: "unknown", detail: "no attempt in ten minutes" };
  return { status: "ok", detail: "none is down" };
}

function judgeWaiting({ waiting, nowMs }: Readings): Judged {
  if (waiting === null) return { status: "unknown", detail: "no callback in four days" };
  const { deliveries, since } = waiting;
  if (since === null || deliveries === 0) return { status: "ok", detail: "no callback waits" };
  const detail = `${counted(deliveries, "callback")}, the oldest from ${fromNow(since, nowMs)}`;
  return { status: nowMs - Date.parse(since) < LONG_MS ? "ok" : "warning", detail };
}

function judgeDeadLetters({ dead, attempts, runs }: Stats): Judged {
  if (dead + attempts + runs === 0) return { status: "unknown", detail: "nothing ended in ten minutes" };
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
  const runs = `${overdue.isAll ? "" : "at least "}${counted(overdue.runs, "run")}`;
  const detail = `${runs}, the oldest due ${fromNow(overdue.since, nowMs)}`;
  return { status: "failing", detail };
}
