// Each await of the consumer is a place to die. Wherever it is killed, the run is delivered at least once and charged
// exactly once, and nothing of it stays in the gate. The places come out of counting a healthy move's calls, the
// receiver among them, so a new one is covered by itself.
import { evictAllDurableObjects } from "cloudflare:test";
import { describe, expect } from "vitest";
import { counting } from "../support/bindings.ts";
import { HOUR, stopClock } from "../support/clock.ts";
import { dyingAt } from "../support/dying.ts";
import { freshForEach } from "../support/fresh.ts";
import { freshIndex } from "../support/operators-index.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach(0.5);

type Scene = "a receiver that acknowledges" | "a receiver that fails once";

async function prepare(scene: Scene): Promise<Stage> {
  const stage = await Stage.set();
  const refuses = scene === "a receiver that fails once";
  stage.receive(() => new Response(null, { status: refuses && stage.received.length === 1 ? 503 : 204 }));
  // A host of its own: what failed before makes the consumer ask its breaker.
  await stage.push(await stage.start({ callback_url: `https://${crypto.randomUUID()}.example/hook` }));
  return stage;
}

async function findCalls(scene: Scene): Promise<string[]> {
  const stage = await prepare(scene);
  const calls: string[] = [];
  const { env } = stage.gateway;
  await stage.consume(stage.queue.take(), { env: { ...env, ...counting(calls)(env) } });
  return calls;
}

/** Runs a consumer that is killed at one of its calls, and leaves it lying there. */
async function consumeAndDie(stage: Stage, at: number, when: "before" | "after"): Promise<void> {
  const { bindings, died } = dyingAt({ at, when });
  const { env } = stage.gateway;
  const consumed = stage.consume(stage.queue.take(), { env: { ...env, ...bindings(env) } });
  await Promise.race([died, consumed]);
}

async function readFate(stage: Stage): Promise<string> {
  const { runs, attempts, charges } = await stage.records();
  const acknowledged = attempts.filter(({ status }) => status === 204).length;
  return `${runs[0]?.state}, ${acknowledged} acknowledged, ${charges.length} charged, ${await stage.rows()} kept`;
}

describe.each<Scene>(["a receiver that acknowledges", "a receiver that fails once"])("%s", (scene) => {
  it("gets its callback wherever the consumer is killed, and the run is charged once", async () => {
    const calls = await findCalls(scene);
    expect(calls).toEqual(expect.arrayContaining(["USER_GATE.take", "UPSTREAM.fetch", "USER_GATE.report"]));
    for (const [at, name] of calls.entries()) {
      for (const when of ["before", "after"] as const) {
        await freshIndex();
        stopClock();
        const stage = await prepare(scene);
        await consumeAndDie(stage, at, when);
        await evictAllDurableObjects();
        await stage.pass(3 * HOUR);
        expect([when, name, await readFate(stage)]).toEqual([
          when,
          name,
          "delivered, 1 acknowledged, 1 charged, 0 kept",
        ]);
        expect(stage.received.length).toBeGreaterThanOrEqual(1);
      }
    }
  });
});
