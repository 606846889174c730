// A caller sends an id again when its gate has forgotten the answer and KV has not, while the run still owes a
// callback or a charge. The admission is taken back; what was promised before stays.
import { describe, expect, vi } from "vitest";
import { HOUR, MINUTE } from "../support/clock.ts";
import { forgetAnswers } from "../support/forget.ts";
import { freshForEach } from "../support/fresh.ts";
import { ID } from "../support/gateway.ts";
import { expectKept } from "../support/kept.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach();

describe("a replay from KV takes nothing away from a run", () => {
  it("that is still waiting", async ({ stage }) => {
    const run = await stage.start({ idempotency_id: ID });
    stage.waiting.add(run.runId);
    await stage.pass(2 * HOUR);
    await forgetAnswers(await stage.gateway.gateOf());
    const again = await stage.tryStart({ idempotency_id: ID });
    expect([again.body.data.id, again.headers.get("idempotency-replayed")]).toEqual([run.runId, "true"]);
    stage.waiting.delete(run.runId);
    await stage.pass(HOUR);
    await expectKept(stage, run);
  });

  it("whose receiver is still failing", async ({ stage }) => {
    stage.receive(() => new Response(null, { status: 500 }));
    const run = await stage.finish(await stage.start({ idempotency_id: ID }));
    await stage.pass(3 * HOUR);
    await forgetAnswers(await stage.gateway.gateOf());
    expect((await stage.tryStart({ idempotency_id: ID })).headers.get("idempotency-replayed")).toBe("true");
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(100 * HOUR);
    expect(await stage.state(run)).toBe("delivered");
    expect(await stage.rows()).toBe(0);
  });
});

describe("an id used again after 72 hours", () => {
  it("starts another run, while the first one's receiver is still tried; each is told and charged", async () => {
    // Every attempt as late as may be: 76 hours.
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    const stage = await Stage.set();
    stage.receive(() => new Response(null, { status: 500 }));
    const first = await stage.finish(await stage.start({ idempotency_id: ID }));
    await stage.pass(72 * HOUR - MINUTE);
    expect((await stage.tryStart({ idempotency_id: ID })).body.data.id).toBe(first.runId);
    await stage.pass(MINUTE);
    stage.gateway.upstream.runs.clear();
    const second = await stage.start({ idempotency_id: ID });
    expect(second.runId).not.toBe(first.runId);
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.push(second);
    await stage.pass(100 * HOUR);
    for (const run of [first, second]) expect(await stage.state(run)).toBe("delivered");
    expect(await stage.chargedIds()).toEqual([first.runId, second.runId]);
    expect(await stage.rows()).toBe(0);
  });

  it("is not taken for the first run, when the upstream reports that one's end to it", async () => {
    const stage = await Stage.set({ RUN_POLL_SCHEDULE: "36000" });
    const first = await stage.start({ idempotency_id: ID });
    stage.waiting.add(first.runId);
    await stage.pass(72 * HOUR);
    const { upstream } = stage.gateway;
    upstream.forgetIds();
    stage.waiting.clear();
    upstream.beforeAnswer(() => stage.finish({ ...stage.lastRef(), runId: first.runId }));
    const second = await stage.start({ idempotency_id: ID });
    await stage.pass(20 * HOUR);
    await expectKept(stage, first, second);
  });
});

describe("a replay from KV of a run that is over", () => {
  it("leaves nothing behind, and tells no receiver again", async ({ stage }) => {
    const run = await stage.finish(await stage.start({ idempotency_id: ID }));
    await stage.pass(2 * HOUR);
    expect(await stage.rows()).toBe(0);
    await forgetAnswers(await stage.gateway.gateOf());
    expect((await stage.tryStart({ idempotency_id: ID })).body.data.id).toBe(run.runId);
    expect(await stage.rows()).toBe(0);
    await stage.pass(10 * MINUTE);
    expect(stage.received).toHaveLength(1);
  });
});
