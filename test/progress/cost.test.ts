// What the whole life of a full run costs (id, callback, charge): from its start to its last trace in the gate. Every
// call of every binding, every row written; an alarm is a call of its object.
import { describe, expect, it } from "vitest";
import { CALLBACK, FULL } from "../../bench/scale/counted.ts";
import { tapped } from "../support/bindings.ts";
import { HOUR, moveClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { meterRows } from "../support/rows.ts";
import { Stage } from "../support/stage.ts";

/** Nothing has failed there before: a healthy delivery asks no breaker. */
const HEALTHY = "https://always-there.example/hook";
const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

class Bill {
  readonly calls: string[] = [];
  ledgerRows = 0;

  readonly bindings = (env: Env): Partial<Env> =>
    tapped(env, async ({ name, perform }) => {
      this.calls.push(name);
      const result = await perform();
      if (name === "LEDGER.batch") this.ledgerRows += rowsWritten(result);
      return result;
    });

  take(): string[] {
    return this.calls.splice(0).toSorted();
  }
}

function rowsWritten(results: unknown): number {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- LEDGER.batch gives these
  return (results as D1Result[]).reduce((sum, { meta }) => sum + meta.rows_written, 0);
}

/** A user who has a schema already, and an alarm that has rung. */
async function returningUser(): Promise<{ stage: Stage; bill: Bill }> {
  const bill = new Bill();
  const stage = await Stage.set({}, bill.bindings);
  const run = await stage.start({ idempotency_id: crypto.randomUUID(), callback_url: HEALTHY });
  await stage.push(run);
  await stage.pass(3 * HOUR);
  expect(await stage.rows()).toBe(0);
  bill.take();
  bill.ledgerRows = 0;
  stage.queue.offered.length = 0;
  return { stage, bill };
}

describe("a full run of a user who has been here before, pushed once", () => {
  it("costs the gate two calls on its path and five in its life, the alarm among them", async () => {
    const { stage, bill } = await returningUser();
    const run = await stage.start({ idempotency_id: ID, callback_url: HEALTHY });
    expect(bill.take()).toEqual(FULL.startCalls);
    await stage.push(run);
    await stage.drain();
    expect(bill.take()).toEqual(FULL.endCalls);
    expect(await alarmsOf(stage)).toBe(FULL.alarms);
    expect(bill.take()).toEqual([]);
    expect(await stage.rows()).toBe(0);
  });

  it("costs one message, which is three operations of the queue", async () => {
    const { stage } = await returningUser();
    const run = await stage.start({ idempotency_id: ID, callback_url: HEALTHY });
    await stage.push(run);
    await alarmsOf(stage);
    expect(stage.queue.offered).toHaveLength(FULL.messages);
  });

  it("costs five rows of D1", async () => {
    const { stage, bill } = await returningUser();
    const run = await stage.start({ idempotency_id: ID, callback_url: HEALTHY });
    await stage.push(run);
    await alarmsOf(stage);
    expect(bill.ledgerRows).toBe(FULL.ledgerRows);
  });

  it("costs six rows of the gate", async () => {
    const { stage } = await returningUser();
    const meter = await meterRows(stage.gateway);
    const run = await stage.start({ idempotency_id: ID, callback_url: HEALTHY });
    await stage.push(run);
    await alarmsOf(stage);
    expect(meter.take()).toEqual(FULL.gateRows);
  });
});

describe("without an id", () => {
  it("it costs the gate four calls and five rows", async () => {
    const { stage, bill } = await returningUser();
    const meter = await meterRows(stage.gateway);
    const run = await stage.start();
    await stage.push(run);
    expect(await alarmsOf(stage)).toBe(0);
    const calls = bill.take().filter((name) => name.startsWith("USER_GATE") || name.startsWith("KV"));
    expect(calls).toEqual(CALLBACK.gateCalls);
    expect(meter.take()).toEqual(CALLBACK.gateRows);
  });
});

/** Moves on until nothing is left to do, and says how often the alarm rang for it. */
async function alarmsOf(stage: Stage): Promise<number> {
  await stage.drain();
  for (let rings = 0; ; rings += 1) {
    const atMs = await stage.alarmAt();
    if (atMs === null) return rings;
    moveClock(Math.max(0, atMs - Date.now()));
    // KV has kept the answer meanwhile.
    await stage.ring();
    await stage.drain();
    if (rings > 10) throw new Error("the alarm rings for ever");
  }
}
