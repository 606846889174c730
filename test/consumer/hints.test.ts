// How the gateway learns of a run's end: by pushes, which may come often, early or never, and by its own timer.
import { describe, expect } from "vitest";
import { DAY, HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, type Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { startUnheard } from "../support/unheard.ts";

const RULES = { pollSchedule: [1], retrySchedule: [1] };
const IN_A_BATCH = { isAlone: false, leaseMs: 35_000 };

freshForEach();

async function expectOneOfEach(stage: Stage): Promise<void> {
  expect(stage.received).toHaveLength(1);
  const { attempts, charges } = await stage.records();
  expect([attempts.length, charges.length, await stage.rows()]).toEqual([1, 1, 0]);
}

describe("an upstream that never pushes", () => {
  it("is polled after 2, 4, 8 … seconds, then every five minutes", async ({ stage }) => {
    const run = await stage.start();
    stage.waiting.add(run.runId);
    const polledAt: number[] = [];
    const { upstream } = stage.gateway;
    upstream.behave(({ method, path }, honest) => {
      if (method === "GET") polledAt.push((Date.now() - T0) / SECOND);
      const waits = stage.waiting.has(path.split("/").at(-1) ?? "");
      return waits ? Response.json({ status: "waiting" }, { status: 202 }) : honest();
    });
    await stage.pass(20 * MINUTE);
    expect(polledAt).toEqual([2, 6, 14, 30, 62, 126, 254, 554, 854, 1154]);
    expect(stage.received).toEqual([]);
    stage.waiting.clear();
    await stage.pass(5 * MINUTE);
    expect(stage.received.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([1454]);
    await expectOneOfEach(stage);
  });
});

describe("a hundred pushes cause one delivery", () => {
  it("that come at once, to a hundred consumers", async ({ stage }) => {
    const run = await stage.start();
    await Promise.all(times(100, () => stage.push(run)));
    await Promise.all(stage.queue.take().map((message) => stage.consume([message])));
    await stage.pass(HOUR);
    await expectOneOfEach(stage);
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
    stage.gateway.upstream.behave((_request, honest) => honest());
    answer.resolve(first());
    await consumed;
    await stage.drain();
    expect(stage.received).toHaveLength(1);
    await stage.pass(HOUR);
    await expectOneOfEach(stage);
  });
});

describe("a completion that comes before the start was answered", () => {
  it("is delivered, once and charged once", async ({ stage }) => {
    const { upstream } = stage.gateway;
    upstream.behave(async (request, honest) => {
      const answer = honest();
      if (request.method !== "POST") return answer;
      const [runId = ""] = upstream.runs.values();
      await stage.finish({ ...stage.lastRef(), runId });
      return answer;
    });
    await stage.start();
    await stage.pass(HOUR);
    await expectOneOfEach(stage);
  });

  it("and is being delivered then, is delivered and charged once", async ({ stage }) => {
    const { upstream } = stage.gateway;
    const delivering = Promise.withResolvers<void>();
    const acknowledge = Promise.withResolvers<Response>();
    stage.receive(() => {
      delivering.resolve();
      return acknowledge.promise;
    });
    let consumed: Promise<unknown> = Promise.resolve();
    upstream.behave(async (request, honest) => {
      const answer = honest();
      if (request.method !== "POST") return answer;
      const [runId = ""] = upstream.runs.values();
      await stage.push({ ...stage.lastRef(), runId });
      consumed = stage.consume(stage.queue.take());
      await delivering.promise;
      return answer;
    });
    await stage.start();
    acknowledge.resolve(new Response(null, { status: 204 }));
    await consumed;
    await stage.pass(3 * HOUR);
    await expectOneOfEach(stage);
  });

  it.for<[string, (stage: Stage) => Promise<void>]>([
    ["", async () => undefined],
    [", and its gate forgot", async (stage) => evict(await stage.gateway.gateOf())],
  ])(
    "whose consumer died with the message%s, is delivered and charged",
    async ([_name, andThen], { stage }) => {
      await stage.push(await startUnheard(stage));
      const [message = expect.fail("nothing was sent")] = stage.queue.take();
      const gate = await stage.gateway.gateOf();
      expect(await gate.take({ ...message, ...IN_A_BATCH }, null, RULES)).toMatchObject({ kind: "leased" });
      await andThen(stage);
      await stage.pass(2 * MINUTE);
      await expectOneOfEach(stage);
    },
  );

  it("is polled ever more seldom while the upstream does not show it, for 14 days", async ({ stage }) => {
    const started = await startUnheard(stage);
    stage.gateway.upstream.behave(() => Response.json({}, { status: 404 }));
    await stage.push(started);
    await stage.pass(14 * DAY - MINUTE);
    expect(await stage.rows()).toBe(1);
    const asked = stage.gateway.upstream.asked.filter(({ method }) => method === "GET");
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.length).toBeLessThan(200);
    await stage.pass(DAY);
    expect([await stage.rows(), stage.received]).toEqual([0, []]);
  });

  it("is delivered and charged when the upstream shows it after 13 days", async ({ stage }) => {
    const started = await startUnheard(stage);
    stage.gateway.upstream.behave(() => Response.json({}, { status: 404 }));
    await stage.push(started);
    await stage.pass(13 * DAY);
    stage.gateway.upstream.behave((_request, honest) => honest());
    await stage.pass(2 * DAY);
    await expectOneOfEach(stage);
  });
});
