// What a host's breakers report to the notifier: over the real storage of an object, with the aggregator in the test's hands.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { breakerOf, DestinationBreaker } from "../../src/callbacks/destination-breaker.ts";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";

const USERS = ["a", "b", "c", "d"];

let host: string;
let heard: [string, boolean][];
let isAggregatorAway: boolean;
let webhook: Record<string, string>;

beforeEach(() => {
  stopClock();
  host = `${crypto.randomUUID()}.example`;
  [heard, isAggregatorAway] = [[], false];
  webhook = { OPERATOR_WEBHOOK_URL: "https://hooks.example" };
});
afterEach(() => void vi.useRealTimers());

const aggregator = {
  getByName: () => ({
    observeHost: async (name: string, isDown: boolean) => {
      if (isAggregatorAway) throw new Error("the aggregator is away");
      heard.push([name, isDown]);
    },
  }),
};

/** Each time with an object that knows only what was stored. */
function withBreaker<T>(
  act: (breaker: DestinationBreaker, storage: DurableObjectStorage) => Promise<T>,
): Promise<T> {
  return runInDurableObject(breakerOf(env.DESTINATION_BREAKER, host), (_, state) => {
    const given = { ...env, ...webhook, METRICS_AGGREGATOR: aggregator } as unknown as Env;
    return act(new DestinationBreaker(state, given), state.storage);
  });
}

function ring(): Promise<void> {
  return withBreaker((breaker) => breaker.alarm());
}

/** Twelve failures of four users. */
async function fail(): Promise<void> {
  for (const user of USERS)
    for (let n = 0; n < 3; n += 1) await withBreaker((breaker) => breaker.report(user, false, false, host));
}

async function succeed(): Promise<void> {
  moveClock(30 * SECOND);
  expect(await withBreaker((breaker) => breaker.acquire("newcomer"))).toEqual({ kind: "go" });
  await withBreaker((breaker) => breaker.report("newcomer", true, true, host));
}

function alarmAtMs(): Promise<number | null> {
  return withBreaker((_, storage) => storage.getAlarm());
}

it("a breaker that opens for all users, and one that closes, rings at once and is reported once", async () => {
  await fail();
  expect(await alarmAtMs()).toBe(T0 + 1);
  await ring();
  await ring();
  await succeed();
  expect(await alarmAtMs()).toBe(T0 + 30 * SECOND + 1);
  await ring();
  await ring();
  expect(heard).toEqual([
    [host, true],
    [host, false],
  ]);
});

it("a probe that fails is no news, nor is one user's own breaker", async () => {
  for (let n = 0; n < 20; n += 1) await withBreaker((breaker) => breaker.report("a", false, false, host));
  await ring();
  expect(heard).toEqual([]);
  await fail();
  await ring();
  moveClock(30 * SECOND);
  await withBreaker((breaker) => breaker.acquire("newcomer"));
  await withBreaker((breaker) => breaker.report("newcomer", false, false, host));
  await ring();
  expect(heard).toEqual([[host, true]]);
});

it("a breaker that has forgotten that it was open reports that it opens again", async () => {
  await fail();
  await ring();
  moveClock(10 * MINUTE);
  await ring();
  await fail();
  await ring();
  expect(heard).toEqual([
    [host, true],
    [host, true],
  ]);
});

it("news that the aggregator did not take are kept, and reported when it is back", async () => {
  isAggregatorAway = true;
  await fail();
  await ring();
  expect(await alarmAtMs()).toBe(T0 + 30 * SECOND);
  moveClock(20 * MINUTE);
  await ring();
  isAggregatorAway = false;
  await ring();
  expect(heard).toEqual([[host, true]]);
  const keys = await withBreaker(async (_, storage) => [...(await storage.list()).keys()]);
  expect(keys).toEqual([]);
});

it("without a webhook nothing is reported or kept", async () => {
  webhook = {};
  await fail();
  await ring();
  expect(heard).toEqual([]);
  expect(await withBreaker((_, storage) => storage.get("news"))).toBe(undefined);
});

it("operators who look at the breaker see no user in its news", async () => {
  await fail();
  expect(await withBreaker(async (breaker) => breaker.view())).toMatchObject({
    status: "open",
    openForUsers: 0,
  });
});
