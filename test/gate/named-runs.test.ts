import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { deadLetters } from "../support/operators-index.ts";
import { it } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

it("a run named for two starts is charged once, though a week lies between", async ({ stage }) => {
  let lose = true;
  let reads = true;
  let push: (() => Promise<void>) | null = null;
  stage.gateway.upstream.behave(async ({ method }, honest) => {
    if (method === "GET") return reads ? honest() : json(503, {});
    const answer = honest();
    await push?.();
    return lose ? json(500, {}) : answer;
  });
  await stage.tryStart({});
  const first = stage.lastRef();
  lose = false;
  reads = false;
  push = async () => {
    push = null;
    await stage.finish({ runId: [...stage.gateway.upstream.runs.values()].at(-1) ?? "", ...first });
  };
  const second = await stage.start({});
  reads = true;
  await stage.finish(second);
  expect((await stage.records()).charges).toHaveLength(1);
  // Reads of it by the row of the first start come through a week later.
  reads = false;
  await stage.pass(8 * DAY);
  reads = true;
  await stage.pass(2 * DAY);
  expect((await stage.records()).charges.map(({ run_id }) => run_id)).toEqual([second.runId]);
});

it("a proven completion brings back the abandoned run that it names", async ({ stage }) => {
  const abandon = async () =>
    runInDurableObject(await stage.gateway.gateOf(), (gate: UserGate) => gate.abandon(ID));
  const first = await stage.start({ idempotency_id: ID });
  expect(await abandon()).toBe(true);
  stage.queue.take();
  await stage.pass(73 * HOUR);
  // The upstream has forgotten the id, but not the run.
  const behind = [...stage.gateway.upstream.runs.entries()];
  stage.gateway.upstream.runs.clear();
  for (const [key, runId] of behind) stage.gateway.upstream.runs.set(`${key}-old`, runId);
  const second = await stage.start({ idempotency_id: ID });
  expect(second.runId).not.toBe(first.runId);
  expect(await abandon()).toBe(true);
  stage.queue.take();
  await stage.push(second);
  await stage.pass(HOUR);
  expect([await stage.state(first), await stage.state(second)]).toEqual(["dead", "delivered"]);
});

it("what a completion was answered 202 for is kept through 15 days without a read", async ({ stage }) => {
  let reads = false;
  stage.gateway.upstream.behave(({ method }, honest) => {
    if (method === "GET") return reads ? honest() : json(503, {});
    honest();
    return json(500, {});
  });
  await stage.tryStart({ idempotency_id: ID });
  const runId = stage.gateway.upstream.runUnder(ID) ?? expect.fail();
  expect((await stage.push({ runId, ...stage.lastRef() })).status).toBe(202);
  await stage.pass(15 * DAY);
  reads = true;
  await stage.pass(DAY);
  const letters = await deadLetters();
  expect(stage.received.length + letters.length).toBe(1);
});
