// What a run costs: every call of every binding, and every row written. They are counted, not guessed; a binding that
// is added later is counted too.
import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IDEMPOTENT, PLAIN } from "../../bench/scale/counted.ts";
import { counting, never, replacing } from "../support/bindings.ts";
import { MINUTE, moveClock, SECOND, stopClock } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { ACTION, type Call, type Gateway, makeGateway, RUN_PATH, startOf } from "../support/gateway.ts";
import { meterRows, type RowMeter } from "../support/rows.ts";
import { times } from "../support/times.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
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
      costs: PLAIN.calls,
    },
    { name: "a plain run of an exempt caller: nobody", data: {}, call: EXEMPT, costs: ["UPSTREAM.fetch"] },
    {
      name: "a run with an id: the gate twice, KV once before and once after",
      data: { idempotency_id: ID },
      costs: IDEMPOTENT.calls,
    },
    {
      name: "a run with an id of an exempt caller: the same but for the flag",
      data: { idempotency_id: ID },
      call: EXEMPT,
      costs: ["KV.get", "KV.put", "UPSTREAM.fetch", "USER_GATE.admit", "USER_GATE.settle"],
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

  it("a replay beside its first: the gate once, KV once", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    await gateway.start({ idempotency_id: ID });
    calls.length = 0;
    await gateway.start({ idempotency_id: ID });
    expect(calls.toSorted()).toEqual(["KV.get", "USER_GATE.admit"]);
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
  it("for a plain run: none before the answer, one behind it", async () => {
    const gateway = await makeGateway();
    const meter = await meterRows(gateway);
    const { response, rest } = gateway.begin(RUN_PATH, startOf({}));
    expect((await response).status).toBe(202);
    expect(meter.take()).toEqual([]);
    await rest();
    expect(await afterWriteBehind(meter)).toEqual(PLAIN.gateRows);
  });

  it("for a burst of 50 plain runs: one", async () => {
    const gateway = await makeGateway();
    const meter = await meterRows(gateway);
    const gate = await gateway.gateOf();
    const window = { limit: 200, windowMs: 300_000 };
    await Promise.all(times(50, () => gate.admit({ window, claim: null, promise: null })));
    expect(await afterWriteBehind(meter)).toEqual(PLAIN.gateRows);
    await scheduler.wait(0);
    expect(meter.take()).toEqual([]);
  });

  it("for a refused run and for a replay: none", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" });
    await gateway.start({ idempotency_id: ID });
    const meter = await meterRows(gateway);
    expect((await gateway.start({})).status).toBe(429);
    expect((await gateway.start({ idempotency_id: ID })).status).toBe(202);
    expect(meter.take()).toEqual([]);
  });

  it("for a user's first id: three for the schema", async () => {
    const gateway = await makeGateway();
    const meter = await meterRows(gateway);
    await gateway.start({ idempotency_id: ID }, EXEMPT);
    expect(meter.take()).toEqual([
      "CREATE TABLE runs 2",
      "put schema 1",
      "INSERT INTO runs 1",
      "setAlarm 1",
      "INSERT INTO runs 1",
    ]);
  });

  it("for the whole life of a run with an id: four, the count among the first of them", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: crypto.randomUUID() }, EXEMPT);
    await forgetAll(gateway);
    const meter = await meterRows(gateway);
    await gateway.start({ idempotency_id: ID });
    await forgetAll(gateway);
    expect(meter.take()).toEqual(IDEMPOTENT.gateRows);
  });

  it("for the count that a run's row carries: none, and it survives the object", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: ID });
    await evict(await gateway.gateOf());
    const meter = await meterRows(gateway);
    expect(
      (await gateway.start({ idempotency_id: crypto.randomUUID() })).headers.get("x-ratelimit-remaining"),
    ).toBe("198");
    expect(meter.take()).toEqual(["INSERT INTO runs 1", "INSERT INTO runs 1"]);
  });

  it("for the next one in the same window and the same ten minutes: two, and one that ends it", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: crypto.randomUUID() }, EXEMPT);
    const meter = await meterRows(gateway);
    await gateway.start({ idempotency_id: ID }, EXEMPT);
    expect(meter.take()).toEqual(["INSERT INTO runs 1", "INSERT INTO runs 1"]);
    await forgetAll(gateway);
    expect(meter.take()).toEqual(["DELETE FROM runs 1", "DELETE FROM runs 1"]);
  });
});

async function forgetAll(gateway: Gateway): Promise<void> {
  moveClock(70 * MINUTE);
  await runDurableObjectAlarm(await gateway.gateOf());
}
