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
import { MINUTE, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { FULL_TERMS } from "../support/terms.ts";
import { event } from "./run-events.ts";
import { RunWorld } from "./run-world.ts";

const STORIES = 400;

freshForEach();

const OTHER_URL = "https://other.example/hook";
/** What the starts of the id ask for: the first one with a callback, another one, only a charge, or neither. */
const ASKS: readonly (Terms | null)[] = [
  asking(FULL_TERMS.callbackUrl, true),
  asking(FULL_TERMS.callbackUrl, false),
  asking(OTHER_URL, true),
  asking(OTHER_URL, false),
  asking(null, true),
  null,
];

const story = fc.record({
  endsAfterMs: fc.constantFrom(0, 0, MINUTE, 20 * MINUTE),
  result: fc.constantFrom("success", "success", "error"),
  /** Mostly every start asks for the same. */
  asks: fc.oneof(
    fc.constantFrom(...ASKS.slice(0, -1)).map((one) => [one]),
    fc.constant(ASKS),
  ),
  honoursIds: fc.constantFrom(true, true, true, false),
  events: fc.array(event, { maxLength: 60, size: "max" }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

/** A consumer reports on a run whose key is another run's by then: it was told nothing of that one. */
const LATE_REPORT: Story = {
  endsAfterMs: 0,
  result: "success",
  asks: ASKS.slice(0, 1),
  honoursIds: true,
  events: [
    { kind: "start", asks: 0, upstream: "starts", yes: "in a message" },
    { kind: "message", which: 0, again: false },
    { kind: "time", byMs: 4 * 1_440 * MINUTE },
    { kind: "abandon" },
    { kind: "start", asks: 0, upstream: "starts", yes: "heard" },
    { kind: "consume", hand: 0, upstream: "honest", receiver: "acknowledged", fate: "reports" },
    { kind: "report", which: 0 },
  ],
};

function asking(callbackUrl: string | null, isBillable: boolean): Terms {
  return { ...FULL_TERMS, callbackUrl, billing: { ...FULL_TERMS.billing, is_billable: isBillable } };
}

async function play(played: Story, storage: DurableObjectStorage): Promise<RunWorld> {
  await storage.deleteAll();
  const world = new RunWorld(storage, played.asks, played, played.honoursIds, T0);
  for (const one of played.events) await world.happen(one);
  await world.allIsWell();
  return world;
}

function expectKept(played: Story, world: RunWorld): void {
  const charged = world.charges.map(({ runId }) => runId);
  // Once each, and only runs that there are.
  expect(charged).toEqual([...new Set(charged)]);
  expect(charged.filter((runId) => !world.startedRuns.includes(runId))).toEqual([]);
  if (played.result !== "success") expect(charged).toEqual([]);
  for (const [runId, promised] of world.promised) {
    const kept = world.kept.find(({ run }) => run.status !== "forwarding" && run.runId === runId);
    const receivers = [...(world.acknowledged.get(runId) ?? [])];
    // One of the accepted starts decides, and alone.
    expect(promised).toContainEqual(kept?.terms ?? null);
    if (kept === undefined) {
      expect([receivers, charged.includes(runId)]).toEqual([[], false]);
      continue;
    }
    const { run, terms } = kept;
    if (run.status !== "ended") throw new Error(`a promised run is ${run.status}`);
    expect(run.result).toBe(played.result);
    expect(charged.includes(runId)).toBe(terms.billing.is_billable && played.result === "success");
    const state = toDeliveryState(run, terms);
    expect(state).toBeOneOf(terms.callbackUrl === null ? ["none"] : ["delivered", "dead", "aborted"]);
    expect([terms.callbackUrl]).toEqual(expect.arrayContaining(receivers));
    if (state === "delivered") expect(receivers).toEqual([terms.callbackUrl]);
  }
}

test("whatever happens to a run, it only moves forward, its next step is planned, and what was promised is kept", async () => {
  const stub = env.USER_GATE.get(env.USER_GATE.idFromName("a world"));
  await runInDurableObject(stub, async (_gate: UserGate, { storage }) => {
    await fc.assert(
      fc.asyncProperty(story, async (played) => expectKept(played, await play(played, storage))),
      { numRuns: STORIES, examples: [[LATE_REPORT]] },
    );
    // Later tests read every gate there is.
    await storage.deleteAll();
  });
});
