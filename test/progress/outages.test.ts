// What is down while a run moves on, and that nothing is lost or done twice for it.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failing, tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND, stopClock, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshIndex } from "../support/operators-index.ts";
import { Stage } from "../support/stage.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

beforeEach(async () => {
  await freshIndex();
  stopClock();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

async function countsOf(stage: Stage): Promise<number[]> {
  const { runs, attempts, charges } = await stage.records();
  return [stage.received.length, runs.length, attempts.length, charges.length, await stage.rows()];
}

describe("a queue", () => {
  it.each([0, 1])("that loses every second message (from %i) changes nothing but timing", async (lost) => {
    const stage = await Stage.set();
    stage.queue.rule((at) => (at % 2 === lost ? "lost" : "kept"));
    stage.receive(() => new Response(null, { status: stage.received.length < 4 ? 404 : 204 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(100 * HOUR);
    expect(await countsOf(stage)).toEqual([4, 1, 4, 1, 0]);
  });

  it("that is down for a day has everything go out once it is back", async () => {
    const stage = await Stage.set();
    stage.queue.rule(() => "refused");
    const run = await stage.start();
    expect((await stage.push(run)).status).toBe(503);
    for (let more = 0; more < 4; more += 1) await stage.start();
    await stage.pass(24 * HOUR);
    expect(stage.received).toEqual([]);
    stage.queue.rule(() => "kept");
    // So long the pause between two messages of a run that is overdue may be.
    await stage.pass(HOUR + MINUTE);
    expect(await countsOf(stage)).toEqual([5, 5, 5, 5, 0]);
  });

  it("that repeats and reorders messages causes one delivery", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const [message] = stage.queue.take();
    if (message === undefined) throw new Error("nothing was sent");
    await stage.consume([message, message, message]);
    await stage.consume([message]);
    await stage.pass(HOUR);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("KV that fails at every second call", () => {
  it.each([0, 1])("(from %i) changes nothing: each run is delivered and charged once", async (half) => {
    let calls = 0;
    const stage = await Stage.set({}, (of) =>
      tapped(of, ({ name, perform }) =>
        name.startsWith("KV.") && (calls += 1) % 2 === half ? Promise.reject(new Error("down")) : perform(),
      ),
    );
    stage.receive(() => new Response(null, { status: stage.received.length < 4 ? 404 : 204 }));
    const first = await stage.start({ idempotency_id: ID });
    await stage.push(first);
    await stage.pass(5 * HOUR);
    expect((await stage.start({ idempotency_id: ID })).runId).toBe(first.runId);
    await stage.pass(5 * HOUR);
    expect(await countsOf(stage)).toEqual([4, 1, 4, 1, 0]);
    expect(calls).toBeGreaterThan(3);
  });
});

describe("KV that is down", () => {
  it("makes later attempts read the upstream again", async () => {
    const stage = await Stage.set({}, failing(/^KV\./));
    stage.receive(() => new Response(null, { status: stage.received.length < 3 ? 404 : 204 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(HOUR);
    expect(stage.received.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([0, 5, 305]);
    expect(new Set(stage.received.map(({ body }) => body)).size).toBe(1);
    expect(await countsOf(stage)).toEqual([3, 1, 3, 1, 0]);
  });
});

describe("an upstream that is down", () => {
  it("for an hour burns no attempt, and the run is delivered when it is back", async () => {
    const stage = await Stage.set();
    await stage.start();
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.pass(HOUR);
    expect(stage.received).toEqual([]);
    stage.gateway.upstream.behave((_request, honest) => honest());
    await stage.pass(10 * MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("a gate that cannot settle after the upstream's yes", () => {
  it("has the run accepted by a message, and delivered", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start();
    expect(stage.queue.offered).toMatchObject([
      { notified: true, acceptance: { outcome: { kind: "accepted", runId: run.runId } } },
    ]);
    await stage.pass(HOUR);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("has it accepted by that, and not given up while the upstream cannot be read for hours", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start();
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.pass(SECOND);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
    await stage.pass(3 * HOUR);
    stage.gateway.upstream.behave((_request, honest) => honest());
    await stage.pass(10 * MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("and that has forgotten all else has it inserted by that", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start({ idempotency_id: ID });
    await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => storage.deleteAll());
    await evict(await stage.gateway.gateOf());
    await stage.pass(HOUR);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
    const again = await stage.tryStart({ idempotency_id: ID });
    expect([again.body.data.id, again.headers.get("idempotency-replayed")]).toEqual([run.runId, "true"]);
  });

  it("is not told of a yes by a completion, whatever it says", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const { completion, runId } = await stage.start();
    stage.queue.take();
    const acceptance = { runKey: "x", attempt: "x", outcome: { kind: "accepted", runId } };
    const body = JSON.stringify({ type: "run", id: runId, status: "success", accepted: true, acceptance });
    await stage.gateway.call(completion, { method: "POST", claims: null, body });
    expect(stage.queue.offered.at(-1)).toMatchObject({ acceptance: null, hintedRunId: null });
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.drain();
    expect((await stage.deliveries(runId)).status).toBe(404);
  });

  it("while delivery of the queue is paused for 61 minutes has the callback and the charge arrive after it", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    stage.queue.isPaused = true;
    const run = await stage.start();
    await stage.pass(61 * MINUTE);
    expect(await countsOf(stage)).toEqual([0, 0, 0, 0, 1]);
    stage.queue.isPaused = false;
    await stage.pass(MINUTE);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("for a run with an id but no callback and no charge: its caller gets the same answer for 72 hours", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    stage.queue.isPaused = true;
    const first = await stage.gateway.start({ idempotency_id: ID });
    await stage.pass(61 * MINUTE);
    stage.queue.isPaused = false;
    await stage.pass(MINUTE);
    const again = await stage.gateway.start({ idempotency_id: ID });
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
    expect(stage.gateway.upstream.starts).toHaveLength(1);
  });

  it("whose message ends in the dead-letter queue has it accepted from there", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start();
    stage.queue.putIntoDeadLetters(stage.queue.take());
    await stage.pass(MINUTE);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("while the queue is down too: 503, because nothing can be promised", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    stage.queue.rule(() => "refused");
    const answer = await stage.tryStart();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
  });
});
