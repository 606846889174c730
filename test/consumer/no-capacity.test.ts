// Want of memory and of connections: it costs no attempt, and abandons nothing.
import { describe, expect, vi } from "vitest";
import { isolateBudget } from "../../src/platform/memory-budget.ts";
import { MINUTE, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { fillMemory } from "../support/full-memory.ts";
import { it, type Started } from "../support/stage.ts";

freshForEach(0.5);

const MIB = 1024 * 1024;

describe("an isolate that holds too many bodies already", () => {
  it("has a result wait for hours, which costs no attempt and abandons nothing", async ({ stage }) => {
    const run = await stage.start();
    await stage.push(run);
    // Two hours.
    for (let polls = 0; polls < 60; polls += 1) {
      const release = fillMemory();
      await stage.pass(0);
      release();
      vi.setSystemTime(Date.now() + 2 * MINUTE);
    }
    expect(stage.received).toEqual([]);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
    await stage.pass(10 * MINUTE);
    expect(await stage.counts()).toEqual([1, 1, 1, 1, 0]);
    expect((await stage.records()).attempts[0]?.number).toBe(1);
  });

  it("has a body that KV keeps wait, too", async ({ stage }) => {
    stage.receive(() => new Response(null, { status: stage.received.length === 1 ? 404 : 204 }));
    await stage.finish(await stage.start());
    expect(stage.received).toHaveLength(1);
    const release = fillMemory();
    await stage.pass(MINUTE);
    expect(stage.received).toHaveLength(1);
    release();
    await stage.pass(MINUTE);
    const { attempts } = await stage.records();
    expect(attempts.map(({ status }) => status)).toEqual([404, 204]);
  });
});

describe("a result of 17 MiB", () => {
  it("is delivered whole and charged while other requests hold 14 MiB", async ({ stage }) => {
    const text = `{"type":"run","results":["${"x".repeat(17 * MIB)}"],"status":"success"}`;
    stage.gateway.upstream.answerReads(() => new Response(text));
    const run = await stage.start();
    const other = isolateBudget.enter("another", Date.now());
    other.take(14 * MIB);
    await stage.push(run);
    await stage.pass(MINUTE);
    other.leave();
    expect(stage.received).toHaveLength(1);
    expect(stage.received[0]?.body === text).toBe(true);
    expect(await stage.counts()).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("a batch of many", () => {
  it("is at five receivers at a time, which costs no run an attempt", async ({ stage }) => {
    let [atOnce, most] = [0, 0];
    stage.receive(async () => {
      most = Math.max(most, (atOnce += 1));
      await scheduler.wait(5);
      atOnce -= 1;
      return new Response(null, { status: 204 });
    });
    for (let run = 0; run < 30; run += 1) await stage.push(await stage.start());
    await stage.consume(stage.queue.take());
    expect(most).toBe(5);
    expect(await stage.counts()).toEqual([30, 30, 30, 30, 0]);
  });
});

describe("runs that are alone, at receivers that hang", () => {
  it("are four of a user at a time; the gate sends a fifth again, and another user's goes on", async ({
    stage,
  }) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    stage.receive(async () => {
      if (stage.received.length <= 4) await released;
      return new Response(null, { status: 204 });
    });
    for (let run = 0; run < 5; run += 1) await stage.push(await stage.start());
    const [fifth, ...four] = stage.queue.take();
    const held = four.map((message) => stage.consume([message], { isAlone: true }));
    await vi.waitFor(() => expect(stage.received).toHaveLength(4));
    for (let times = 0; times < 3; times += 1) {
      expect((await stage.consume(fifth ? [fifth] : [], { isAlone: true })).again).toEqual([]);
      vi.setSystemTime(Date.now() + 5 * SECOND);
      await stage.ring();
      expect(stage.queue.takeAlone()).toEqual([{ ...fifth, notified: false, hintedRunId: null }]);
    }
    await stage.push(await stage.start({}, { claims: { sub: "bob" } }));
    expect((await stage.consume(stage.queue.take(), { isAlone: true })).again).toEqual([]);
    expect(stage.received).toHaveLength(5);
    release();
    await Promise.all(held);
    await stage.consume(fifth ? [fifth] : [], { isAlone: true });
    expect(stage.received).toHaveLength(6);
  });

  it("are all delivered, though the gate that refused one is evicted", async ({ stage }) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    stage.receive(async () => {
      if (stage.received.length <= 4) await released;
      return new Response(null, { status: 204 });
    });
    const runs: Started[] = [];
    for (let run = 0; run < 5; run += 1) runs.push(await stage.start());
    for (const run of runs) await stage.push(run);
    const held = stage.queue.take().map((message) => stage.consume([message], { isAlone: true }));
    await vi.waitFor(() => expect(stage.received).toHaveLength(4));
    await evict(await stage.gateway.gateOf());
    release();
    await Promise.all(held);
    await stage.pass(MINUTE);
    expect(new Set(stage.deliveredIds)).toEqual(new Set(runs.map(({ runId }) => runId)));
    expect(await stage.rows()).toBe(0);
  });
});
