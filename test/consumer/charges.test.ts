// What is charged: a billable run that ends in success, one task, however often anything repeats.
import { describe, expect } from "vitest";
import { HOUR, MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { ID } from "../support/gateway.ts";
import type { Records } from "../support/records.ts";
import { it, type Stage } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

freshForEach();

async function readCharges(stage: Stage): Promise<Records["charges"]> {
  await stage.pass(3 * HOUR);
  expect(await stage.rows()).toBe(0);
  return (await stage.records()).charges;
}

function billing(members: object): { claims: Record<string, unknown> } {
  return { claims: { billing: JSON.stringify(members) } };
}

describe("no charge", () => {
  it("for a run that ends in error, which is delivered all the same", async ({ stage }) => {
    stage.gateway.upstream.answerReads((id) => json(200, { type: "run", id, status: "error", errors: [{}] }));
    await stage.push(await stage.start());
    expect(await readCharges(stage)).toEqual([]);
    expect(stage.received).toHaveLength(1);
    expect((await stage.records()).runs[0]?.result).toBe("error");
  });

  it("for a run that is not billable", async ({ stage }) => {
    await stage.push(await stage.start({}, billing({ is_billable: false })));
    expect(await readCharges(stage)).toEqual([]);
    expect(stage.received).toHaveLength(1);
  });

  it.for([400, 402, 403, 404])(
    "for a start that the upstream refused with %i, of which nothing stays",
    async (status, { stage }) => {
      stage.gateway.upstream.behave(() => json(status, {}));
      expect((await stage.tryStart()).status).toBe(status);
      expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(status);
      expect(await stage.rows()).toBe(0);
      await stage.pass(3 * HOUR);
      expect([stage.received, (await stage.records()).runs]).toEqual([[], []]);
    },
  );
});

describe("one charge", () => {
  it("with the whole billing context of the token that started the run", async ({ stage }) => {
    const exempt = { exemption_reason: "trial", exemption_details: "first month" };
    const context = {
      origin: "agents",
      usage_type: "tool_call",
      description: "a tool was called",
      ...exempt,
    };
    const run = await stage.start({}, billing({ is_billable: true, ...context }));
    expect(await readCharges(stage)).toEqual([
      {
        run_id: run.runId,
        stored_action_id: "11111111-2222-4333-8444-555555555555",
        // Two seconds after the start, when its end was read.
        charged_at_ms: 2_208_988_802_000,
        ...context,
      },
    ]);
  });

  it("for a run without a callback", async ({ stage }) => {
    const { status } = await stage.gateway.start({}, billing({ is_billable: true }));
    expect(status).toBe(202);
    expect(await readCharges(stage)).toHaveLength(1);
    expect(stage.received).toEqual([]);
  });

  it("for a run and all of its replays, early and late", async ({ stage }) => {
    const run = await stage.start({ idempotency_id: ID });
    expect((await stage.start({ idempotency_id: ID })).runId).toBe(run.runId);
    await stage.finish(run);
    expect((await stage.start({ idempotency_id: ID })).runId).toBe(run.runId);
    await stage.pass(70 * MINUTE);
    expect((await stage.start({ idempotency_id: ID })).runId).toBe(run.runId);
    await stage.push(run);
    expect(await readCharges(stage)).toHaveLength(1);
    expect(stage.received).toHaveLength(1);
  });
});
