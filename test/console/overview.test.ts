// The overview as an operator's script reads it: from sums that isolates have reported, minute by minute.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { overview } from "../../src/console/overview/overview.ts";
import { draw } from "../../src/console/overview/query.ts";
import { metricsAggregator } from "../../src/operators/metrics-aggregator.ts";
import type { Overview, Span, Stats } from "../../src/operators/views.ts";
import {
  countAttempt,
  countDeadLetter,
  countEnd,
  countRequest,
  emptySums,
  encodeSums,
} from "../../src/platform/observability/sums.ts";
import { toAttempt, toServed } from "../platform/observability/counted.ts";
import { failing } from "../support/bindings.ts";
import { DAY, HOUR, MINUTE, moveClock, SECOND, stopClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { makeGateway, ORIGIN, PAGE } from "../support/gateway.ts";
import { ask } from "./bench.ts";
import { NONE } from "./fixtures.ts";

/** In the future, as the clock of these tests is: 12:30:20 of a Sunday. */
const NOW_MS = Date.parse("2040-01-08T12:30:20Z");

freshForEach();
beforeEach(() => stopClock(NOW_MS));

function seenAt(span: Span, nowMs: number): Promise<Overview> {
  const services = {
    metricsAggregator: env.METRICS_AGGREGATOR,
    operatorsDb: env.OPERATORS_DB,
    breakers: env.DESTINATION_BREAKER,
  };
  return overview(services, async () => ({ upstream: "ok" }), span, nowMs);
}

/** At that time an isolate reports one of everything. */
async function mixedAt(atMs: number): Promise<void> {
  const sums = emptySums();
  for (const status of [200, 304, 404, 429, 500, 503, 202])
    countRequest(sums, toServed({ status, outcome: "x", total_ms: 60, upstream_ms: 20 }));
  countRequest(sums, toServed({ status: 502, outcome: "upstream_failed", total_ms: 9_040, upstream_ms: 40 }));
  countEnd(sums, { result: "success", hasCallback: true, charged: true });
  countEnd(sums, { result: "success", hasCallback: false, charged: true });
  countEnd(sums, { result: "error", hasCallback: true, charged: false });
  countEnd(sums, { result: "abandoned", hasCallback: true, charged: false });
  countDeadLetter(sums);
  countAttempt(sums, toAttempt({ sinceEndMs: 11, durationMs: 30 }));
  countAttempt(sums, toAttempt({ sinceEndMs: 8_900, durationMs: 100, number: 3, host: "slow.example" }));
  const failed = { outcome: "failed", failure: "no connection" } as const;
  countAttempt(sums, toAttempt({ ...failed, delivery: "retrying" }));
  countAttempt(sums, toAttempt({ ...failed, delivery: "dead", number: 10 }));
  countAttempt(sums, toAttempt({ outcome: "aborted", delivery: "aborted" }));
  stopClock(atMs);
  await metricsAggregator(env.METRICS_AGGREGATOR).add(encodeSums(sums));
}

const COUNTS = {
  requests: 8,
  status_2xx: 2,
  status_3xx: 1,
  status_4xx: 1,
  status_429: 1,
  status_5xx: 2,
  status_503: 1,
  upstream_failed: 1,
  runs: 4,
  errors: 1,
  abandoned: 1,
  callbacks: 3,
  charges: 2,
  attempts: 5,
  attempts_failed: 2,
  delivered: 2,
  delivered_at_once: 1,
  retrying: 1,
  dead: 2,
  aborted: 1,
};

// 40 and 9,000 ms of the gateway's own, 41 and 9,000 from the end to the 2xx; each the middle of its bucket.
const MIXED: Stats = {
  ...COUNTS,
  gateway_p50_ms: 40,
  gateway_p99_ms: 9_329,
  latency_p50_ms: 40,
  latency_p99_ms: 9_329,
};

function counts(factor: number): Record<string, number> {
  return Object.fromEntries(Object.entries(COUNTS).map(([name, count]) => [name, count * factor]));
}

describe("the last hour", () => {
  it("is sixty minutes, the current one included, by the time at which things happened", async () => {
    for (const agoMs of [2 * HOUR, HOUR, 59 * MINUTE, 30 * MINUTE, 0]) await mixedAt(NOW_MS - agoMs);
    const seen = await seenAt("hour", NOW_MS);
    expect([seen.from, seen.to, seen.complete]).toEqual([
      "2040-01-08T11:31:00.000Z",
      "2040-01-08T12:31:00.000Z",
      true,
    ]);
    expect(seen.buckets).toHaveLength(60);
    expect(seen.buckets[0]).toEqual({ at: "2040-01-08T11:31:00.000Z", ...MIXED });
    expect(seen.buckets[1]).toEqual({ at: "2040-01-08T11:32:00.000Z", ...NONE });
    expect(seen.buckets[29]).toEqual({ at: "2040-01-08T12:00:00.000Z", ...MIXED });
    expect(seen.buckets[59]).toEqual({ at: "2040-01-08T12:30:00.000Z", ...MIXED });
    expect(seen.totals).toEqual({ ...MIXED, ...counts(3) });
    expect(seen.before).toEqual(MIXED);
  });

  it("names the busiest users and receivers", async () => {
    await mixedAt(NOW_MS);
    const seen = await seenAt("hour", NOW_MS);
    expect(seen.busiest_users).toEqual([{ user: "alice", requests: 8, starts: 8, limited: 1, errors: 4 }]);
    expect(seen.busiest_hosts).toEqual([
      { host: "client.example", attempts: 4 },
      { host: "slow.example", attempts: 1 },
    ]);
  });

  it("of nothing is nothing, and says that counting has just begun", async () => {
    const seen = await seenAt("hour", NOW_MS);
    expect(seen.totals).toEqual(NONE);
    expect([seen.complete, seen.counted_since]).toEqual([false, "2040-01-08T12:30:20.000Z"]);
  });
});

describe("the last day and week", () => {
  it.each([
    ["day", 24, HOUR, "2040-01-07T13:00:00.000Z", "2040-01-08T13:00:00.000Z"],
    ["week", 28, 6 * HOUR, "2040-01-01T18:00:00.000Z", "2040-01-08T18:00:00.000Z"],
  ] as const)("%s: %i buckets, the current one included", async (span, buckets, widthMs, from, to) => {
    const fromMs = Date.parse(from);
    const currentMs = Date.parse(to) - widthMs;
    const sinceMs = Date.parse("2040-01-06T13:00:00Z");
    // The last is half an hour after this hour of the day before.
    const before = [sinceMs - HOUR, sinceMs, NOW_MS - DAY - MINUTE, fromMs - SECOND];
    const first = [...(span === "day" ? before : [fromMs - SECOND]), fromMs, fromMs + widthMs - SECOND];
    for (const atMs of [...first, currentMs - MINUTE, NOW_MS - MINUTE, NOW_MS]) await mixedAt(atMs);
    const seen = await seenAt(span, NOW_MS);
    expect([seen.from, seen.to, seen.complete]).toEqual([from, to, true]);
    expect(seen.buckets).toHaveLength(buckets);
    expect(seen.buckets[0]).toEqual({ at: from, ...MIXED, ...counts(2) });
    expect(seen.buckets[1]).toMatchObject(NONE);
    expect(seen.buckets[buckets - 2]).toMatchObject(MIXED);
    expect(seen.buckets[buckets - 1]).toEqual({
      at: new Date(currentMs).toISOString(),
      ...MIXED,
      ...counts(2),
    });
    expect(seen.totals).toEqual({ ...MIXED, ...counts(5) });
    expect(seen.before?.requests).toBe(span === "day" ? 16 : undefined);
  });
});

describe("the span before", () => {
  it("is of no use while counting began within it", async () => {
    await mixedAt(NOW_MS - 90 * MINUTE);
    await mixedAt(NOW_MS);
    expect((await seenAt("hour", NOW_MS)).before).toBeNull();
    expect((await seenAt("day", NOW_MS)).before).toBeNull();
  });
});

describe("what is missing is said", () => {
  it("when counting began within the span", async () => {
    await mixedAt(NOW_MS);
    moveClock(2 * HOUR);
    expect((await seenAt("day", Date.now())).complete).toBe(false);
    expect((await seenAt("hour", Date.now())).complete).toBe(true);
  });

  it("when a later version wrote a part of it", () => {
    const rows = [
      { atMs: NOW_MS, sums: '{"v":2}' },
      { atMs: NOW_MS, sums: '{"v":1,"runs":[["error|none|free",3]]}' },
    ];
    const aggregated = { sinceMs: 0, rows };
    const seen = draw("hour", NOW_MS, { minutes: aggregated, hours: aggregated, asFar: [] });
    expect([seen.complete, seen.totals.errors]).toEqual([false, 3]);
  });
});

it("of the console and of those who watch the gateway nothing is counted", async () => {
  const sums = emptySums();
  for (const route of ["/console", "/console/api/overview", "/healthz", "/readyz", "*"])
    countRequest(sums, toServed({ route, user: null, status: 404 }));
  await metricsAggregator(env.METRICS_AGGREGATOR).add(encodeSums(sums));
  expect((await seenAt("hour", NOW_MS)).totals).toMatchObject({ requests: 1, status_4xx: 1 });
});

const DOWN = failing(/^METRICS_AGGREGATOR\./, () => new Error("moved away"));

describe("an aggregator that does not answer", () => {
  it("makes the API's answer a 503, and not a row of zeros", async () => {
    const answer = await ask(await makeGateway({}, DOWN), "/overview");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(answer.text).not.toContain("moved away");
  });

  it("makes a page that says so, and shows no number", async () => {
    const gateway = await makeGateway({}, DOWN);
    const cookie = `edge_console=${await gateway.issuer.token({ sub: "olga", scope: "operator" })}`;
    const call = { claims: null, headers: { cookie, origin: ORIGIN }, ...PAGE };
    const { status, text: html } = await gateway.call("/console?span=day", call);
    expect(status).toBe(503);
    expect(html).toContain("The metrics aggregator does not answer.");
    expect(html).not.toMatch(/class="card|<strong>0</);
  });
});
