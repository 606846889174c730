// A run that makes the consumer fail: it is tried alone after two failures and abandoned after five, and its neighbours do
// not notice. A gate that does not answer has failed at nothing.
import { evictAllDurableObjects } from "cloudflare:test";
import { describe, expect } from "vitest";
import type { Taken, TakeRequest } from "../../src/gate/leases.ts";
import type { RunMessage } from "../../src/gate/run-message.ts";
import { failing, replacing } from "../support/bindings.ts";
import { DAY, HOUR, MINUTE, moveClock } from "../support/clock.ts";
import { dyingWhen } from "../support/dying.ts";
import { freshForEach } from "../support/fresh.ts";
import { expectKept } from "../support/kept.ts";
import { readDeadLetters } from "../support/operators-index.ts";
import { HOOK, it, type Stage, type Started } from "../support/stage.ts";

const RULES = { pollSchedule: [2, 4, 8, 300], retrySchedule: [5] };

freshForEach();

type Takes = { together: number; alone: number };

async function fiveNotified(stage: Stage): Promise<Started[]> {
  const runs = [];
  for (let run = 0; run < 5; run += 1) runs.push(await stage.start());
  for (const run of runs) await stage.push(run);
  return runs;
}

/** Terms that name no place: nothing that a receiver or an upstream does makes the consumer throw. */
function poisoned(env: Env, { runId }: Started, takes: Takes = { together: 0, alone: 0 }): Env {
  const placeless = replacing("USER_GATE.take", async ({ perform, args }) => {
    const taken = (await perform()) as Taken;
    if (taken.kind !== "leased" || taken.run.runId !== runId) return taken;
    const { isAlone } = args[0] as TakeRequest;
    takes[isAlone ? "alone" : "together"] += 1;
    return { ...taken, run: { ...taken.run, terms: { ...taken.run.terms, publicUrl: "" } } };
  });
  return { ...env, ...placeless(env) };
}

describe("a run that makes the consumer throw", () => {
  it("is processed five times, the last three alone, and is a dead letter then", async ({ stage }) => {
    const run = await stage.start();
    await stage.push(run);
    const takes = { together: 0, alone: 0 };
    await stage.pass(DAY, "alice", poisoned(stage.gateway.env, run, takes));
    expect(takes).toEqual({ together: 2, alone: 3 });
    expect((await stage.deliveries(run.runId)).body.data).toEqual({
      state: "dead",
      callback_url: HOOK,
      next_attempt_at: null,
      attempts: [],
    });
    await stage.pass(HOUR);
    expect([await stage.rows(), stage.received]).toEqual([0, []]);
    expect(await readDeadLetters()).toMatchObject([
      { run_id: run.runId, reason: "the run made the consumer fail", result: null },
    ]);
  });

  it("does not hold up its batch", async ({ stage }) => {
    const [bad, good] = [await stage.start(), await stage.start()];
    await stage.push(bad);
    await stage.push(good);
    const messages = stage.queue.take();
    const stranger: RunMessage = { ...(messages[0] ?? expect.fail()), gate: "0".repeat(64) };
    const env = poisoned(stage.gateway.env, bad);
    const { retryMessages } = await stage.consume([stranger, ...messages], { env });
    expect(retryMessages).toEqual([]);
    expect(stage.deliveredIds).toEqual([good.runId]);
  });
});

describe("a run that kills the isolate, again and again, so that no consumer reports", () => {
  it("is processed alone after two, abandoned after five; its neighbours are delivered", async ({
    stage,
  }) => {
    const [bad = expect.fail(), ...good] = await fiveNotified(stage);
    const deaths = { together: 0, alone: 0 };
    for (let rounds = 0; rounds < 120 && (await stage.state(bad)) !== "dead"; rounds += 1) {
      const messages = stage.queue.take();
      if (await killed(stage, messages, bad, false)) deaths.together += 1;
      for (const message of stage.queue.takeAlone())
        if (await killed(stage, [message], bad, true)) deaths.alone += 1;
      // Its memory goes with the isolate, at worst.
      if (rounds % 2 === 0) await evictAllDurableObjects();
      // The gate's alarms ring, and no consumer takes what they send.
      stage.queue.isPaused = true;
      await stage.pass(10 * MINUTE);
      stage.queue.isPaused = false;
    }
    expect(await stage.state(bad)).toBe("dead");
    expect(deaths.alone).toBeGreaterThanOrEqual(2);
    expect(deaths.together + deaths.alone).toBeLessThanOrEqual(8);
    await stage.pass(3 * HOUR);
    for (const run of good) expect(await stage.state(run)).toBe("delivered");
    expect(await readDeadLetters()).toMatchObject([
      { run_id: bad.runId, reason: "the run made the consumer fail", result: null },
    ]);
    expect((await stage.chargedIds()).toSorted()).toEqual(good.map(({ runId }) => runId).toSorted());
    // A dead Worker's own fetch is not a binding's: what it had begun ends here, and not on the next test's stage.
    await scheduler.wait(3_000);
  });

  it("is processed alone after a few deaths also when its gate dies each time", async ({ stage }) => {
    await stage.start();
    let deaths = 0;
    for (let isAlone = false; !isAlone && deaths < 10; ) {
      moveClock(Math.max(0, ((await stage.alarmAt()) ?? expect.fail("no alarm")) - Date.now()));
      await stage.ring();
      for (const { runKey } of stage.queue.take()) {
        const request = { runKey, notified: false, hintedRunId: null, isAlone: false, leaseMs: 35_000 };
        const { kind } = await (await stage.gateway.gateOf()).take(request, null, RULES);
        isAlone = kind === "alone";
        if (kind === "leased") deaths += 1;
      }
      await evictAllDurableObjects();
    }
    expect(deaths).toBeLessThan(5);
  });

  it("puts its neighbours into the dead-letter queue, where nothing is abandoned", async ({ stage }) => {
    const runs = await fiveNotified(stage);
    // Five tries of one batch that was never heard of again: the platform moves all of it.
    stage.queue.putIntoDeadLetters(stage.queue.take());
    await stage.drain();
    await expectKept(stage, ...runs);
  });
});

describe("a gate that does not answer", () => {
  it("never makes a dead letter: the run is delivered when it is back", async ({ stage }) => {
    await stage.push(await stage.start());
    const messages = stage.queue.take();
    const env = { ...stage.gateway.env, ...failing(/^USER_GATE\.take$/)(stage.gateway.env) };
    // All five tries that the queue gives a message before it goes round.
    for (let attempts = 1; attempts <= 4; attempts += 1)
      expect((await stage.consume(messages, { env, attempts })).retryMessages).toHaveLength(1);
    expect((await stage.consume(messages, { env, attempts: 5 })).retryMessages).toEqual([]);
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(1);
  });
});

/** The isolate dies when the bad run's result is read; without it, it lives. */
async function killed(
  stage: Stage,
  messages: RunMessage[],
  bad: Started,
  isAlone: boolean,
): Promise<boolean> {
  if (messages.length === 0) return false;
  const { env } = stage.gateway;
  let dies = false;
  const { bindings, died } = dyingWhen(({ name, args }) => {
    const isBad = name === "UPSTREAM.fetch" && args[0] instanceof Request && args[0].url.includes(bad.runId);
    dies ||= isBad;
    return isBad ? "before" : null;
  });
  const consumed = stage.consume(messages, { env: { ...env, ...bindings(env) }, isAlone });
  await Promise.race([died, consumed]);
  return dies;
}
