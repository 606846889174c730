import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { breakerOf } from "../../src/callbacks/destination-breaker.ts";
import { destinations } from "../../src/console/destinations.ts";
import { recordAll } from "../../src/ledger/repository.ts";
import { tapped } from "../support/bindings.ts";
import { SECOND, stopClock, T0 } from "../support/clock.ts";
import { attemptOf, freshLedger } from "../support/ledger.ts";
import { times } from "../support/times.ts";
import { bookedRun, deadLetter, delivered } from "./bench.ts";

const DOWN = "https://down.example/";

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
  stopClock();
});
afterEach(() => {
  vi.useRealTimers();
});

function breaker(host: string) {
  return breakerOf(env.DESTINATION_BREAKER, host);
}

async function shown() {
  return (await destinations(db, env.DESTINATION_BREAKER, T0)).destinations[0]?.breaker;
}

describe("destinations", () => {
  it("are the hosts of the latest attempts, the busiest first", async () => {
    await recordAll(db, [
      ...[10, 30, 20].map((ms, n) => delivered({ acceptedAtMs: T0 - 100_000 + n }, ms)),
      deadLetter({ acceptedAtMs: T0 - 50_000, callbackUrl: DOWN }),
    ]);
    expect(await destinations(db, env.DESTINATION_BREAKER, T0)).toEqual({
      since: new Date(T0 - 98_000).toISOString(),
      destinations: [
        {
          host: "client.example",
          attempts: 3,
          acknowledged: 3,
          latency_p50_ms: 20,
          breaker: { status: "closed", until: null, users_resting: 0 },
        },
        {
          host: "down.example",
          attempts: 1,
          acknowledged: 0,
          latency_p50_ms: null,
          breaker: { status: "closed", until: null, users_resting: 0 },
        },
      ],
    });
  });

  it("are none before the first attempt", async () => {
    expect(await destinations(db, env.DESTINATION_BREAKER, T0)).toEqual({ since: null, destinations: [] });
  });

  it("show the last thousand attempts at most", async () => {
    for (const at of times(3, (n) => n))
      await recordAll(
        db,
        times(400, (n) => {
          const run = bookedRun({ acceptedAtMs: T0 - at * 400 - n });
          return { run, attempt: attemptOf(run), charge: null };
        }),
      );
    const seen = await destinations(db, env.DESTINATION_BREAKER, T0);
    expect(seen.destinations.map(({ attempts }) => attempts)).toEqual([1_000]);
  });

  it("ask the breakers of hosts that failed, fifty at most", async () => {
    const asked: string[] = [];
    const { DESTINATION_BREAKER } = tapped(env, ({ name, perform }) => {
      asked.push(name);
      return perform();
    });
    await recordAll(db, [
      delivered({ acceptedAtMs: T0 - 1 }),
      ...times(60, (n) => deadLetter({ acceptedAtMs: T0 - 1, callbackUrl: `https://h${n}.example/` })),
    ]);
    const seen = await destinations(db, DESTINATION_BREAKER ?? env.DESTINATION_BREAKER, T0);
    expect(seen.destinations).toHaveLength(61);
    expect(asked).toEqual(times(50, () => "DESTINATION_BREAKER.view"));
  });
});

describe("a host's breaker", () => {
  beforeEach(async () => {
    await recordAll(db, [deadLetter({ acceptedAtMs: T0 - 1, callbackUrl: DOWN })]);
  });

  it("rests after ten failures of many, probes after its rest, and is closed by a success", async () => {
    for (const n of times(10, (at) => at)) await breaker("down.example").report(`user-${n}`, false);
    const until = new Date(T0 + 30 * SECOND).toISOString();
    expect(await shown()).toEqual({ status: "resting", until, users_resting: 0 });
    vi.setSystemTime(T0 + 30 * SECOND);
    expect(await shown()).toEqual({ status: "probing", until: null, users_resting: 0 });
    await breaker("down.example").mayTry("user-1");
    const probeEnds = new Date(T0 + 60 * SECOND).toISOString();
    expect(await shown()).toEqual({ status: "probing", until: probeEnds, users_resting: 0 });
    await breaker("down.example").report("user-1", true);
    expect(await shown()).toEqual({ status: "closed", until: null, users_resting: 0 });
  });

  it("counts the users who rest for themselves", async () => {
    for (const _ of times(10, () => 0)) await breaker("down.example").report("alice", false);
    expect(await shown()).toEqual({ status: "closed", until: null, users_resting: 1 });
  });

  it("takes no probe by being looked at", async () => {
    for (const n of times(10, (at) => at)) await breaker("down.example").report(`user-${n}`, false);
    vi.setSystemTime(T0 + 31 * SECOND);
    await shown();
    expect(await breaker("down.example").mayTry("alice")).toEqual({ kind: "go" });
  });
});
