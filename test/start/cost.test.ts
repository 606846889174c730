// What a run costs: every call of every binding, and every row written. They are counted, not guessed; a binding that
// is added later is counted too.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect } from "vitest";
import { counting, never, replacing } from "../support/bindings.ts";
import { moveClock, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { ACTION, buildStart, type Call, ID, it, makeGateway, RUN_PATH } from "../support/gateway.ts";
import { meterRows } from "../support/rows.ts";

const HOOK = "https://client.example/hook";
const EXEMPT: Call = { claims: { rate_limit: { exempt: true } }, circumstances: { rateLimit: "off" } };

freshForEach();

async function counted() {
  const calls: string[] = [];
  return { calls, gateway: await makeGateway({}, counting(calls)) };
}

describe("the calls of one request, in all", () => {
  it.each<{ name: string; data: unknown; call?: Call; costs: readonly string[] }>([
    {
      name: "a plain run: the gate once",
      data: {},
      costs: ["FLAGS.getBooleanDetails", "UPSTREAM.fetch", "USER_GATE.admit"],
    },
    {
      name: "a plain run of an exempt caller: the same but for the flag, because the user may be blocked",
      data: {},
      call: EXEMPT,
      costs: ["UPSTREAM.fetch", "USER_GATE.admit"],
    },
    {
      name: "a run with an id: the gate twice, and KV once, to write",
      data: { idempotency_id: ID },
      costs: ["FLAGS.getBooleanDetails", "KV.put", "UPSTREAM.fetch", "USER_GATE.admit", "USER_GATE.settle"],
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
      costs: ["FLAGS.getBooleanDetails", "USER_GATE.admit"],
    },
    {
      name: "a malformed run of an exempt caller: the gate once",
      data: { page: 5 },
      call: EXEMPT,
      costs: ["USER_GATE.admit"],
    },
    { name: "a request without a token: nothing", data: {}, call: { claims: null }, costs: [] },
  ])("$name", async ({ data, call, costs }) => {
    const { calls, gateway } = await counted();
    await gateway.start(data, call);
    expect(calls.toSorted()).toEqual(costs);
  });

  it("a replay beside its first: the gate once, and KV never", async () => {
    const { calls, gateway } = await counted();
    await gateway.start({ idempotency_id: ID });
    calls.length = 0;
    await gateway.start({ idempotency_id: ID });
    expect(calls).toEqual(["USER_GATE.admit"]);
  });

  it("a read beside a start: the gate once", async () => {
    const { calls, gateway } = await counted();
    const { body } = await gateway.start({});
    calls.length = 0;
    await gateway.call(`/actions/v1/stored-actions/${ACTION}/runs/${body.data.id}`);
    expect(calls.toSorted()).toEqual(["UPSTREAM.fetch", "USER_GATE.countRead"]);
  });

  it("reads beyond their limit: the gate once in a second", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({ READ_LIMIT: "2" }, counting(calls));
    const authorization = `Bearer ${await gateway.issuer.token({})}`;
    const { body } = await gateway.start({}, { claims: null, headers: { authorization } });
    const read = async () => {
      const path = `/actions/v1/stored-actions/${ACTION}/runs/${body.data.id}`;
      const { status, headers } = await gateway.call(path, { claims: null, headers: { authorization } });
      return [status, headers.get("retry-after"), headers.get("ratelimit")];
    };
    const spent = '"results";r=0;t=';
    expect([await read(), await read()].map(([status]) => status)).toEqual([200, 200]);
    calls.length = 0;
    expect(await read()).toEqual([429, "300", `${spent}300`]);
    moveClock(0.999 * SECOND);
    expect(await read()).toEqual([429, "300", `${spent}300`]);
    expect(calls).toEqual(["USER_GATE.countRead"]);
    moveClock(0.001 * SECOND);
    expect(await read()).toEqual([429, "299", `${spent}299`]);
    expect(calls).toEqual(["USER_GATE.countRead", "USER_GATE.countRead"]);
    moveClock(299 * SECOND);
    expect((await read())[0]).toBe(200);
  });

  it("the flag: once in five seconds for a caller and an action, beside the body", async () => {
    const { calls, gateway } = await counted();
    for (let again = 0; again < 10; again++) await gateway.start({});
    expect(calls.filter((call) => call.startsWith("FLAGS"))).toHaveLength(1);
    moveClock(5 * SECOND);
    await gateway.start({});
    expect(calls.filter((call) => call.startsWith("FLAGS"))).toHaveLength(2);
  });

  it("a pass-through: the upstream alone", async () => {
    const { calls, gateway } = await counted();
    await gateway.call("/actions/v1/stored-actions", { circumstances: { errorFrom: "upstream" } });
    expect(calls).toEqual(["UPSTREAM.fetch"]);
  });
});

describe("KV's copy", () => {
  it("is no part of the answer's time: the answer is there while the write hangs", async () => {
    const gateway = await makeGateway({}, replacing("KV.put", never));
    const response = await gateway.begin(RUN_PATH, buildStart({ idempotency_id: ID })).response;
    expect([response.status, await response.json()]).toMatchObject([202, { data: { type: "run" } }]);
  });

  it("is written under the user's gate and the id, once", async () => {
    const puts: unknown[][] = [];
    const noting = replacing("KV.put", ({ args }) => Promise.resolve(puts.push(args)));
    const gateway = await makeGateway({}, noting);
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

describe("the rows that the gate writes", () => {
  it("for a plain run of an exempt caller: none, and nothing is stored", async ({ gateway }) => {
    const meter = await meterRows(gateway);
    expect((await gateway.start({}, EXEMPT)).status).toBe(202);
    expect(meter.take()).toEqual([]);
    const stored = await runInDurableObject(await gateway.gateOf(), async (_gate, { storage }) => [
      ...(await storage.list()).keys(),
      await storage.getAlarm(),
    ]);
    expect(stored).toEqual([null]);
  });

  it("for a refused run and for a replay: none", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" });
    await gateway.start({ idempotency_id: ID });
    const meter = await meterRows(gateway);
    expect((await gateway.start({})).status).toBe(429);
    expect((await gateway.start({ idempotency_id: ID })).status).toBe(202);
    expect(meter.take()).toEqual([]);
  });

  it("for the count that a promised run carries: none, and it survives the object", async ({ gateway }) => {
    await gateway.start({ callback_url: HOOK });
    await evict(await gateway.gateOf());
    const meter = await meterRows(gateway);
    const { headers } = await gateway.start({ callback_url: HOOK });
    expect(headers.get("x-ratelimit-remaining")).toBe("198");
    expect(meter.take()).toEqual(["INSERT INTO open_runs 1", "UPDATE open_runs SET 1"]);
  });
});
