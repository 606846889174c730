// What is down while a run moves on, and that nothing is lost or done twice for it.
import { describe, expect } from "vitest";
import { failing } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach(0.5);

describe("a queue", () => {
  it.for([0, 1])(
    "that loses every second message (from %i) changes nothing but timing",
    async (parity, { stage }) => {
      stage.queue.rule((at) => (at % 2 === parity ? "lost" : "kept"));
      stage.receive(() => new Response(null, { status: stage.received.length < 4 ? 404 : 204 }));
      await stage.finish(await stage.start());
      await stage.pass(100 * HOUR);
      expect(await stage.counts()).toEqual([4, 1, 4, 1, 0]);
    },
  );

  it("that is down for a day has everything go out once it is back", async ({ stage }) => {
    stage.queue.rule(() => "refused");
    const run = await stage.start();
    expect((await stage.push(run)).status).toBe(503);
    for (let more = 0; more < 4; more += 1) await stage.start();
    await stage.pass(24 * HOUR);
    expect(stage.received).toEqual([]);
    stage.queue.rule(() => "kept");
    // So long the pause between two messages of a run that is overdue may be.
    await stage.pass(HOUR + MINUTE);
    expect(await stage.counts()).toEqual([5, 5, 5, 5, 0]);
  });
});

describe("KV that is down", () => {
  it("makes later attempts read the upstream again", async () => {
    const stage = await Stage.set({}, failing(/^KV\./));
    stage.receive(() => new Response(null, { status: stage.received.length < 3 ? 404 : 204 }));
    await stage.finish(await stage.start());
    await stage.pass(HOUR);
    expect(stage.received.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([0, 5, 305]);
    expect(new Set(stage.received.map(({ body }) => body)).size).toBe(1);
    expect(await stage.counts()).toEqual([3, 1, 3, 1, 0]);
  });
});

describe("an upstream that encodes its answers as nothing here decodes them", () => {
  it("gives no result, until it stops", async () => {
    const stage = await Stage.set();
    await stage.start();
    stage.gateway.upstream.behave((_request, honest) => {
      const { body } = honest();
      return new Response(body, { headers: { "content-encoding": "deflate" } });
    });
    await stage.pass(HOUR);
    expect(await stage.counts()).toEqual([0, 1, 0, 0, 1]);
    stage.gateway.upstream.behave((_request, honest) => honest());
    await stage.pass(10 * MINUTE);
    expect(await stage.counts()).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("an upstream that is down", () => {
  it("for an hour burns no attempt, and the run is delivered when it is back", async ({ stage }) => {
    await stage.start();
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.pass(HOUR);
    expect(stage.received).toEqual([]);
    stage.gateway.upstream.behaveHonestly();
    await stage.pass(10 * MINUTE);
    expect(await stage.counts()).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("a gate that cannot settle after the upstream's yes", () => {
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

  it("while the queue is down too: 503, because nothing can be promised", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    stage.queue.rule(() => "refused");
    const answer = await stage.tryStart();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
  });
});
