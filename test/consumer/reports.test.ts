// What consumers report, in whatever order and however often, and a gate whose alarm fails.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect } from "vitest";
import { failing, replacing } from "../support/bindings.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach();

describe("reports", () => {
  it("that come twice, late and in another order leave one attempt and one charge", async () => {
    const reported: (() => Promise<unknown>)[] = [];
    const noting = replacing("USER_GATE.report", ({ perform }) => {
      reported.push(perform);
      return perform();
    });
    const stage = await Stage.set({}, noting);
    stage.receive(() => new Response(null, { status: stage.received.length < 3 ? 500 : 204 }));
    const run = await stage.finish(await stage.start());
    await stage.pass(HOUR);
    expect(reported).toHaveLength(3);
    for (const again of reported.toReversed()) expect(await again()).toBe(null);
    await stage.pass(3 * DAY);
    const { attempts } = await stage.records();
    expect(attempts.map(({ number, status }) => [number, status])).toEqual([
      [1, 500],
      [2, 500],
      [3, 204],
    ]);
    expect(await stage.chargedIds()).toEqual([run.runId]);
    expect(stage.received).toHaveLength(3);
  });

  it("that are never heard have the run delivered again, and charged once", async ({ stage }) => {
    const run = await stage.start();
    await stage.push(run);
    const { env } = stage.gateway;
    await stage.consume(stage.queue.take(), { env: { ...env, ...failing(/^USER_GATE\.report$/)(env) } });
    expect(await stage.chargedIds()).toEqual([]);
    await stage.pass(HOUR);
    expect(stage.deliveredIds).toEqual([run.runId, run.runId]);
    expect(new Set(stage.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(await stage.chargedIds()).toEqual([run.runId]);
  });
});

describe("an alarm that throws", () => {
  it("is set again a minute ahead, and everything goes out then", async ({ stage }) => {
    const first = await stage.start();
    await stage.pass(10 * SECOND);
    const second = await stage.start();
    await rename(stage, "outbox", "outbox_away");
    await stage.pass(10 * SECOND);
    expect(stage.deliveredIds).toEqual([first.runId]);
    const aheadMs = ((await stage.alarmAt()) ?? 0) - Date.now();
    expect(aheadMs).toBeGreaterThan(45 * SECOND);
    expect(aheadMs).toBeLessThanOrEqual(61 * SECOND);
    await rename(stage, "outbox_away", "outbox");
    await stage.pass(3 * MINUTE);
    expect(stage.deliveredIds).toEqual([first.runId, second.runId]);
    expect(await stage.chargedIds()).toEqual([first.runId, second.runId]);
  });
});

/** A query that uses the table's old name throws. */
async function rename(stage: Stage, from: string, to: string): Promise<void> {
  await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => {
    storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
  });
}
