import { expect } from "vitest";
import { DAY, HOUR } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { ID } from "../support/gateway.ts";
import { readDeadLetters } from "../support/operators-index.ts";
import { it } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

freshForEach();

it("a run named for two starts is charged once, though a week lies between", async ({ stage }) => {
  const { upstream } = stage.gateway;
  upstream.loseAnswers();
  await stage.tryStart();
  const first = stage.lastRef();
  upstream.behave(async ({ method }, honest) => {
    if (method === "GET") return json(503, {});
    const answer = honest();
    await stage.finish({ runId: [...upstream.runs.values()].at(-1) ?? "", ...first });
    return answer;
  });
  const second = await stage.start();
  upstream.behaveHonestly();
  await stage.finish(second);
  expect(await stage.chargedIds()).toHaveLength(1);
  // Reads of it by the row of the first start come through a week later.
  upstream.answerReads(() => json(503, {}));
  await stage.pass(8 * DAY);
  upstream.behaveHonestly();
  await stage.pass(2 * DAY);
  expect(await stage.chargedIds()).toEqual([second.runId]);
});

it("a proven completion brings back the abandoned run that it names", async ({ stage }) => {
  const first = await stage.start({ idempotency_id: ID });
  expect(await stage.abandon(first)).toBe(true);
  stage.queue.take();
  await stage.pass(73 * HOUR);
  stage.gateway.upstream.forgetIds();
  const second = await stage.start({ idempotency_id: ID });
  expect(second.runId).not.toBe(first.runId);
  expect(await stage.abandon(second)).toBe(true);
  stage.queue.take();
  await stage.push(second);
  await stage.pass(HOUR);
  expect([await stage.state(first), await stage.state(second)]).toEqual(["dead", "delivered"]);
});

it("what a completion was answered 202 for is kept through 15 days without a read", async ({ stage }) => {
  const { upstream } = stage.gateway;
  // Starts and reads alike.
  upstream.loseAnswers();
  await stage.tryStart({ idempotency_id: ID });
  const runId = upstream.runUnder(ID) ?? expect.fail();
  expect((await stage.push({ runId, ...stage.lastRef() })).status).toBe(202);
  await stage.pass(15 * DAY);
  upstream.behaveHonestly();
  await stage.pass(DAY);
  const deadLetters = await readDeadLetters();
  expect(stage.received.length + deadLetters.length).toBe(1);
});
