// The runs of one id against every order of events: lost, late, repeated and crossed ones, consumers that die, an upstream
// that forgets, a clock that steps back. What may never be is checked at each step (run-rules.ts); then nothing fails any
// more, and what was promised must have been kept.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { toDeliveryState } from "../../src/runs/run.ts";
import type { Terms } from "../../src/runs/terms.ts";
import { T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { FULL_TERMS } from "../support/terms.ts";
import { event } from "./run-events.ts";
import { RunWorld } from "./run-world.ts";

const MINUTE = 60_000;
const STORIES = 400;

freshForEach();

const story = fc.record({
  endsAfterMs: fc.constantFrom(0, 0, MINUTE, 20 * MINUTE),
  result: fc.constantFrom("success", "success", "error"),
  isBillable: fc.boolean(),
  hasCallback: fc.boolean(),
  honoursIds: fc.constantFrom(true, true, true, false),
  events: fc.array(event, { maxLength: 60, size: "max" }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

function buildTerms({ isBillable, hasCallback }: Story): Terms {
  const billing = { ...FULL_TERMS.billing, is_billable: isBillable };
  return { ...FULL_TERMS, billing, callbackUrl: hasCallback ? FULL_TERMS.callbackUrl : null };
}

async function play(of: Story, storage: DurableObjectStorage): Promise<RunWorld> {
  await storage.deleteAll();
  const world = new RunWorld(storage, buildTerms(of), of, of.honoursIds, T0);
  for (const one of of.events) await world.happen(one);
  await world.allIsWell();
  return world;
}

function expectKept(of: Story, world: RunWorld): void {
  const isOwed = of.isBillable && of.result === "success";
  const charged = world.charges.map(({ runId }) => runId);
  // Once each, and only runs that there are.
  expect(charged).toEqual([...new Set(charged)]);
  expect(charged.filter((runId) => !world.startedRuns.includes(runId))).toEqual([]);
  if (!isOwed) expect(charged).toEqual([]);
  for (const runId of world.promised) {
    const kept = world.kept.find(({ run }) => run.status !== "forwarding" && run.runId === runId);
    if (kept?.run.status !== "ended") throw new Error(`a promised run is ${kept?.run.status}`);
    expect(kept.run.result).toBe(of.result);
    expect(charged.includes(runId)).toBe(isOwed);
    const state = toDeliveryState(kept.run, kept.terms);
    expect(state).toBeOneOf(of.hasCallback ? ["delivered", "dead", "aborted"] : ["none"]);
    if (state === "delivered") expect(world.acknowledged.get(runId)).toBeGreaterThan(0);
  }
}

test("whatever happens to a run, it only moves forward, its next step is planned, and what was promised is kept", async () => {
  const stub = env.USER_GATE.get(env.USER_GATE.idFromName("a world"));
  await runInDurableObject(stub, async (_gate: UserGate, { storage }) => {
    await fc.assert(
      fc.asyncProperty(story, async (of) => expectKept(of, await play(of, storage))),
      { numRuns: STORIES },
    );
    // Later tests read every gate there is.
    await storage.deleteAll();
  });
}, 120_000);
