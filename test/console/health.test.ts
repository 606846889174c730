// What the strip on the overview says, by what could be read.
import { describe, expect, it } from "vitest";
import { type FailingHosts, judgeHealth, type Readings } from "../../src/console/overview/health.ts";
import { estimateWaiting } from "../../src/console/overview/stats.ts";
import {
  countAttempt,
  countDeadLetter,
  countEnd,
  countReopened,
  emptySums,
  type Sums,
} from "../../src/platform/observability/sums.ts";
import { toAttempt } from "../platform/observability/counted.ts";
import { busyHour, NONE } from "./fixtures.ts";

const NOW_MS = Date.parse("2026-11-25T20:14:00Z");
const WELL: Readings = {
  dependencies: { upstream: "ok", flags: "ok" },
  recent: { ...NONE, requests: 60, status_2xx: 60, attempts: 20 },
  queuedP99Ms: 400,
  overdue: { runs: 0, since: "1970-01-01T00:00:00.000Z", isAll: true },
  waiting: { deliveries: 0, since: null },
  hosts: { down: 0, silent: 0, unknown: 0 },
  nowMs: NOW_MS,
};

function said(name: string, readings: Partial<Readings>): unknown {
  const check = judgeHealth({ ...WELL, ...readings }).find((each) => each.name === name);
  return check && [check.status, check.detail];
}

const recent = (stats: Partial<typeof NONE>) => ({ recent: { ...NONE, ...stats } });
const failing = (hosts: Partial<FailingHosts>) => ({ ...WELL.hosts, ...hosts });
const waiting = (minutes: number) => ({
  waiting: { deliveries: 39, since: new Date(NOW_MS - minutes * 60_000).toISOString() },
});

it.each<[name: string, readings: Partial<Readings>, status: string, detail: string]>([
  ["requests", {}, "ok", "0 of 60 answered 5xx (0 %)"],
  ["requests", recent({}), "unknown", "none in ten minutes"],
  ["requests", recent({ requests: 60, status_503: 60 }), "failing", "60 of 60 answered 5xx (100 %)"],
  [
    "requests",
    recent({ requests: 100, status_503: 3, status_5xx: 1 }),
    "warning",
    "4 of 100 answered 5xx (4.0 %)",
  ],
  [
    "requests",
    recent({ requests: 100, status_503: 4, status_5xx: 1 }),
    "failing",
    "5 of 100 answered 5xx (5.0 %)",
  ],
  ["requests", recent({ requests: 10, status_429: 5, status_4xx: 5 }), "ok", "0 of 10 answered 5xx (0 %)"],
  ["attempts", {}, "ok", "0 of 20 failed (0 %)"],
  ["attempts", recent({}), "unknown", "none in ten minutes"],
  // Nineteen were delivered, and forty went to a port where nothing listens.
  [
    "attempts",
    { ...recent({ attempts: 59, attempts_failed: 40, delivered: 19 }), hosts: failing({ down: 1 }) },
    "failing",
    "40 of 59 failed (67.8 %)",
  ],
  // The same of one user.
  [
    "attempts",
    { ...recent({ attempts: 59, attempts_failed: 40, delivered: 19 }), hosts: failing({ silent: 1 }) },
    "warning",
    "40 of 59 failed (67.8 %)",
  ],
  ["attempts", recent({ attempts: 59, attempts_failed: 1 }), "warning", "1 of 59 failed (1.7 %)"],
  ["receivers", {}, "ok", "none is down"],
  ["receivers", { hosts: failing({ down: 2 }) }, "failing", "2 hosts down for all users"],
  [
    "receivers",
    { hosts: failing({ down: 1, silent: 2 }) },
    "failing",
    "1 host down for all users, 2 hosts took nothing in ten minutes",
  ],
  ["receivers", { hosts: failing({ silent: 1 }) }, "warning", "1 host took nothing in ten minutes"],
  ["receivers", { hosts: failing({ unknown: 1 }) }, "unknown", "the state of 1 host is not known"],
  ["receivers", recent({}), "unknown", "no attempt in ten minutes"],
  ["waiting", { waiting: null }, "unknown", "no callback in four days"],
  ["waiting", {}, "ok", "no callback waits"],
  ["waiting", waiting(2), "ok", "39 callbacks, the oldest from 2 min ago"],
  ["waiting", waiting(10), "warning", "39 callbacks, the oldest from 10 min ago"],
  ["dead_letters", {}, "ok", "0 in ten minutes"],
  ["dead_letters", recent({}), "unknown", "nothing ended in ten minutes"],
  ["dead_letters", recent({ dead: 1 }), "warning", "1 in ten minutes"],
  ["queue", {}, "ok", "messages wait 400 ms at most"],
  ["queue", { queuedP99Ms: null }, "unknown", "no message in ten minutes"],
  ["queue", { queuedP99Ms: 30_000 }, "warning", "messages wait 30 s at most"],
  ["queue", { queuedP99Ms: 300_000 }, "failing", "messages wait 5 min at most"],
  ["overdue", {}, "ok", "none"],
  ["overdue", { overdue: null }, "unknown", "the operators' index does not answer"],
  [
    "overdue",
    { overdue: { runs: 3, since: "2026-11-25T20:00:00Z", isAll: true } },
    "failing",
    "3 runs, the oldest due 14 min ago",
  ],
  [
    "overdue",
    { overdue: { runs: 3_000, since: "2026-11-25T20:00:00Z", isAll: false } },
    "failing",
    "at least 3,000 runs, the oldest due 14 min ago",
  ],
  ["upstream", {}, "ok", "works"],
  ["flags", { dependencies: { flags: "failing" } }, "failing", "does not answer, or not as it must"],
  ["dependencies", { dependencies: null }, "failing", "could not be checked in time"],
])("%s of %o: %s", (name, readings, status, detail) => {
  expect(said(name, readings)).toEqual([status, detail]);
});

