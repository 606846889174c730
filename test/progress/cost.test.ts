// What the whole life of a full run costs (id, callback, charge): from its start to its row among the ended ones. Every
// call of every binding, every row written; an alarm is a call of its object.
import { describe, expect, it } from "vitest";
import { counting } from "../support/bindings.ts";
import { HOUR, moveClock, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { meterRows } from "../support/rows.ts";
import { Stage } from "../support/stage.ts";
import { sumOf, withoutPeriods } from "../support/writes.ts";

/** Nothing has failed there before: a healthy delivery asks no breaker. */
const HEALTHY = "https://always-there.example/hook";
const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

/** A user who has had a run today, and nothing left to do. */
async function returningUser(): Promise<{ stage: Stage; calls: string[] }> {
  const calls: string[] = [];
  const stage = await Stage.set({}, counting(calls));
  const run = await stage.start({ idempotency_id: crypto.randomUUID(), callback_url: HEALTHY });
  await stage.push(run);
  await stage.pass(3 * HOUR);
  expect(await stage.rows()).toBe(0);
  calls.length = 0;
  stage.queue.offered.length = 0;
  return { stage, calls };
}

function take(calls: string[]): string[] {
  return calls.splice(0).toSorted();
}

/** A run from its start to its end, its end pushed. */
async function live(stage: Stage, data: Record<string, unknown>): Promise<void> {
  const run = await stage.start({ callback_url: HEALTHY, ...data });
  await stage.push(run);
  await stage.drain();
}

describe("a full run of a user who has been here before, pushed once", () => {
  const full = { idempotency_id: ID };

  it("costs the gate two calls on its path and five in its life, the alarm among them", async () => {
    const { stage, calls } = await returningUser();
    const run = await stage.start({ ...full, callback_url: HEALTHY });
    expect(take(calls)).toEqual([
      "FLAGS.getBooleanValue",
      "KV.put",
      "UPSTREAM.fetch",
      "USER_GATE.admit",
      "USER_GATE.settle",
    ]);
    await stage.push(run);
    await stage.drain();
    expect(take(calls)).toEqual(["RUNS.send", "UPSTREAM.fetch", "USER_GATE.report", "USER_GATE.take"]);
    expect(await alarmsOf(stage)).toBe(1);
    expect(take(calls)).toEqual([]);
    expect(await stage.rows()).toBe(0);
  });

  it("costs one message, which is three operations of the queue", async () => {
    const { stage } = await returningUser();
    await live(stage, full);
    await alarmsOf(stage);
    expect(stage.queue.offered).toHaveLength(1);
  });

  it("costs ten rows of the gate at most", async () => {
    const { stage } = await returningUser();
    const meter = await meterRows(stage.gateway);
    await live(stage, full);
    await alarmsOf(stage);
    const writes = meter.take();
    expect(withoutPeriods(writes)).toEqual([
      "INSERT INTO open_runs 1",
      "UPDATE open_runs SET 1",
      "INSERT INTO answers 1",
      "setAlarm 1",
      "INSERT INTO charges 1",
      "DELETE FROM open_runs 1",
      // The row, and the index of run ids.
      "INSERT INTO ended_runs 2",
      "setAlarm 1",
    ]);
    expect(sumOf(writes)).toBeLessThanOrEqual(10);
  });

  it("costs eight at most where nine others are with it, because they share alarms", async () => {
    const { stage } = await returningUser();
    const meter = await meterRows(stage.gateway);
    for (let run = 0; run < 10; run += 1) {
      await live(stage, { idempotency_id: crypto.randomUUID() });
      moveClock(0.3 * SECOND);
    }
    await alarmsOf(stage);
    expect(sumOf(meter.take()) / 10).toBeLessThanOrEqual(8);
  });
});

describe("without an id and a charge", () => {
  it("it costs the gate four calls and an alarm, and its rows", async () => {
    const { stage, calls } = await returningUser();
    const meter = await meterRows(stage.gateway);
    const run = await stage.start(
      { callback_url: HEALTHY },
      { claims: { billing: JSON.stringify({ is_billable: false }) } },
    );
    await stage.push(run);
    expect(await alarmsOf(stage)).toBe(1);
    const gateCalls = take(calls).filter((name) => name.startsWith("USER_GATE") || name.startsWith("KV"));
    expect(gateCalls).toEqual(["USER_GATE.admit", "USER_GATE.report", "USER_GATE.settle", "USER_GATE.take"]);
    expect(withoutPeriods(meter.take())).toEqual([
      "INSERT INTO open_runs 1",
      "UPDATE open_runs SET 1",
      "setAlarm 1",
      "DELETE FROM open_runs 1",
      "INSERT INTO ended_runs 2",
      "setAlarm 1",
    ]);
  });
});

describe("sending an end again", () => {
  it("costs nine rows of the gate, the count of the request and three alarms among them", async () => {
    const { stage } = await returningUser();
    const run = await stage.start({ callback_url: HEALTHY });
    await stage.push(run);
    await alarmsOf(stage);
    const meter = await meterRows(stage.gateway);
    expect((await stage.redeliver(run.runId)).status).toBe(202);
    await alarmsOf(stage);
    expect(stage.received).toHaveLength(3);
    expect(withoutPeriods(meter.take())).toEqual([
      "put windows 1",
      "DELETE FROM ended_runs 1",
      "INSERT INTO open_runs 1",
      "setAlarm 1",
      "setAlarm 1",
      "DELETE FROM open_runs 1",
      "INSERT INTO ended_runs 2",
      "setAlarm 1",
    ]);
  });
});

/** Moves on until nothing is left to do but the week's upkeep, and says how often the alarm rang for it. */
async function alarmsOf(stage: Stage): Promise<number> {
  await stage.drain();
  for (let rings = 0; ; rings += 1) {
    const atMs = await stage.alarmAt();
    if (atMs === null || atMs - Date.now() > 24 * HOUR) return rings;
    moveClock(Math.max(0, atMs - Date.now()));
    await stage.ring();
    await stage.drain();
    if (rings > 10) throw new Error("the alarm rings for ever");
  }
}
