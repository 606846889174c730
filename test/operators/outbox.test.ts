// What reaches the operators' index: each event once, in the order in which it came about, whatever the clock and two alarms do.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DeadLetter, IndexEvent } from "../../src/gate/index-event.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { post } from "../console/bench.ts";
import { HOUR, moveClock, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { openStore } from "../support/gate-store.ts";
import { readDeadLetters } from "../support/operators-index.ts";
import { Stage, type Started } from "../support/stage.ts";

const DEAD_LETTER: DeadLetter = {
  runId: "",
  userKey: "alice",
  issuer: "https://login.example",
  subject: "alice",
  storedActionId: null,
  callbackUrl: null,
  acceptedAtMs: 0,
  diedAtMs: 0,
  result: null,
  attempts: 0,
  status: null,
  reason: "",
  dismissal: null,
};

let stage: Stage;

freshForEach();
beforeEach(async () => {
  stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" });
  stage.receive(() => new Response(null, { status: 500 }));
});

async function deadLetters(): Promise<string[]> {
  return (await readDeadLetters()).map(({ run_id: runId }) => runId).toSorted();
}

async function deadRun(): Promise<Started> {
  const run = await stage.finish(await stage.start());
  await stage.pass(3 * HOUR);
  return run;
}

async function addEvent(event: IndexEvent): Promise<void> {
  await runInDurableObject(await stage.gateway.gateOf(), (_gate: UserGate, { storage }) => {
    openStore(storage).store.outbox.add(event);
  });
}

const database: D1Database = Object.getPrototypeOf(env.OPERATORS_DB);
const sendBatch: unknown = Reflect.get(database, "batch");
if (typeof sendBatch !== "function") throw new Error("D1 has no batch");
const batch = sendBatch;

it("an event that comes up while two tellers are at work is not lost", async () => {
  const first = await deadRun();
  const gate = await stage.gateway.gateOf();
  await addEvent({ kind: "resolved", runId: "of no letter" });
  // Polled: a promise of one object's request must not be resolved by another's.
  const teller = { isReached: false, isOpen: false };
  vi.spyOn(database, "batch").mockImplementation(async function (this: D1Database, statements) {
    teller.isReached = true;
    while (!teller.isOpen) await scheduler.wait(5);
    return await Reflect.apply(batch, this, [statements]);
  });
  const tellers = [gate.reindex(), gate.reindex()];
  while (!teller.isReached) await scheduler.wait(5);
  await addEvent({ kind: "resolved", runId: first.runId });
  teller.isOpen = true;
  await Promise.all(tellers);
  vi.restoreAllMocks();
  await stage.pass(HOUR);
  expect(await deadLetters()).toEqual([]);
});

/** D1 does not answer the next batch, and carries it out when it is let. */
function delayBatch(): () => Promise<unknown> {
  let carryOut: (() => Promise<unknown>) | null = null;
  vi.spyOn(database, "batch").mockImplementationOnce(async function (this: D1Database, statements) {
    carryOut = () => Reflect.apply(batch, this, [statements]);
    throw new Error("no answer in time");
  });
  return async () => {
    if (carryOut === null) throw new Error("no batch was sent");
    return carryOut();
  };
}

describe("a batch that D1 carries out after its repetition", () => {
  it.each<[string, (dead: Started) => IndexEvent]>([
    ["that a dead letter was resolved", ({ runId }) => ({ kind: "resolved", runId })],
    [
      "that all dead letters are kept no more",
      () => ({ kind: "expired", beforeMs: Number.MAX_SAFE_INTEGER }),
    ],
    ["of an older death", ({ runId }) => ({ kind: "dead_letter", deadLetter: { ...DEAD_LETTER, runId } })],
  ])("and that says %s undoes nothing that was reported since", async (_, event) => {
    const dead = await deadRun();
    const carryOut = delayBatch();
    await addEvent(event(dead));
    await (await stage.gateway.gateOf()).reindex();
    await stage.redeliver(dead.runId);
    await stage.pass(3 * HOUR);
    const reported = await readDeadLetters();
    expect(reported).toMatchObject([{ run_id: dead.runId, attempts: 4 }]);
    await carryOut();
    expect(await readDeadLetters()).toEqual(reported);
  });

  it.each<[string, (dead: Started) => Promise<unknown>]>([
    ["the gate drops its week", () => stage.pass(45 * 24 * HOUR)],
    ["an operator polls it", ({ runId }) => post(stage.gateway, `/runs/${runId}/poll`)],
    ["an operator sends it again", ({ runId }) => post(stage.gateway, `/runs/${runId}/redeliver`)],
    [
      "a redelivery batch comes to it",
      () => post(stage.gateway, "/dead-letters/redeliver", { host: "client.example" }),
    ],
  ])("and that brings back a dead letter which was resolved: it goes again when %s", async (_, befall) => {
    const carryOut = delayBatch();
    const dead = await deadRun();
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.redeliver(dead.runId);
    await stage.pass(HOUR);
    expect(await deadLetters()).toEqual([]);
    await carryOut();
    expect(await deadLetters()).toEqual([dead.runId]);
    await befall(dead);
    await stage.pass(HOUR);
    expect(await deadLetters()).toEqual([]);
  });
});

it("a dead letter of a user with an odd name reaches it", async () => {
  const subject = "ali\u0000ce \ud800 \u{1F600} '; DROP TABLE";
  await stage.start({}, { claims: { sub: subject } });
  await stage.pass(2 * HOUR, subject);
  expect(await deadLetters()).toHaveLength(1);
});

it("a run that dies again while the clock steps back stays a dead letter", async () => {
  const run = await stage.start();
  expect(await stage.abandon(run)).toBe(true);
  await stage.pass(3 * HOUR);
  expect(await deadLetters()).toEqual([run.runId]);
  stage.gateway.upstream.runs.clear();
  await stage.redeliver(run.runId);
  moveClock(-2 * SECOND);
  await evict(await stage.gateway.gateOf());
  await stage.finish(run);
  await stage.pass(3 * HOUR);
  expect(await deadLetters()).toEqual([run.runId]);
});

it("an index that was restored from an older copy and has a new epoch gets what is true now", async () => {
  const resolved = await deadRun();
  const rows = (await env.OPERATORS_DB.prepare("SELECT * FROM dead_letters").all()).results;
  const dead = await deadRun();
  stage.receive(() => new Response(null, { status: 204 }));
  await stage.redeliver(resolved.runId);
  await stage.pass(HOUR);
  expect(await deadLetters()).toEqual([dead.runId]);
  await env.OPERATORS_DB.prepare("DELETE FROM dead_letters").run();
  for (const row of rows) {
    const columns = Object.keys(row);
    const places = columns.map(() => "?").join(", ");
    const insert = `INSERT INTO dead_letters (${columns.join(", ")}) VALUES (${places})`;
    await env.OPERATORS_DB.prepare(insert)
      .bind(...Object.values(row))
      .run();
  }
  expect(await deadLetters()).toEqual([resolved.runId]);
  await env.OPERATORS_DB.prepare("UPDATE epoch SET id = lower(hex(randomblob(16)))").run();
  expect(await (await stage.gateway.gateOf()).reindex()).toBe(true);
  await stage.pass(HOUR);
  expect(await deadLetters()).toEqual([dead.runId]);
});
