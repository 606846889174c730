// The upstream said yes, and the gate was away to be told: the message to the queue carries all of it, however late it comes.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunMessage } from "../../src/gate/run-message.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { failing, replacing } from "../support/bindings.ts";
import { DAY, HOUR, MINUTE, moveClock } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { ID } from "../support/gateway.ts";
import { expectKept } from "../support/kept.ts";
import { Stage, type Started } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { json } from "../support/upstream.ts";

freshForEach();

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.set({}, failing(/^USER_GATE\.settle/));
});

/** A run with an id, a callback and a charge, of whose acceptance only the queue knows. */
async function startUnsettled(): Promise<{ run: Started; messages: RunMessage[] }> {
  const run = await stage.start({ idempotency_id: ID });
  return { run, messages: stage.queue.take() };
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

async function expectKeptSoon(run: Started): Promise<void> {
  await stage.pass(10 * MINUTE);
  await expectKept(stage, run);
}

describe("the yes to a promised run", () => {
  it("is applied when its message is taken, and the run's id is replayed by the gate", async () => {
    const { run, messages } = await startUnsettled();
    expect(await readClaims(stage.gateway)).toEqual([`${ID} open`]);
    await stage.consume(messages);
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`]);
    await expectKeptSoon(run);
  });

  it.each<[string, () => Promise<void>, boolean]>([
    ["61 minutes late", () => stage.pass(61 * MINUTE), false],
    ["13 days late", () => stage.pass(13 * DAY), false],
    ["when the gate has no row any more", loseRows, false],
    ["in the dead-letter queue", () => stage.pass(HOUR), true],
  ])("is applied %s", async (_, befall, isAlone) => {
    const { run, messages } = await startUnsettled();
    await befall();
    expect(stage.received).toEqual([]);
    await stage.consume(messages, { isAlone });
    await expectKeptSoon(run);
  });

  it("changes nothing when it comes again, and again after the run's end", async () => {
    const { run, messages } = await startUnsettled();
    await stage.consume([...messages, ...messages]);
    await expectKeptSoon(run);
    for (const late of times(3, () => messages)) await stage.consume(late);
    await expectKeptSoon(run);
  });

  it("stays in the queue while the gate does not answer", async () => {
    const { run, messages } = await startUnsettled();
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
    await expectKeptSoon(run);
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
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`]);
    const again = await stage.gateway.start({ idempotency_id: ID });
    const marks = ["replayed", "payload-mismatch"].map((name) => again.headers.get(`idempotency-${name}`));
    expect([again.text, ...marks]).toEqual([text, "true", null]);
  });
});

it("a yes that is too long for a message is replayed byte for byte, and not forwarded again", async () => {
  let isAway = true;
  const settle = replacing("USER_GATE.settle", ({ perform }) =>
    isAway ? Promise.reject(new Error("down")) : perform(),
  );
  stage = await Stage.set({}, settle);
  const pad = "x".repeat(33_000);
  stage.gateway.upstream.behave(({ method }, honest) => {
    const data = { type: "run", id: crypto.randomUUID() };
    return method === "POST" ? json(202, { data, meta: { pad } }) : honest();
  });
  const first = await stage.tryStart({ idempotency_id: ID });
  expect(first.status).toBe(202);
  isAway = false;
  await stage.pass(10 * MINUTE);
  const again = await stage.tryStart({ idempotency_id: ID });
  expect(again.text === first.text).toBe(true);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(stage.gateway.upstream.starts).toHaveLength(1);
});
