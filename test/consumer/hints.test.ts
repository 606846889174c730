// How the gateway learns of a run's end: by pushes, which may come often, early or never, and by its own timer.
import { describe, expect } from "vitest";
import { DAY, HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { expectKept } from "../support/kept.ts";
import { it, type Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { startUnheard } from "../support/unheard.ts";

const RULES = { pollSchedule: [1], retrySchedule: [1] };
const IN_A_BATCH = { isAlone: false, leaseMs: 35_000 };

freshForEach();

describe("an upstream that never pushes", () => {
  it("is polled after 2, 4, 8 … seconds, then every five minutes", async ({ stage }) => {
    const run = await stage.start();
    stage.waiting.add(run.runId);
    const polledAt: number[] = [];
    stage.gateway.upstream.behave((_request, honest) => {
      polledAt.push((Date.now() - T0) / SECOND);
      return honest();
    });
    await stage.pass(20 * MINUTE);
    expect(polledAt).toEqual([2, 6, 14, 30, 62, 126, 254, 554, 854, 1154]);
    expect(stage.received).toEqual([]);
    stage.waiting.clear();
    await stage.pass(5 * MINUTE);
    expect(stage.received.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([1454]);
    await expectKept(stage, run);
  });
});

describe("a hundred pushes cause one delivery", () => {
  it("that come at once, to a hundred consumers", async ({ stage }) => {
    const run = await stage.start();
    await Promise.all(times(100, () => stage.push(run)));
    await Promise.all(stage.queue.take().map((message) => stage.consume([message])));
    await stage.pass(HOUR);
    await expectKept(stage, run);
  });
});

describe("a push while a poll is under way", () => {
  it.for<[string, () => Response]>([
    ["finds the run still waiting", () => Response.json({ status: "waiting" }, { status: 202 })],
    ["fails with a 500", () => Response.json({}, { status: 500 })],
  ])("that %s is not lost", async ([_name, first], { stage }) => {
    const run = await stage.start();
    const polling = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    stage.gateway.upstream.behave(() => {
      polling.resolve();
      return answer.promise;
    });
    await stage.push(run);
    const consumed = stage.consume(stage.queue.take());
    await polling.promise;
    await stage.finish(run);
    stage.gateway.upstream.behaveHonestly();
    answer.resolve(first());
    await consumed;
    await stage.drain();
    expect(stage.received).toHaveLength(1);
    await stage.pass(HOUR);
    await expectKept(stage, run);
  });
});

describe("a completion that comes before the start was answered", () => {
  it("is delivered, once and charged once", async ({ stage }) => {
    stage.gateway.upstream.beforeAnswer((runId) => stage.finish({ ...stage.lastRef(), runId }));
    const run = await stage.start();
    await stage.pass(HOUR);
    await expectKept(stage, run);
  });

  it("and is being delivered then, is delivered and charged once", async ({ stage }) => {
    const delivering = Promise.withResolvers<void>();
    const acknowledge = Promise.withResolvers<Response>();
    stage.receive(() => {
      delivering.resolve();
      return acknowledge.promise;
    });
    let consumed: Promise<unknown> = Promise.resolve();
    stage.gateway.upstream.beforeAnswer(async (runId) => {
      await stage.push({ ...stage.lastRef(), runId });
      consumed = stage.consume(stage.queue.take());
      await delivering.promise;
    });
    const run = await stage.start();
    acknowledge.resolve(new Response(null, { status: 204 }));
    await consumed;
    await stage.pass(3 * HOUR);
    await expectKept(stage, run);
  });

  it.for<[string, (stage: Stage) => Promise<void>]>([
    ["", async () => undefined],
    [", and its gate forgot", async (stage) => evict(await stage.gateway.gateOf())],
  ])(
    "whose consumer died with the message%s, is delivered and charged",
    async ([_name, andThen], { stage }) => {
      const run = await startUnheard(stage);
      await stage.push(run);
      const [message = expect.fail("nothing was sent")] = stage.queue.take();
      const gate = await stage.gateway.gateOf();
      expect(await gate.take({ ...message, ...IN_A_BATCH }, null, RULES)).toMatchObject({ kind: "leased" });
      await andThen(stage);
      await stage.pass(2 * MINUTE);
      await expectKept(stage, run);
    },
  );

  it("is polled ever more seldom while the upstream does not show it, for 14 days", async ({ stage }) => {
    const started = await startUnheard(stage);
    stage.gateway.upstream.behave(() => Response.json({}, { status: 404 }));
    await stage.push(started);
    await stage.pass(14 * DAY - MINUTE);
    expect(await stage.rows()).toBe(1);
    expect(stage.reads).toBeGreaterThan(50);
    expect(stage.reads).toBeLessThan(200);
    await stage.pass(DAY);
    expect([await stage.rows(), stage.received]).toEqual([0, []]);
  });
});
