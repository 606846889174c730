// A run that makes the consumer throw, and a gate that does not answer: only the first is buried.
import { createMessageBatch, evictAllDurableObjects } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Work } from "../../src/gate/admission.ts";
import { buryRuns } from "../../src/progress/dead-letters.ts";
import type { Pointer } from "../../src/progress/pointer.ts";
import { failing, replacing } from "../support/bindings.ts";
import { HOUR } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { HOOK, Stage } from "../support/stage.ts";

freshForEach();

async function bury(pointers: Pointer[], env: Env): Promise<void> {
  const messages = pointers.map((body) => {
    return { id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body };
  });
  await buryRuns(createMessageBatch("edge-actions-runs-dead", messages), env);
}

/** Rows that name no place: nothing that a receiver or an upstream does makes the consumer throw. */
function poisoned(env: Env): Env {
  const placeless = replacing("USER_GATE.take", async ({ perform }) => {
    const work = (await perform()) as Work | null;
    return work && { ...work, intent: { ...work.intent, publicUrl: "" } };
  });
  return { ...env, ...placeless(env) };
}

describe("a run that makes the consumer throw", () => {
  it("is met by each try of its message, buried by the last, and shown as dead", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const pointers = stage.queue.take();
    const env = poisoned(stage.gateway.env);
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      expect((await stage.consume(pointers, { env, attempts })).retryMessages).toHaveLength(1);
    }
    expect((await stage.consume(pointers, { env, attempts: 5 })).retryMessages).toEqual([]);
    expect((await stage.deliveries(run.runId)).body.data).toEqual({
      state: "dead",
      callback_url: HOOK,
      next_attempt_at: null,
      attempts: [],
    });
    expect(await stage.rows()).toBe(0);
    await stage.pass(HOUR);
    expect(stage.received).toEqual([]);
    expect(stage.queue.offered).toHaveLength(1);
  });

  it("is not forgotten when the books are down as it is buried", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const pointers = stage.queue.take();
    await bury(pointers, { ...stage.gateway.env, ...failing(/^LEDGER\./)(stage.gateway.env) });
    expect((await stage.books()).runs).toEqual([]);
    await evictAllDurableObjects();
    await bury(pointers, stage.gateway.env);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("dead");
    expect(await stage.rows()).toBe(0);
  });

  it("can be sent again", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    await bury(stage.queue.take(), stage.gateway.env);
    expect((await stage.redeliver(run.runId)).status).toBe(202);
    await stage.pass(0);
    expect(stage.received).toHaveLength(1);
  });

  it("does not hold up its batch", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const [good] = stage.queue.take();
    if (good === undefined) throw new Error("nothing was sent");
    const stranger: Pointer = { ...good, gate: "0".repeat(64) };
    const result = await stage.consume([stranger, good]);
    expect(result.retryMessages).toEqual([]);
    expect(stage.received).toHaveLength(1);
  });
});

describe("a gate that does not answer", () => {
  it("never sends a healthy run to the dead letters: it is delivered when the gate is back", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const pointers = stage.queue.take();
    const env = { ...stage.gateway.env, ...failing(/^USER_GATE\.take$/)(stage.gateway.env) };
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      const { retryMessages } = await stage.consume(pointers, { env, attempts });
      expect(retryMessages).toHaveLength(1);
    }
    expect((await stage.consume(pointers, { env, attempts: 5 })).retryMessages).toEqual([]);
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(1);
  });

  it("neither when a run is settled, nor to any try of the pointer that names it, hears the name when it is back", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    await stage.start();
    const pointers = stage.queue.take();
    const env = { ...stage.gateway.env, ...failing(/^USER_GATE\.take$/)(stage.gateway.env) };
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      expect((await stage.consume(pointers, { env, attempts })).retryMessages).toHaveLength(1);
    }
    expect((await stage.consume(pointers, { env, attempts: 5 })).retryMessages).toEqual([]);
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(1);
    expect((await stage.books()).charges).toHaveLength(1);
  });

  it("and takes its time to fail neither: the queue has the name until a gate has", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    await stage.start();
    const pointers = stage.queue.take();
    const away = replacing("USER_GATE.take", async () => {
      await scheduler.wait(200);
      throw new Error("away");
    });
    const env = { ...stage.gateway.env, ...away(stage.gateway.env) };
    const { again } = await stage.consume(pointers, { env });
    expect(again).toEqual(pointers);
    await stage.consume(again);
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(1);
  });

  it("to a report has the run delivered at least once, and charged once", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const env = { ...stage.gateway.env, ...failing(/^USER_GATE\.report$/)(stage.gateway.env) };
    await stage.consume(stage.queue.take(), { env });
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(2);
    expect(new Set(stage.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    const { attempts, charges } = await stage.books();
    expect([attempts.length, charges.length, await stage.rows()]).toEqual([1, 1, 0]);
  });
});
