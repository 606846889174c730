// A gate that runs full makes room: ended runs go early, dead letters last, then answers; charges never.

import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import { freeSpace } from "../../src/gate/upkeep.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { DAY, HOUR, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { openStore, tablesIn } from "../support/gate-store.ts";
import { ID } from "../support/gateway.ts";
import { Stage } from "../support/stage.ts";

const GIB = 1024 ** 3;

freshForEach();

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.set();
});

/** Makes room once, as the alarm of a gate does that is over its limit; the object starts anew. */
async function freeSpaceOnce(freeSpaceAt = 1): Promise<string | null> {
  const dropped = await runInDurableObject(
    await stage.gateway.gateOf(),
    async (_gate: UserGate, { storage }) => {
      const { store, counter } = openStore(storage);
      const what = freeSpace(store, counter, { freeSpaceAt, fullAt: 2 * freeSpaceAt }, Date.now());
      // The count may be written behind.
      await scheduler.wait(300);
      return what;
    },
  );
  await evict(await stage.gateway.gateOf());
  return dropped;
}

async function periods(): Promise<string[]> {
  const names = await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) =>
    tablesIn(storage),
  );
  return names.filter((name) => /\d$/.test(name));
}

/** A run of today that was delivered, and one that became a dead letter. */
async function twoRuns(): Promise<{ delivered: string; dead: string }> {
  const delivered = await stage.start({ idempotency_id: ID });
  await stage.pass(10 * SECOND);
  stage.receive(() => new Response(null, { status: 410 }));
  const { runId } = await stage.start();
  stage.receive(() => new Response(null, { status: 500 }));
  await stage.pass(6 * DAY);
  stage.receive(() => new Response(null, { status: 204 }));
  return { delivered: delivered.runId, dead: runId };
}

async function weeks(): Promise<string[]> {
  return (await periods()).filter((name) => name.startsWith("ended_runs"));
}

/** So many more dead letters, of a week that is over. */
async function manyDeadLetters(count: number): Promise<void> {
  await twoRuns();
  await runInDurableObject(await stage.gateway.gateOf(), (_gate: UserGate, { storage }) => {
    const [week] = tablesIn(storage).filter((name) => name.startsWith("ended_runs"));
    storage.sql.exec(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO ${week} (run_id, dead_letter_run_key, finished_at_ms, counted_revision, counted, record)
       SELECT 'copy-' || n, 'key-' || n, finished_at_ms, 0, counted,
         json_set(record, '$.run.runId', 'copy-' || n, '$.run.delivery.kind', 'dead')
       FROM numbers, (SELECT * FROM ${week} LIMIT 1)`,
      count,
    );
  });
  await stage.pass(8 * DAY);
}

/** The gate has lost the answer to ID, and says so. */
async function forgetful(): Promise<string> {
  const first = await stage.gateway.start({ idempotency_id: ID });
  expect(await freeSpaceOnce()).toBe("answers");
  return first.text;
}

const KNOWN: Record<number, string> = { 200: "kept", 404: "gone" };

async function whatIsKept(runId: string): Promise<string | undefined> {
  return KNOWN[(await stage.deliveries(runId)).status];
}

describe("a gate that is over its limit", () => {
  it("drops its oldest week of ended runs, and carries the dead letters on", async () => {
    const { delivered, dead } = await twoRuns();
    await stage.pass(8 * DAY);
    expect(await freeSpaceOnce()).toBe("ended_runs");
    expect([await whatIsKept(delivered), await whatIsKept(dead)]).toEqual(["gone", "kept"]);
    const { body } = await stage.deliveries(dead);
    expect([body.data.state, body.data.attempts.length]).toEqual(["dead", 10]);
    expect((await stage.redeliver(dead)).status).toBe(202);
    await stage.pass(10 * SECOND);
    expect(await stage.state({ runId: dead })).toBe("delivered");
  });

  it("drops days of answers when no earlier week is left, and never a charge", async () => {
    await twoRuns();
    const charges = (await stage.records()).charges;
    expect(charges).toHaveLength(2);
    await stage.pass(8 * DAY);
    await stage.gateway.start({ idempotency_id: crypto.randomUUID() });
    const dropped = [];
    for (let round = 0; round < 4; round += 1) dropped.push(await freeSpaceOnce());
    expect(dropped).toEqual(["ended_runs", "answers", null, null]);
    expect((await stage.records()).charges).toEqual(charges);
    expect((await periods()).filter((name) => name.startsWith("answers"))).toEqual([]);
  });

  it("does nothing below it", async () => {
    await twoRuns();
    await stage.pass(8 * DAY);
    const before = await periods();
    expect(await freeSpaceOnce(9 * GIB)).toBeNull();
    expect(await periods()).toEqual(before);
  });

  it("carries them on in slices: what was cut off goes on, and the week goes when it has none left", async () => {
    await manyDeadLetters(1_200);
    const steps = [];
    for (let step = 0; step < 3; step += 1) steps.push([await freeSpaceOnce(), (await weeks()).length]);
    expect(steps).toEqual([
      ["dead_letters_moved", 2],
      ["dead_letters_moved", 2],
      ["ended_runs", 1],
    ]);
    await runInDurableObject(await stage.gateway.gateOf(), (_gate: UserGate, { storage }) => {
      const { store } = openStore(storage);
      for (const n of [1, 500, 501, 1_000, 1_001, 1_200]) expect(store.endedRuns.has(`copy-${n}`)).toBe(true);
    });
  });

  it("does a bounded part of it in an alarm, and comes back at once for the rest", async () => {
    await manyDeadLetters(6_000);
    vi.spyOn(GateStore.prototype, "bytes", "get").mockReturnValue(9 * GIB);
    vi.setSystemTime((await stage.alarmAt()) ?? 0);
    await stage.ring();
    expect(await weeks()).toHaveLength(2);
    expect(await stage.alarmAt()).toBeLessThanOrEqual(Date.now() + SECOND);
    await stage.pass(SECOND);
    expect(await weeks()).toHaveLength(1);
  });
});

it("a week goes only when all of its runs have ended 72 hours ago: their ids may come again until then", async () => {
  // A Wednesday: the next week's table begins at midnight.
  vi.setSystemTime(Date.parse("2040-01-04T23:00:00Z"));
  await stage.finish(await stage.start());
  await stage.pass(72 * HOUR);
  expect(await freeSpaceOnce()).not.toBe("ended_runs");
  await stage.pass(2 * HOUR);
  expect(await freeSpaceOnce()).toBe("ended_runs");
});

describe("after answers were dropped early", () => {
  it("for 72 hours; then a miss is a miss", async () => {
    await forgetful();
    const admit = { window: null, promise: null };
    const claim = { runKey: ID, fingerprint: "f", path: "/p", attempt: "a", leaseMs: 1, mayCreate: false };
    const ask = async () => (await stage.gateway.gateOf()).admit({ ...admit, claim });
    expect(await ask()).toMatchObject({ kind: "admitted", askCache: true });
    await stage.pass(3 * DAY - 1);
    expect(await ask()).toMatchObject({ askCache: true });
    await stage.pass(1);
    expect(await ask()).toMatchObject({ askCache: false });
  });
});
