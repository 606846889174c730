// Runs that make their consumer fail.
import { evictAllDurableObjects } from "cloudflare:test";
import { expect, it } from "vitest";
import type { Taken, TakeRequest } from "../../src/gate/leases.ts";
import { replacing } from "../support/bindings.ts";
import { HOUR, MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { Stage } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

type Tries = { together: number; alone: number; atMs: number[] };

function poisoned(env: Env, runId: string, tries: Tries): Env {
  const placeless = replacing("USER_GATE.take", async ({ perform, args }) => {
    const taken = (await perform()) as Taken;
    if (taken.kind !== "leased" || taken.run.runId !== runId) return taken;
    const { isAlone } = args[0] as TakeRequest;
    tries[isAlone ? "alone" : "together"] += 1;
    tries.atMs.push(Date.now());
    return { ...taken, run: { ...taken.run, terms: { ...taken.run.terms, publicUrl: "" } } };
  });
  return { ...env, ...placeless(env) };
}

it("a poison run whose start was never answered is alone after two failures", async () => {
  const stage = await Stage.set();
  stage.gateway.upstream.behave(({ method }, honest) => {
    const answer = honest();
    return method === "POST" ? json(500, {}) : answer;
  });
  await stage.tryStart({ idempotency_id: ID });
  const runId = stage.gateway.upstream.runUnder(ID) ?? expect.fail();
  await stage.push({ runId, ...stage.lastRef() });
  const tries = { together: 0, alone: 0, atMs: [] };
  await stage.pass(20 * MINUTE, "alice", poisoned(stage.gateway.env, runId, tries));
  expect([tries.together, tries.alone <= 5]).toEqual([2, true]);
});

it("a run is given up after hours of failures, however often its gate is evicted", async () => {
  const stage = await Stage.set();
  const run = await stage.start();
  const tries: Tries = { together: 0, alone: 0, atMs: [] };
  const env = poisoned(stage.gateway.env, run.runId, tries);
  const beginMs = Date.now();
  // Its caller reads it every five minutes; in between the object leaves the memory.
  const state = async () => (await stage.deliveries(run.runId)).body.data.state;
  for (let at = 0; at < 8 * 60 && (await state()) !== "dead"; at += 5) {
    await evictAllDurableObjects();
    await state();
    await stage.ring();
    await stage.pass(5 * MINUTE, "alice", env);
  }
  const lastedMs = (tries.atMs.at(-1) ?? 0) - beginMs;
  expect([tries.together + tries.alone, lastedMs > HOUR]).toEqual([5, true]);
});

it("the same without an eviction", async () => {
  const stage = await Stage.set();
  const run = await stage.start();
  const tries: Tries = { together: 0, alone: 0, atMs: [] };
  const env = poisoned(stage.gateway.env, run.runId, tries);
  const beginMs = Date.now();
  await stage.pass(24 * HOUR, "alice", env);
  const lastedMs = (tries.atMs.at(-1) ?? 0) - beginMs;
  expect([tries.together + tries.alone, lastedMs > HOUR]).toEqual([5, true]);
});
