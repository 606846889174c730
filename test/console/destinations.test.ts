import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { breakerOf } from "../../src/callbacks/destination-breaker.ts";
import { busiestHosts, type HostStats, withBreakers } from "../../src/console/destinations/query.ts";
import { metricsAggregator } from "../../src/operators/metrics-aggregator.ts";
import { countAttempt, emptySums, encodeSums } from "../../src/platform/observability/sums.ts";
import { toAttempt } from "../platform/observability/counted.ts";
import { tapped } from "../support/bindings.ts";
import { SECOND, T0 } from "../support/clock.ts";
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
  return (await breakersAt(DOWN)).destinations[0]?.breaker;
}

describe("destinations", () => {
  it("are shown as they were counted", async () => {
    const fine = { host: "client.example", attempts: 3, acknowledged: 3, latencyMeanMs: 20 };
    expect(await breakersAt(fine, DOWN)).toEqual({
      destinations: [
        { host: "client.example", attempts: 3, acknowledged: 3, latency_mean_ms: 20, breaker: CLOSED },
        { host: "down.example", attempts: 1, acknowledged: 0, latency_mean_ms: null, breaker: CLOSED },
      ],
    });
  });

  it("are none before the first attempt", async () => {
    expect(await busiestHosts(env.METRICS_AGGREGATOR, T0)).toEqual([]);
  });

  it("have the attempts that were counted in the last day, the busiest first, and the mean of those that were acknowledged", async () => {
    const sums = emptySums();
    for (const durationMs of [10, 31]) countAttempt(sums, toAttempt({ durationMs }));
    countAttempt(sums, toAttempt({ outcome: "failed", failure: "no connection", durationMs: 900 }));
    countAttempt(sums, toAttempt({ host: "down.example", outcome: "failed", failure: "no connection" }));
    await metricsAggregator(env.METRICS_AGGREGATOR).add(encodeSums(sums));
    expect(await busiestHosts(env.METRICS_AGGREGATOR, T0)).toEqual([
      { host: "client.example", attempts: 3, acknowledged: 2, latencyMeanMs: 21 },
      DOWN,
    ]);
  });

  it("ask the breakers of hosts that failed, fifty at most", async () => {
    const asked: string[] = [];
    const { DESTINATION_BREAKER } = tapped(env, ({ name, perform }) => {
      asked.push(name);
      return perform();
    });
    const hosts = [
      { host: "fine.example", attempts: 9, acknowledged: 9, latencyMeanMs: 1 },
      ...times(60, (n) => ({ ...DOWN, host: `h${n}.example` })),
    ];
    const seen = await withBreakers(hosts, DESTINATION_BREAKER ?? env.DESTINATION_BREAKER);
    expect(seen.destinations).toHaveLength(61);
    expect(asked).toEqual(times(50, () => "DESTINATION_BREAKER.view"));
    const breakers = seen.destinations.map((destination) => destination.breaker);
    expect(breakers).toEqual([...times(51, () => CLOSED), ...times(10, () => null)]);
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
