// A gate's tables come when they are needed and go by retention, which deletes no rows.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { DAY, HOUR, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { tablesIn } from "../support/gate-store.ts";
import { readDeadLetters } from "../support/operators-index.ts";
import { meterRows } from "../support/rows.ts";
import { Stage } from "../support/stage.ts";
import { words } from "../support/words.ts";

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

/** With a callback, while the upstream is away. */
async function unanswered(): Promise<void> {
  stage.gateway.upstream.behave(() => Promise.reject(new Error("connection refused")));
  expect((await stage.tryStart()).status).toBe(503);
  expect(await stage.rows()).toBe(1);
}

/** Its receiver fails until the operators' index has it as a dead letter. */
async function undelivered(): Promise<void> {
  stage.receive(() => new Response(null, { status: 500 }));
  await stage.start({}, { claims: { billing: JSON.stringify({ is_billable: false }) } });
  await stage.pass(6 * DAY);
  expect(await readDeadLetters()).toHaveLength(1);
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
      answers_25567 billings_204001 charges_204001 ended_runs_3652 open_runs outbox`);
  });

  it("are the next period's when that has come", async () => {
    await liveRun();
    await stage.pass(31 * DAY);
    await liveRun();
    expect((await tables()).filter((name) => /\d$/.test(name))).toEqual([
      "answers_25598",
      "billings_204001",
      "billings_204002",
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
    expect(await tablesAfter(5 * DAY)).toEqual(words`
      answers_25567 billings_204001 charges_204001 ended_runs_3652`);
    expect(await tablesAfter(10 * DAY)).toEqual(words`
      billings_204001 charges_204001 ended_runs_3652`);
    // A week's table goes with the last run that may be in it, and is looked at once a week.
    expect(await tablesAfter(15 * DAY)).toEqual(words`
      billings_204001 charges_204001 ended_runs_3652`);
    expect(await tablesAfter(14 * DAY)).toEqual(words`billings_204001 charges_204001`);
    expect(await tablesAfter(370 * DAY)).toEqual(words`billings_204001 charges_204001`);
    expect(await tablesAfter(40 * DAY)).toEqual([]);
    expect(meter.take().filter((write) => /DROP|DELETE/.test(write))).toEqual([]);
  });

  it.each([
    ["a run", () => liveRun()],
    ["an id alone", () => stage.gateway.start({ idempotency_id: crypto.randomUUID() })],
    ["a start that was never answered", unanswered],
    ["a dead letter that cost nothing", undelivered],
  ])(
    "goes though the user never calls again, also when the object was evicted: after %s no alarm is left",
    async (_, leave) => {
      await leave();
      await stage.pass(HOUR);
      await evict(await stage.gateway.gateOf());
      await stage.pass(460 * DAY);
      expect((await tables()).filter((name) => name !== "outbox")).toEqual([]);
      expect([await stage.alarmAt(), await readDeadLetters()]).toEqual([null, []]);
    },
  );

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
