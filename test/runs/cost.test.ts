// What a run costs: every call of every binding, and every row written. They are counted, not guessed; a binding that
// is added later is counted too.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { counting, never, replacing } from "../support/bindings.ts";
import { moveClock, SECOND, stopClock } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { ACTION, type Call, type Gateway, makeGateway, RUN_PATH, startOf } from "../support/gateway.ts";
import { meterRows, type RowMeter } from "../support/rows.ts";
import { times } from "../support/times.ts";
import { sumOf, withoutPeriods } from "../support/writes.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const HOOK = "https://client.example/hook";
const EXEMPT: Call = { claims: { rate_limit: { exempt: true } }, circumstances: { rateLimit: "off" } };

beforeEach(() => stopClock());
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe("the calls of one request, in all", () => {
  it.each<{ name: string; data: unknown; call?: Call; costs: readonly string[] }>([
    {
      name: "a plain run: the gate once",
      data: {},
      costs: ["FLAGS.getBooleanValue", "UPSTREAM.fetch", "USER_GATE.admit"],
    },
    { name: "a plain run of an exempt caller: nobody", data: {}, call: EXEMPT, costs: ["UPSTREAM.fetch"] },
    {
      name: "a run with an id: the gate twice, and KV once, to write",
      data: { idempotency_id: ID },
      costs: ["FLAGS.getBooleanValue", "KV.put", "UPSTREAM.fetch", "USER_GATE.admit", "USER_GATE.settle"],
    },
    {
      name: "a run with an id of an exempt caller: the same but for the flag",
      data: { idempotency_id: ID },
      call: EXEMPT,
      costs: ["KV.put", "UPSTREAM.fetch", "USER_GATE.admit", "USER_GATE.settle"],
    },
    {
      name: "a malformed run",
      data: { page: 5 },
      costs: ["FLAGS.getBooleanValue", "USER_GATE.admit"],
    },
    { name: "a request without a token: nobody", data: {}, call: { claims: null }, costs: [] },
  ])("$name", async ({ data, call, costs }) => {
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    await gateway.start(data, call);
    expect(calls.toSorted()).toEqual(costs);
  });

  it("a replay beside its first: the gate once, and KV never", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    await gateway.start({ idempotency_id: ID });
    calls.length = 0;
    await gateway.start({ idempotency_id: ID });
    expect(calls).toEqual(["USER_GATE.admit"]);
  });

  it("a read beside a start: the gate once", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    const { body } = await gateway.start({});
    calls.length = 0;
    await gateway.call(`/actions/v1/stored-actions/${ACTION}/runs/${body.data.id}`);
    expect(calls.toSorted()).toEqual(["UPSTREAM.fetch", "USER_GATE.countRead"]);
  });

  it("the flag: once in five seconds for a caller and an action, beside the body", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    for (let again = 0; again < 10; again++) await gateway.start({});
    expect(calls.filter((call) => call.startsWith("FLAGS"))).toHaveLength(1);
    moveClock(5 * SECOND);
    await gateway.start({});
    expect(calls.filter((call) => call.startsWith("FLAGS"))).toHaveLength(2);
  });

  it("a pass-through: nobody", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    await gateway.call("/actions/v1/stored-actions", { circumstances: { errorFrom: "upstream" } });
    expect(calls).toEqual(["UPSTREAM.fetch"]);
  });
});

describe("KV's copy", () => {
  it("is no part of the answer's time: the answer is there while the write hangs", async () => {
    const gateway = await makeGateway({}, replacing("KV.put", never));
    const response = await gateway.begin(RUN_PATH, startOf({ idempotency_id: ID })).response;
    expect([response.status, await response.json()]).toMatchObject([202, { data: { type: "run" } }]);
  });

  it("is written under the user's gate and the id, once", async () => {
    const puts: unknown[][] = [];
    const gateway = await makeGateway(
      {},
      replacing("KV.put", ({ args, perform }) => {
        puts.push(args);
        return perform();
      }),
    );
    const { text } = await gateway.start({ idempotency_id: ID });
    const gate = (await gateway.gateOf()).id.toString();
    expect(puts).toEqual([[`answer:v1:${gate}:${ID}`, expect.any(String), { expirationTtl: 259_200 }]]);
    expect(JSON.parse(String(puts[0]?.[1]))).toEqual({
      v: 1,
      status: 202,
      body: text,
      fingerprint: expect.stringMatching(/^[\w-]{43}$/),
      settledAtMs: Date.now(),
    });
  });
});

