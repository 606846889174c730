// The claim of an id, and whose terms decide, when a completion finds the run before its start is answered.
import { describe, expect } from "vitest";
import { HOUR, MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { ID } from "../support/gateway.ts";
import { HOOK, it, type Stage, type Started } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

freshForEach();

async function unansweredStart(stage: Stage): Promise<Started> {
  const { upstream } = stage.gateway;
  upstream.loseAnswers();
  expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
  upstream.behaveHonestly();
  return { runId: upstream.runUnder(ID) ?? expect.fail(), ...stage.lastRef() };
}

async function refusedStart({ gateway }: Stage): Promise<void> {
  gateway.upstream.behave(() => json(402, {}));
  const { status } = await gateway.start({ idempotency_id: ID, callback_url: "https://other.example/hook" });
  expect(status).toBe(402);
  gateway.upstream.behaveHonestly();
}

describe("a retry that promises nothing, of a run that a completion has found meanwhile", () => {
  it("replays for 72 hours, and decides the terms", async ({ stage }) => {
    const run = await unansweredStart(stage);
    stage.waiting.add(run.runId);
    await stage.finish(run);
    // The same id again, without a callback and not billable.
    expect((await stage.gateway.start({ idempotency_id: ID })).status).toBe(202);
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`]);
    stage.waiting.clear();
    await stage.pass(10 * MINUTE);
    // KV holds a copy; a replay does not depend on it (architecture.md, Answers).
    await stage.gateway.env.KV.delete(`answer:v1:${(await stage.gateway.gateOf()).id.toString()}:${ID}`);
    const starts = stage.gateway.upstream.starts.length;
    const again = await stage.gateway.start({ idempotency_id: ID });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(stage.gateway.upstream.starts.length).toBe(starts);
    const { charges } = await stage.records();
    expect([stage.received.map(({ url }) => url), charges]).toEqual([[], []]);
  });
});

describe("a refused retry", () => {
  it("does not decide the terms of the run that an earlier attempt started", async ({ stage }) => {
    const run = await unansweredStart(stage);
    await refusedStart(stage);
    await stage.push(run);
    await stage.pass(73 * HOUR);
    expect(stage.received.map(({ url }) => url)).toEqual([HOOK]);
    expect(await stage.chargedIds()).toEqual([run.runId]);
  });

  it("after 72 hours leaves the row of an earlier, unanswered start", async ({ stage }) => {
    const run = await unansweredStart(stage);
    await stage.pass(73 * HOUR);
    await refusedStart(stage);
    expect((await stage.push(run)).status).toBe(202);
    await stage.pass(73 * HOUR);
    expect(stage.received).toHaveLength(1);
  });
});
