// The notifier over the real storage of an object and a real D1. Each step has a notifier of its own: what it knows is what
// was stored, as after an eviction.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MetricsAggregator } from "../../../src/operators/metrics-aggregator.ts";
import { Notifier } from "../../../src/operators/notifications/notifier.ts";
import { NotificationStore } from "../../../src/operators/notifications/store.ts";
import { emptySums, type Sums } from "../../../src/platform/observability/sums.ts";
import { parseSettings, type Settings } from "../../../src/platform/settings.ts";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../../support/clock.ts";
import { REQUIRED } from "../../support/given-settings.ts";
import { freshIndex } from "../../support/operators-index.ts";
import { makeSigningKey } from "../../support/tokens.ts";

type Sent = { id: string; type: string; data: Record<string, unknown>; body: string };

let settings: Settings;
let sent: Sent[];
/** Of the operators' webhook; null: it is not there. */
let status: number | null;
let minutes: { atMs: number; sums: Sums }[];
let object: DurableObjectStub<MetricsAggregator>;

beforeEach(async () => {
  stopClock();
  await freshIndex();
  [sent, status, minutes] = [[], 204, []];
  object = env.METRICS_AGGREGATOR.getByName(crypto.randomUUID());
  settings = parseSettings({
    ...REQUIRED,
    SIGNING_KEYS: JSON.stringify({ keys: [await makeSigningKey()] }),
    OPERATOR_WEBHOOK_URL: "https://hooks.example/operators",
    CALLBACK_RETRY_SCHEDULE: "5,300",
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const network = {
  fetch: async (request: Request) => {
    const body = await request.text();
    sent.push({ ...JSON.parse(body), id: request.headers.get("webhook-id"), body });
    if (status === null) throw new TypeError("connection refused");
    return new Response(null, { status });
  },
};

function withNotifier(act: (notifier: Notifier) => Promise<void>): Promise<void> {
  return runInDurableObject(object, (_, { storage }) => act(new Notifier(storage, () => minutes)));
}

function tick(operatorsDb: D1Database = env.OPERATORS_DB): Promise<void> {
  return withNotifier((notifier) => notifier.tick({ settings, network, operatorsDb }));
}

function turn(isDown: boolean): Promise<void> {
  return withNotifier((notifier) => notifier.observeHost("a.example", isDown));
}

function alarmAtMs(): Promise<number | null> {
  return runInDurableObject(object, (_, { storage }) => storage.getAlarm());
}

function types(): string[] {
  return sent.map(({ type }) => type);
}

describe("a host that goes down and comes back", () => {
  it("rings at once, and is sent once", async () => {
    await turn(true);
    expect(await alarmAtMs()).toBe(T0 + 1);
    await tick();
    expect(await alarmAtMs()).toBe(T0 + 30 * SECOND);
    await tick();
    expect(sent.map(({ type, data }) => [type, data["host"]])).toEqual([["host.down", "a.example"]]);
    moveClock(MINUTE);
    await turn(false);
    await tick();
    expect(types()).toEqual(["host.down", "host.up"]);
  });

  it("and down again is sent when ten minutes are over, from what was stored", async () => {
    for (const isDown of [true, false, true]) {
      await turn(isDown);
      await tick();
      moveClock(MINUTE);
    }
    expect(types()).toEqual(["host.down", "host.up"]);
    moveClock(7 * MINUTE);
    await tick();
    expect(types()).toEqual(["host.down", "host.up", "host.down"]);
  });
});

/** So many hosts go down or come back at once. */
function turnMany(hosts: number, isDown = true): Promise<void> {
  return withNotifier(async (notifier) => {
    for (let n = 0; n < hosts; n += 1) await notifier.observeHost(`host-${n}.example`, isDown);
  });
}

function countTopics(): Promise<number> {
  return runInDurableObject(object, (_, { storage }) => new NotificationStore(storage).topics().length);
}

describe("more hosts than can be named", () => {
  it("are twenty events at a time, and the others are one sum in the next tick", async () => {
    await turnMany(25);
    await tick();
    expect(types()).toEqual(Array(20).fill("host.down"));
    moveClock(30 * SECOND);
    await tick();
    expect(sent.slice(20)).toMatchObject([{ type: "hosts.summary", data: { down: 5 } }]);
    moveClock(MINUTE);
    await tick();
    expect(sent).toHaveLength(21);
  });

  it("take no more than a thousand topics, and none of them is unsaid", async () => {
    await turnMany(1_010);
    // The sum is one, too.
    expect(await countTopics()).toBe(1_001);
    await tick();
    expect(await countTopics()).toBe(901);
    moveClock(10 * MINUTE);
    await tick();
    const summed = sent.filter(({ type }) => type === "hosts.summary");
    expect(summed.reduce((sum, { data }) => sum + Number(data["down"]), 0)).toBe(990);
    expect(types().filter((type) => type === "host.down")).toHaveLength(20);
  });

  it("leave room for the host that goes down next", async () => {
    await turnMany(1_010);
    await tick();
    moveClock(MINUTE);
    await turn(true);
    await tick();
    expect(sent.at(-1)).toMatchObject({ type: "host.down", data: { host: "a.example" } });
  });
});

describe("a webhook that is down", () => {
  it("gets the same message again on the schedule, and is no event", async () => {
    status = null;
    await turn(true);
    await tick();
    const [first] = sent;
    expect(await alarmAtMs()).toBeLessThanOrEqual(T0 + 6 * SECOND);
    moveClock(6 * SECOND);
    status = 503;
    await tick();
    status = 204;
    moveClock(360 * SECOND);
    await tick();
    moveClock(360 * SECOND);
    await tick();
    expect(sent).toEqual([first, first, first]);
  });

  it("is left alone after the last attempt, and the next event is sent all the same", async () => {
    status = 500;
    await turn(true);
    for (let attempts = 1; attempts <= 3; attempts += 1) {
      await tick();
      moveClock(10 * MINUTE);
    }
    await tick();
    expect(types()).toEqual(["host.down", "host.down", "host.down"]);
    status = 204;
    await turn(false);
    await tick();
    expect(types().at(-1)).toBe("host.up");
  });

  it("that answers 410 gets this message no more", async () => {
    status = 410;
    await turn(true);
    await tick();
    moveClock(10 * MINUTE);
    await tick();
    expect(sent).toHaveLength(1);
  });

  it("is remembered with the thousand events that are the latest", async () => {
    const kept = await runInDurableObject(object, (_, { storage }) => {
      const store = new NotificationStore(storage);
      for (let n = 0; n < 1_005; n += 1) store.add(`evt_${n}`, "gate.full", "{}", T0);
      return store.due(T0, 2_000).map(({ id }) => id);
    });
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([1_000, "evt_5", "evt_1004"]);
  });
});

/** Of a minute with so many dead letters. */
function dead(n: number): Sums {
  return { ...emptySums(), dead: new Map([["a.example", n]]) };
}

describe("the sums of a minute", () => {
  it("are read once, when the minute is over, however often and late the alarm rings", async () => {
    await tick();
    minutes = [{ atMs: T0, sums: dead(2) }];
    moveClock(30 * SECOND);
    await tick();
    expect(sent).toEqual([]);
    moveClock(30 * SECOND);
    await tick();
    await tick();
    minutes.push({ atMs: T0 + MINUTE, sums: dead(3) }, { atMs: T0 + 2 * MINUTE, sums: dead(4) });
    moveClock(20 * MINUTE);
    await tick();
    await tick();
    expect(sent.map(({ type, data }) => [type, data["dead_letters"]])).toEqual([
      ["host.dead_letters", 2],
      ["host.dead_letters", 7],
    ]);
  });

  it("of the time before notifications, or long before now, are no news", async () => {
    minutes = [{ atMs: T0 - MINUTE, sums: dead(1) }];
    await tick();
    minutes = [{ atMs: T0, sums: dead(1) }];
    moveClock(120 * MINUTE);
    await tick();
    expect(sent).toEqual([]);
  });
});

describe("the operators' index", () => {
  it("says which runs are overdue", async () => {
    const sql = "INSERT INTO overdue_gates VALUES (?1, 'u', ?2, 3, 'r', ?2)";
    for (const gate of ["g", "h"]) await env.OPERATORS_DB.prepare(sql).bind(gate, T0).run();
    await tick();
    expect(sent).toMatchObject([{ type: "runs.overdue", data: { runs: 6, users: 2 } }]);
  });

  it("is told of when it fails three times, and nothing else waits for it", async () => {
    const away = { prepare: () => expect.fail("D1 is away") } as unknown as D1Database;
    await turn(true);
    await tick(away);
    expect(types()).toEqual(["host.down"]);
    for (const _ of [2, 3]) {
      moveClock(30 * SECOND);
      await tick(away);
    }
    expect(sent.at(-1)).toMatchObject({ type: "storage.failing", data: { store: "d1", failures: 3 } });
    expect(await alarmAtMs()).toBe(T0 + 90 * SECOND);
  });
});

describe("the alarm", () => {
  it("is set for the next time, and throws nothing, whatever fails", async () => {
    await withNotifier((notifier) => notifier.tick(null));
    expect(await alarmAtMs()).toBe(T0 + 30 * SECOND);
    const unsigned = { ...settings, signingKeys: [] };
    await turn(true);
    await withNotifier((notifier) =>
      notifier.tick({ settings: unsigned, network, operatorsDb: env.OPERATORS_DB }),
    );
    expect(sent).toEqual([]);
    moveClock(30 * SECOND);
    await tick();
    expect(types()).toEqual(["host.down"]);
  });

  it("is set by an object that starts, but no earlier than the one that there is", async () => {
    await withNotifier((notifier) => notifier.start());
    expect(await alarmAtMs()).toBe(T0 + 30 * SECOND);
    moveClock(10 * SECOND);
    await withNotifier((notifier) => notifier.start());
    expect(await alarmAtMs()).toBe(T0 + 30 * SECOND);
  });
});
