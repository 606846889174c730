// A gate's tables come when they are needed and go by retention, which deletes no rows.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { HOUR, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { tablesIn } from "../support/gate-store.ts";
import { meterRows } from "../support/rows.ts";
import { Stage } from "../support/stage.ts";
import { words } from "../support/words.ts";

const DAY = 24 * HOUR;

freshForEach();

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.set();
});

async function tables(): Promise<string[]> {
  return runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => tablesIn(storage));
}

/** With an id, a callback and a charge, from its start to its end. */
async function liveRun(): Promise<void> {
  await stage.start({ idempotency_id: crypto.randomUUID() });
  await stage.pass(10 * SECOND);
}

/** The tables that there are so long after a run. */
async function tablesAfter(ms: number): Promise<string[]> {
  await stage.pass(ms);
  return (await tables()).filter((name) => /\d$/.test(name));
}

describe("the tables of a user", () => {
  it("of plain runs are none, and no alarm is set", async () => {
    await stage.gateway.start({});
    expect(await tables()).toEqual([]);
    expect(await stage.alarmAt()).toBeNull();
  });

  it("who sends ids are the answers of the day, and the alarm rings within a week", async () => {
    await stage.gateway.start({ idempotency_id: crypto.randomUUID() });
    expect(await tables()).toEqual(["answers_25567"]);
    expect(await stage.alarmAt()).toBe(T0 + 7 * DAY);
  });

  it("whose runs are told and charged are one of each kind", async () => {
    await liveRun();
    expect(await tables()).toEqual(words`
      answers_25567 billings charges_204001 ended_runs_3652 open_runs outbox`);
  });

  it("are the next period's when that has come", async () => {
    await liveRun();
    await stage.pass(31 * DAY);
    await liveRun();
    expect((await tables()).filter((name) => /\d$/.test(name))).toEqual([
      "answers_25598",
      "charges_204001",
      "charges_204002",
      "ended_runs_3652",
      "ended_runs_3656",
    ]);
  });
});

describe("what is kept", () => {
  it("goes when its time is over, table by table, and not a row is deleted for it", async () => {
    await liveRun();
    await stage.pass(2 * HOUR);
    const meter = await meterRows(stage.gateway);
    expect(await tablesAfter(5 * DAY)).toEqual(["answers_25567", "charges_204001", "ended_runs_3652"]);
    expect(await tablesAfter(10 * DAY)).toEqual(["charges_204001", "ended_runs_3652"]);
    // A week's table goes with the last run that may be in it, and is checked once a week.
    expect(await tablesAfter(15 * DAY)).toEqual(["charges_204001", "ended_runs_3652"]);
    expect(await tablesAfter(14 * DAY)).toEqual(["charges_204001"]);
    expect(await tablesAfter(370 * DAY)).toEqual(["charges_204001"]);
    expect(await tablesAfter(40 * DAY)).toEqual([]);
    expect(meter.take().filter((write) => /DROP|DELETE/.test(write))).toEqual([]);
  });

  it("goes though no request comes, also when the object was evicted meanwhile", async () => {
    await liveRun();
    await evict(await stage.gateway.gateOf());
    expect(await tablesAfter(460 * DAY)).toEqual([]);
  });

  it("is an ended run for thirty days from its last event, a redelivery among them", async () => {
    const { runId } = await stage.start();
    await stage.pass(10 * SECOND);
    await stage.pass(25 * DAY);
    expect((await stage.redeliver(runId)).status).toBe(202);
    await stage.pass(29 * DAY);
    expect((await stage.deliveries(runId)).status).toBe(200);
    await stage.pass(16 * DAY);
    expect((await stage.deliveries(runId)).status).toBe(404);
  });
});

it("a row of a later version is not misread: KV answers in the gate's place", async () => {
  const id = { idempotency_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11" };
  const first = await stage.gateway.start(id);
  await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => {
    storage.sql.exec(`UPDATE answers_25567 SET claim = '{"v":99}'`);
  });
  const again = await stage.gateway.start(id, { circumstances: { rateLimit: "any" } });
  expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
  expect(stage.gateway.upstream.starts).toHaveLength(1);
});