it("what fails is said first, then what is in doubt", () => {
  const order = judgeHealth({
    ...WELL,
    dependencies: { upstream: "failing" },
    ...recent({ dead: 1, requests: 1 }),
  });
  expect(order.map(({ name }) => name).slice(0, 3)).toEqual(["upstream", "dead_letters", "attempts"]);
});

const rows = (...counting: ((sums: Sums) => void)[]) =>
  counting.map((count, hour) => {
    const sums = emptySums();
    count(sums);
    return { atMs: hour * 3_600_000, sums };
  });
const end = (sums: Sums) => countEnd(sums, { result: "success", hasCallback: true, charged: false });
const failed = (sums: Sums) => countAttempt(sums, toAttempt({ outcome: "failed", delivery: "retrying" }));
const delivered = (sums: Sums) => countAttempt(sums, toAttempt());

describe("callbacks that wait", () => {
  it.each<[string, ReturnType<typeof rows>, number, string | null]>([
    ["none when nothing is owed", rows(), 0, null],
    ["none when all was delivered", rows(end, delivered), 0, null],
    ["one that failed, from its end on", rows(delivered, end, end, failed), 1, "1970-01-01T02:00:00.000Z"],
    ["none that is a dead letter", rows(end, countDeadLetter), 0, null],
    [
      "a dead letter that is sent again",
      rows(end, countDeadLetter, countReopened),
      1,
      "1970-01-01T02:00:00.000Z",
    ],
    ["never fewer than none", rows(delivered, delivered, end), 0, null],
  ])("are %s", (_name, hours, deliveries, since) => {
    expect(estimateWaiting(hours)).toEqual({ deliveries, since });
  });
});

it("a busy hour with two answers of 500 is no failure, and is not passed over", () => {
  expect(said("requests", { recent: busyHour })).toEqual(["warning", "3 of 160 answered 5xx (1.9 %)"]);
});
