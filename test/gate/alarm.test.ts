// The alarm with more to do than it does at once. The clock goes from one ring to the next as the gate has set them.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, vi } from "vitest";
import { Answers } from "../../src/gate/store/answers.ts";
import { HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { crowd } from "../support/reads.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach();

/** A stage on which so many runs are due with the only one that was started. */
async function crowdedStage(runs: number): Promise<Stage> {
  const stage = await Stage.set();
  await stage.start();
  await crowd(stage.gateway, { open: runs - 1 });
  await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => {
    storage.sql.exec("UPDATE open_runs SET accepted_at_ms = ?", T0);
  });
  await evict(await stage.gateway.gateOf());
  return stage;
}

function sentTo(stage: Stage): string[] {
  return stage.queue.offered.map(({ runKey }) => runKey);
}

describe("runs that are due at once", () => {
  it("all get a message within seconds, and one each", async () => {
    const stage = await crowdedStage(1_200);
    stage.queue.rule(() => "lost");
    await stage.pass(5 * SECOND);
    expect([sentTo(stage).length, new Set(sentTo(stage)).size]).toEqual([1_200, 1_200]);
  });

  it("wait for a minute while the queue refuses, and then all get one", async () => {
    const stage = await crowdedStage(700);
    stage.queue.rule(() => "refused");
    await stage.pass(10 * SECOND);
    const refused = sentTo(stage).length;
    expect(await stage.alarmAt()).toBeGreaterThanOrEqual(T0 + MINUTE);
    stage.queue.rule(() => "lost");
    await stage.pass(MINUTE);
    expect(new Set(sentTo(stage).slice(refused)).size).toBe(700);
  });
});

it("what is owed has its alarm when the gate is killed while it tends its storage", async ({ stage }) => {
  const { runId } = await stage.start();
  stage.waiting.add(runId);
  vi.setSystemTime((await stage.alarmAt()) ?? 0);
  const dropExpired = vi.spyOn(Answers.prototype, "dropExpired");
  await runInDurableObject(await stage.gateway.gateOf(), (_gate, state) => {
    dropExpired.mockImplementation(() => state.abort("killed"));
  });
  await expect(stage.ring()).rejects.toThrow("killed");
  dropExpired.mockRestore();
  expect(await stage.alarmAt()).toBe(Date.now() + MINUTE);
});

async function readOverdueGates(): Promise<unknown[]> {
  return (await env.OPERATORS_DB.prepare("SELECT runs, since_ms FROM overdue_gates").all()).results;
}

describe("operators are told of overdue runs", () => {
  it("all of them, also those that the last alarm sent no message for", async () => {
    const stage = await crowdedStage(1_200);
    stage.queue.rule(() => "lost");
    await stage.pass(30 * MINUTE);
    expect(await readOverdueGates()).toMatchObject([{ runs: 1_200 }]);
  });

  it("with the time since which the first has waited, until the last has moved on", async ({ stage }) => {
    stage.queue.rule(() => "lost");
    for (let starts = 0; starts < 6; starts += 1) {
      await stage.start();
      await stage.pass(20 * SECOND);
    }
    const first = await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) =>
      storage.sql.exec("SELECT MIN(due_at_ms) AS since_ms FROM open_runs").one(),
    );
    await stage.pass(30 * MINUTE);
    expect(await readOverdueGates()).toEqual([{ runs: 6, ...first }]);
    stage.queue.rule(() => "kept");
    await stage.pass(HOUR);
    expect(await readOverdueGates()).toEqual([]);
  });
});

describe("a run whose messages lead to nothing", () => {
  it("gets others, with pauses that grow with how long it is overdue, up to an hour", async ({ stage }) => {
    stage.queue.rule(() => "lost");
    await stage.start();
    const sentAtMs: number[] = [];
    for (let rings = 0; rings < 60; rings += 1) {
      const before = sentTo(stage).length;
      vi.setSystemTime((await stage.alarmAt()) ?? Date.now());
      await stage.ring();
      if (sentTo(stage).length > before) sentAtMs.push(Date.now());
    }
    const pauses = sentAtMs.slice(1).map((atMs, at) => (atMs - (sentAtMs[at] ?? 0)) / MINUTE);
    expect(pauses.slice(0, 4).map(Math.round)).toEqual([1, 1, 1, 1]);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.round(pauses.at(-1) ?? 0)).toBe(60);
  });
});