/** What was written, once the write-behind is among it. */
async function afterWriteBehind(meter: RowMeter): Promise<string[]> {
  const written: string[] = [];
  await vi.waitFor(() => {
    written.push(...meter.take());
    expect(written).toContain("put windows 1");
  });
  return written;
}

describe("the rows that the gate writes", () => {
  it("for a plain run: one, behind the answer", async () => {
    const gateway = await makeGateway();
    const meter = await meterRows(gateway);
    const { response, rest } = gateway.begin(RUN_PATH, startOf({}));
    expect((await response).status).toBe(202);
    await rest();
    expect(await afterWriteBehind(meter)).toEqual(["put windows 1"]);
  });

  it("for a burst of 50 plain runs: two at most", async () => {
    const gateway = await makeGateway();
    const meter = await meterRows(gateway);
    const gate = await gateway.gateOf();
    const window = { limit: 200, windowMs: 300_000 };
    await Promise.all(times(50, () => gate.admit({ window, claim: null, promise: null })));
    await vi.waitFor(async () => expect(await storedCount(gateway)).toBe(50));
    expect(sumOf(meter.take())).toBeLessThanOrEqual(2);
  });

  it("for a refused run and for a replay: none", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" });
    await gateway.start({ idempotency_id: ID });
    const meter = await meterRows(gateway);
    expect((await gateway.start({})).status).toBe(429);
    expect((await gateway.start({ idempotency_id: ID })).status).toBe(202);
    expect(meter.take()).toEqual([]);
  });

  it("for the first id of a day: two for its table, and one for the alarm of the week's upkeep", async () => {
    const gateway = await makeGateway();
    const meter = await meterRows(gateway);
    await gateway.start({ idempotency_id: ID }, EXEMPT);
    expect(withoutPeriods(meter.take())).toEqual([
      "CREATE TABLE answers 2",
      "INSERT INTO answers 1",
      "setAlarm 1",
      "INSERT INTO answers 1",
    ]);
  });

  it("for a run with an id: three, the count among them", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: crypto.randomUUID() }, EXEMPT);
    const meter = await meterRows(gateway);
    await gateway.start({ idempotency_id: ID });
    expect(withoutPeriods(await afterWriteBehind(meter)).toSorted()).toEqual([
      "INSERT INTO answers 1",
      "INSERT INTO answers 1",
      "put windows 1",
    ]);
  });

  it("for ten runs with an id at once: 2.2 each, because they share the count", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: crypto.randomUUID() }, EXEMPT);
    const meter = await meterRows(gateway);
    await Promise.all(times(10, () => gateway.start({ idempotency_id: crypto.randomUUID() })));
    await vi.waitFor(async () => expect(await storedCount(gateway)).toBe(10));
    expect(sumOf(meter.take()) / 10).toBeLessThanOrEqual(2.2);
  });

  it("for the count that a promised run's row carries: none, and it survives the object", async () => {
    const gateway = await makeGateway();
    await gateway.start({ callback_url: HOOK });
    await evict(await gateway.gateOf());
    const meter = await meterRows(gateway);
    const { headers } = await gateway.start({ callback_url: HOOK });
    expect(headers.get("x-ratelimit-remaining")).toBe("198");
    expect(meter.take()).toEqual(["INSERT INTO open_runs 1", "UPDATE open_runs SET 1"]);
  });
});

async function storedCount(gateway: Gateway): Promise<unknown> {
  return runInDurableObject(
    await gateway.gateOf(),
    (_gate, { storage }) => storage.kv.get<{ runs: { count: number } }>("windows")?.runs.count,
  );
}
