import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { breakerOf } from "../../src/callbacks/destination-breaker.ts";
import {
  decodeHostCursor,
  type HostQuery,
  type HostStats,
  listDestinations,
  pickPage,
  readHosts,
  withBreakers,
} from "../../src/console/destinations/query.ts";
import { metricsAggregator as aggregatorOf } from "../../src/operators/metrics-aggregator.ts";
import { countAttempt, emptySums, encodeSums } from "../../src/platform/observability/sums.ts";
import { toAttempt } from "../platform/observability/counted.ts";
import { tapped } from "../support/bindings.ts";
import { HOUR, SECOND, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { times } from "../support/times.ts";

const DOWN: HostStats = { host: "down.example", attempts: 1, acknowledged: 0, latencyMeanMs: null };
const CLOSED = { status: "closed", until: null, open_for_users: 0 };

freshForEach();

function breaker(host: string) {
  return breakerOf(env.DESTINATION_BREAKER, host);
}

function breakersAt(...hosts: HostStats[]) {
  return withBreakers(hosts, env.DESTINATION_BREAKER);
}

async function shownBreaker() {
  return (await breakersAt(DOWN))[0]?.breaker;
}

const ANY: HostQuery = { span: "day", sort: "failures", host: null, after: null };

function list(query: Partial<HostQuery> = {}) {
  const { METRICS_AGGREGATOR: metricsAggregator, DESTINATION_BREAKER: breakers, KV: kv } = env;
  return listDestinations({ metricsAggregator, breakers, kv }, { ...ANY, ...query }, Date.now());
}

async function shown(query: Partial<HostQuery>): Promise<string[]> {
  return (await list(query)).destinations.map(({ host }) => host);
}

async function only(host: string) {
  return (await list({ host })).destinations;
}

async function countAttempts(host: string, n: number, failed: number): Promise<void> {
  const sums = emptySums();
  const failure = { outcome: "failed", failure: "no connection" } as const;
  for (const at of times(n, (each) => each))
    countAttempt(sums, toAttempt({ host, ...(at < failed && failure) }));
  await aggregatorOf(env.METRICS_AGGREGATOR).add(encodeSums(sums));
}

describe("destinations", () => {
  it("are shown as they were counted", async () => {
    const fine = { host: "client.example", attempts: 3, acknowledged: 3, latencyMeanMs: 20 };
    expect(await breakersAt(fine, DOWN)).toEqual([
      { host: "client.example", attempts: 3, acknowledged: 3, latency_mean_ms: 20, breaker: CLOSED },
      { host: "down.example", attempts: 1, acknowledged: 0, latency_mean_ms: null, breaker: CLOSED },
    ]);
  });

  it("are none before the first attempt", async () => {
    expect(await readHosts(env.METRICS_AGGREGATOR, "day", T0)).toEqual([]);
  });

  it("have the attempts that were counted, and the mean of those that were acknowledged", async () => {
    const sums = emptySums();
    for (const durationMs of [10, 31]) countAttempt(sums, toAttempt({ durationMs }));
    countAttempt(sums, toAttempt({ outcome: "failed", failure: "no connection", durationMs: 900 }));
    countAttempt(sums, toAttempt({ host: "down.example", outcome: "failed", failure: "no connection" }));
    await aggregatorOf(env.METRICS_AGGREGATOR).add(encodeSums(sums));
    expect(await readHosts(env.METRICS_AGGREGATOR, "day", T0)).toEqual([
      { host: "client.example", attempts: 3, acknowledged: 2, latencyMeanMs: 21 },
      DOWN,
    ]);
  });

  it("come by failures or by attempts, over the last hour, day or week", async () => {
    await countAttempts("old.example", 3, 3);
    vi.setSystemTime(T0 + 30 * HOUR);
    await countAttempts("today.example", 9, 1);
    vi.setSystemTime(T0 + 33 * HOUR);
    await countAttempts("down.example", 2, 2);
    expect(await shown({ span: "hour" })).toEqual(["down.example"]);
    expect(await shown({ span: "day" })).toEqual(["down.example", "today.example"]);
    expect(await shown({ span: "day", sort: "attempts" })).toEqual(["today.example", "down.example"]);
    expect(await shown({ span: "week" })).toEqual(["old.example", "down.example", "today.example"]);
  });

  it("of one host are that host alone, with its breaker, whether it had an attempt or not", async () => {
    await countAttempts("down.example", 2, 2);
    for (const n of times(10, (at) => at)) await breaker("quiet.example").report(`user-${n}`, false);
    expect(await only("down.example")).toMatchObject([{ host: "down.example", attempts: 2 }]);
    expect(await only("quiet.example")).toMatchObject([{ attempts: 0, breaker: { status: "open" } }]);
    expect(await only("down%")).toMatchObject([{ host: "down%", attempts: 0, breaker: CLOSED }]);
  });

  it.each(["failures", "attempts"] as const)("by %s come fifty a page, each once", (sort) => {
    const hosts = times(120, (n) => ({
      ...DOWN,
      host: `h${n}.example`,
      attempts: 1 + (n % 7),
      acknowledged: n % 2,
    }));
    const pages: string[][] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const after = cursor === "" ? null : decodeHostCursor(cursor);
      const page = pickPage(hosts, { sort, host: null, after });
      pages.push(page.shown.map(({ host }) => host));
      cursor = page.next;
    }
    expect(pages.map((page) => page.length)).toEqual([50, 50, 20]);
    expect(new Set(pages.flat()).size).toBe(120);
  });

  it.each(["", "x", btoa('["a",1]'), btoa('["a",1,2,3]'), btoa("[1,1,1]")])("%o is no cursor", (text) => {
    expect(decodeHostCursor(text)).toBeNull();
  });

  it("ask the breakers of hosts that failed, and no other", async () => {
    const asked: string[] = [];
    const { DESTINATION_BREAKER } = tapped(env, ({ name, perform }) => {
      asked.push(name);
      return perform();
    });
    const fine = { host: "fine.example", attempts: 9, acknowledged: 9, latencyMeanMs: 1 };
    const seen = await withBreakers([fine, DOWN], DESTINATION_BREAKER ?? env.DESTINATION_BREAKER);
    expect(asked).toEqual(["DESTINATION_BREAKER.view"]);
    expect(seen.map((destination) => destination.breaker)).toEqual([CLOSED, CLOSED]);
  });
});

describe("a host's breaker", () => {
  it("opens after ten failures of many, is half open afterwards, and is closed by a success", async () => {
    for (const n of times(10, (at) => at)) await breaker("down.example").report(`user-${n}`, false);
    const until = new Date(T0 + 30 * SECOND).toISOString();
    expect(await shownBreaker()).toEqual({ status: "open", until, open_for_users: 0 });
    vi.setSystemTime(T0 + 30 * SECOND);
    expect(await shownBreaker()).toEqual({ status: "half_open", until: null, open_for_users: 0 });
    // To be shown took no probe.
    expect(await breaker("down.example").acquire("alice")).toEqual({ kind: "go" });
    const probeEnds = new Date(T0 + 60 * SECOND).toISOString();
    expect(await shownBreaker()).toEqual({ status: "half_open", until: probeEnds, open_for_users: 0 });
    await breaker("down.example").report("alice", true);
    expect(await shownBreaker()).toEqual(CLOSED);
  });

  it("counts the users whose own breaker is open", async () => {
    for (const _ of times(10, () => 0)) await breaker("down.example").report("alice", false);
    expect(await shownBreaker()).toEqual({ status: "closed", until: null, open_for_users: 1 });
  });
});
