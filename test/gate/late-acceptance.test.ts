// The upstream said yes, and the gate was away to be told: the message to the queue carries all of it, however late it comes.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunMessage } from "../../src/gate/run-message.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { failing } from "../support/bindings.ts";
import { DAY, HOUR, MINUTE, moveClock } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.set({}, failing(/^USER_GATE\.settle/));
});

/** A run with an id, a callback and a charge, of whose acceptance only the queue knows. */
async function startUnsettled(): Promise<{ runId: string; messages: RunMessage[] }> {
  const { runId } = await stage.start({ idempotency_id: ID });
  return { runId, messages: stage.queue.take() };
}

/** One that promises nothing else. */
async function startIdOnly(): Promise<{ text: string; messages: RunMessage[] }> {
  const { text } = await stage.gateway.start({ idempotency_id: ID });
  return { text, messages: stage.queue.take() };
}

/** The gate has lost all that it had written down. */
async function loseRows(): Promise<void> {
  await runInDurableObject(await stage.gateway.gateOf(), (_gate: UserGate, { storage }) => {
    storage.sql.exec("DELETE FROM open_runs");
  });
  await evict(await stage.gateway.gateOf());
}

async function expectKept(runId: string): Promise<void> {
  await stage.pass(10 * MINUTE);
  const { runs, charges } = await stage.records();
  expect(stage.received).toHaveLength(1);
  expect(runs).toMatchObject([{ run_id: runId, state: "delivered", result: "success" }]);
  expect(charges).toMatchObject([{ run_id: runId }]);
}

describe("the yes to a promised run", () => {
  it("is applied when its message is taken, and the run's id is replayed by the gate", async () => {
    const { runId, messages } = await startUnsettled();
    expect(await readClaims(stage.gateway)).toEqual([`${ID} open`]);
    await stage.consume(messages);
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`]);
    await expectKept(runId);
  });

  it.each([
    ["61 minutes", 61 * MINUTE],
    ["13 days", 13 * DAY],
  ])("is applied %s late", async (_, lateMs) => {
    const { runId, messages } = await startUnsettled();
    await stage.pass(lateMs);
    expect(stage.received).toEqual([]);
    await stage.consume(messages);
    await expectKept(runId);
  });

  it("is applied when the gate has no row any more", async () => {
    const { runId, messages } = await startUnsettled();
    await loseRows();
    await stage.consume(messages);
    await expectKept(runId);
  });

  it("is applied in the dead-letter queue", async () => {
    const { runId, messages } = await startUnsettled();
    await stage.pass(HOUR);
    for (const message of messages) await stage.consume([message], { isAlone: true });
    await expectKept(runId);
  });

  it("changes nothing when it comes again, and again after the run's end", async () => {
    const { runId, messages } = await startUnsettled();
    await stage.consume([...messages, ...messages]);
    await expectKept(runId);
    for (const late of times(3, () => messages)) await stage.consume(late);
    await expectKept(runId);
    expect(await stage.rows()).toBe(0);
  });

  it("stays in the queue while the gate does not answer", async () => {
    const { runId, messages } = await startUnsettled();
    const away = { ...stage.gateway.env, ...failing(/^USER_GATE/)(stage.gateway.env) };
    const { again } = await stage.consume(messages, { env: away });
    expect(again).toEqual(messages);
    const { again: none } = await stage.consume(messages, { env: away, attempts: 5 });
    expect(none).toEqual([]);
    // Sent anew, because the queue would give it up, a minute later.
    moveClock(MINUTE);
    const anew = stage.queue.take();
    expect(anew).toEqual(messages);
    await stage.consume(anew);
    await expectKept(runId);
  });
});

describe("the yes to a start that promises nothing but its id", () => {
  it("settles its claim, and the gate replays it without KV", async () => {
    const { text, messages } = await startIdOnly();
    await stage.consume(messages);
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`]);
    await stage.gateway.env.KV.delete(`answer:v1:${(await stage.gateway.gateOf()).id.toString()}:${ID}`);
    const again = await stage.gateway.start({ idempotency_id: ID });
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([text, "true"]);
    expect(stage.gateway.upstream.starts).toHaveLength(1);
    expect((await stage.records()).runs).toEqual([]);
  });

  it("does so when the gate has no claim any more", async () => {
    const { text, messages } = await startIdOnly();
    await stage.pass(13 * DAY);
    expect(await readClaims(stage.gateway)).toEqual([]);
    await stage.consume(messages);
    expect((await stage.gateway.start({ idempotency_id: ID })).text).toBe(text);
  });
});
