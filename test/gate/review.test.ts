// The alarm: what the gate does with a claim when its time has come.
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failing } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, stopClock, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { claimsOf } from "../support/gate.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { times } from "../support/times.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const OTHER = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c12";

beforeEach(() => stopClock());
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

/** When the gate wants to be woken next, in minutes from T0. */
async function wakeUp(gateway: Gateway): Promise<number | null> {
  const atMs = await runInDurableObject(await gateway.gateOf(), (_gate, { storage }) => storage.getAlarm());
  return atMs === null ? null : (atMs - T0) / MINUTE;
}

/** Moves the clock to a minute after T0, and wakes the gate there. */
async function wakeAt(gateway: Gateway, minute: number): Promise<void> {
  vi.setSystemTime(T0 + minute * MINUTE);
  expect(await runDurableObjectAlarm(await gateway.gateOf())).toBe(true);
}

async function copies(): Promise<number> {
  return (await env.KV.list({ prefix: "answer:v1:" })).keys.length;
}

describe("a settled claim", () => {
  it("is looked at an hour after its answer, on a grid of ten minutes", async () => {
    moveClock(4 * MINUTE);
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: ID });
    expect(await wakeUp(gateway)).toBe(70);
  });

  it("goes when KV holds its answer, and the gate sleeps on", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: ID });
    await wakeAt(gateway, 60);
    expect(await claimsOf(gateway)).toEqual([]);
    expect(await copies()).toBe(1);
    expect(await wakeUp(gateway)).toBeNull();
  });

  it("stays when KV does not, is written again, and goes when KV is known to hold it", async () => {
    const gateway = await makeGateway({}, failing(/^KV\.put$/));
    const first = await gateway.start({ idempotency_id: ID });
    expect(await copies()).toBe(0);
    await wakeAt(gateway, 60);
    expect(await claimsOf(gateway)).toEqual([`${ID} settled`]);
    expect(await copies()).toBe(1);
    expect(await wakeUp(gateway)).toBe(70);
    await wakeAt(gateway, 70);
    expect(await claimsOf(gateway)).toEqual([]);
    expect((await gateway.start({ idempotency_id: ID })).text).toBe(first.text);
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("is written again by a gate that was evicted meanwhile", async () => {
    const gateway = await makeGateway({}, failing(/^KV\.put$/));
    await gateway.start({ idempotency_id: ID });
    await evict(await gateway.gateOf());
    await wakeAt(gateway, 60);
    expect(await copies()).toBe(1);
  });

  it("stays while KV fails, and is looked at again", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: ID });
    const kv = vi.spyOn(env.KV, "get").mockRejectedValue(new Error("KV GET failed: 503"));
    await wakeAt(gateway, 60);
    kv.mockRestore();
    expect(await claimsOf(gateway)).toEqual([`${ID} settled`]);
    expect(await wakeUp(gateway)).toBe(61);
    await wakeAt(gateway, 61);
    expect(await claimsOf(gateway)).toEqual([]);
  });

  it("goes after 72 hours, whatever KV says", async () => {
    const gateway = await makeGateway({}, failing(/^KV\./));
    await gateway.start({ idempotency_id: ID });
    await wakeAt(gateway, 72 * 60);
    expect(await claimsOf(gateway)).toEqual([]);
    expect(await copies()).toBe(0);
  });

  it("does not go with another that is due later", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: ID });
    moveClock(30 * MINUTE);
    await gateway.start({ idempotency_id: OTHER });
    await wakeAt(gateway, 60);
    expect(await claimsOf(gateway)).toEqual([`${OTHER} settled`]);
    expect(await wakeUp(gateway)).toBe(90);
  });

  it("goes with all that are due, however many, in steps", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1000" });
    await Promise.all(times(250, () => gateway.start({ idempotency_id: crypto.randomUUID() })));
    const left: number[] = [];
    for (let claims = 250; claims > 0; left.push(claims)) {
      await wakeAt(gateway, 60);
      claims = (await claimsOf(gateway)).length;
    }
    expect(left).toEqual([150, 50, 0]);
    expect(await wakeUp(gateway)).toBeNull();
  });
});

describe("an open claim", () => {
  it("stays until its 72 hours are over, then the id starts anew", async () => {
    const gateway = await makeGateway();
    gateway.upstream.behave(() => new Response("no", { status: 500 }));
    await gateway.start({ idempotency_id: ID });
    await wakeAt(gateway, 60);
    expect(await claimsOf(gateway)).toEqual([`${ID} open`]);
    expect(await wakeUp(gateway)).toBe(72 * 60);
    await wakeAt(gateway, 72 * 60);
    expect(await claimsOf(gateway)).toEqual([]);
    expect(await wakeUp(gateway)).toBeNull();
  });

  it("that outlived its 72 hours because no alarm came is nobody's", async () => {
    const gateway = await makeGateway();
    gateway.upstream.behave(() => new Response("no", { status: 500 }));
    await gateway.start({ idempotency_id: ID, page: "1" });
    gateway.upstream.behave((_request, honest) => honest());
    vi.setSystemTime(T0 + 72 * HOUR);
    const anew = await gateway.start({ idempotency_id: ID, page: "2" });
    expect([anew.status, anew.headers.get("idempotency-payload-mismatch")]).toEqual([202, null]);
  });
});

describe("a gate", () => {
  it("of a user who never sends an id has no tables and no alarm", async () => {
    const gateway = await makeGateway();
    await gateway.start({});
    const tables = await runInDurableObject(await gateway.gateOf(), (_gate, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'claims'").toArray(),
    );
    expect(tables).toEqual([]);
    expect(await wakeUp(gateway)).toBeNull();
  });

  it("that meets rows of a later version stops instead of misreading them", async () => {
    const gateway = await makeGateway();
    await gateway.start({ idempotency_id: ID });
    await runInDurableObject(await gateway.gateOf(), (_gate, { storage }) => storage.kv.put("schema", 99));
    await evict(await gateway.gateOf());
    const { status } = await gateway.start(
      { idempotency_id: OTHER },
      { circumstances: { rateLimit: "any" } },
    );
    expect(status).toBe(503);
  });
});
