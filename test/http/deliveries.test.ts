// A caller's view of its own run's callback, and sending it again.
import { describe, expect } from "vitest";
import { failing, losingAnswer } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { ACTION, type Answer, buildStart, type Gateway, makeGateway } from "../support/gateway.ts";
import { deliveriesPath, HOOK, it, Stage, type Started } from "../support/stage.ts";
import { statuses, times } from "../support/times.ts";

freshForEach(0.5);

/** A run whose receiver refused every attempt, forgotten by the upstream since. */
async function deadLetter(stage: Stage): Promise<Started> {
  stage.receive(() => new Response(null, { status: 404 }));
  const run = await stage.finish(await stage.start());
  await stage.pass(200 * HOUR);
  stage.gateway.upstream.runs.clear();
  stage.received.length = 0;
  return run;
}

async function deliveredRun(stage: Stage): Promise<Started> {
  const run = await stage.finish(await stage.start());
  stage.received.length = 0;
  return run;
}

function redeliverAt(gateway: Gateway, { runId }: Started): Promise<Answer> {
  return gateway.call(`${deliveriesPath(runId)}/redeliver`, { method: "POST" });
}

describe("a dead letter", () => {
  it("that is sent again reaches a receiver that has recovered, though the upstream has forgotten the run", async ({
    stage,
  }) => {
    const run = await deadLetter(stage);
    stage.receive(() => new Response(null, { status: 200 }));
    const answer = await stage.redeliver(run.runId);
    expect([answer.status, answer.body.data.state]).toEqual([202, "retrying"]);
    await stage.pass(SECOND);
    expect(stage.received).toHaveLength(1);
    expect(JSON.parse(stage.received[0]?.body ?? "")).toMatchObject({ id: run.runId, status: "success" });
    const { data } = (await stage.deliveries(run.runId)).body;
    expect(data.state).toBe("delivered");
    expect(data.attempts).toHaveLength(11);
    expect(data.attempts[10]).toMatchObject({ number: 11, status: 200, error: null });
    expect(await stage.rows()).toBe(0);
  });

  it("that is sent again starts the schedule anew, and is charged no second time", async ({ stage }) => {
    const run = await deadLetter(stage);
    await stage.redeliver(run.runId);
    const sentAtMs = Date.now();
    await stage.pass(200 * HOUR);
    // Alarms ring on whole seconds.
    expect(stage.received.map(({ atMs }) => Math.round((atMs - sentAtMs) / 1000))).toEqual([
      0, 6, 306, 2_106, 9_306, 27_306, 63_306, 113_706, 185_706, 272_106,
    ]);
    const { data } = (await stage.deliveries(run.runId)).body;
    expect(data.state).toBe("dead");
    expect(data.attempts.at(-1)?.number).toBe(20);
    expect((await stage.records()).charges).toHaveLength(1);
  });
});

describe("a delivered run", () => {
  it("is sent again on its caller's word, with the same webhook-id", async ({ stage }) => {
    const run = await stage.finish(await stage.start({ idempotency_id: crypto.randomUUID() }));
    expect((await stage.redeliver(run.runId)).status).toBe(202);
    await stage.pass(SECOND);
    expect(stage.received).toHaveLength(2);
    expect(new Set(stage.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(stage.received[1]?.body).toBe(stage.received[0]?.body);
  });
});

describe("sending again while it is under way", () => {
  it.for<[string, (stage: Stage) => Promise<Started>]>([
    ["because the run has not ended", (stage) => stage.start()],
    [
      "because it is being retried",
      async (stage) => {
        stage.receive(() => new Response(null, { status: 500 }));
        return stage.finish(await stage.start());
      },
    ],
    [
      "because it was just asked for",
      async (stage) => {
        const run = await deliveredRun(stage);
        await stage.redeliver(run.runId);
        return run;
      },
    ],
  ])("is a conflict, %s", async ([, prepare], { stage }) => {
    const run = await prepare(stage);
    const answer = await stage.redeliver(run.runId);
    expect([answer.status, answer.body.errors[0].code]).toEqual([409, "conflict"]);
  });

  it("is none that it caused itself: its answer got lost, and it was asked for once more", async ({
    stage,
  }) => {
    const run = await deliveredRun(stage);
    const beside = await makeGateway({}, losingAnswer("USER_GATE.redeliver"), stage.gateway);
    const other = await stage.start();
    expect((await redeliverAt(beside, other)).status).toBe(409);
    expect((await redeliverAt(beside, run)).status).toBe(202);
    stage.waiting.add(other.runId);
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(1);
  });

  it("asked for ten times at once is done once", async ({ stage }) => {
    const run = await deliveredRun(stage);
    const answers = await Promise.all(times(10, () => stage.redeliver(run.runId)));
    expect(statuses(answers)).toEqual({ 202: 1, 409: 9 });
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(1);
  });
});

describe("what has no deliveries", () => {
  it("is a run without a callback, a run of another action, an unknown run, and no id at all", async ({
    stage,
  }) => {
    const { body } = await stage.gateway.start({}, { claims: { billing: '{"is_billable":true}' } });
    const withCallback = await deliveredRun(stage);
    const other = deliveriesPath(withCallback.runId).replace(ACTION, crypto.randomUUID());
    const oneOff = `/actions/v1/runs/${withCallback.runId}/deliveries`;
    expect((await stage.deliveries(body.data.id)).status).toBe(404);
    expect((await stage.gateway.call(other)).status).toBe(404);
    expect((await stage.gateway.call(oneOff)).status).toBe(404);
    expect((await stage.deliveries(crypto.randomUUID())).status).toBe(404);
    expect((await stage.deliveries("none")).status).toBe(400);
    expect((await stage.deliveries(withCallback.runId, { claims: null })).status).toBe(401);
  });

  it("is not a one-off run with a callback", async ({ stage }) => {
    const { body } = await stage.gateway.call("/actions/v1/runs", buildStart({ callback_url: HOOK }));
    const path = `/actions/v1/runs/${body.data.id}/deliveries`;
    expect((await stage.gateway.call(path)).body.data.state).toBe("waiting");
    expect((await stage.gateway.call(`${path}/redeliver`, { method: "POST" })).status).toBe(409);
  });
});

describe("when its sources are down", () => {
  it.for([/^USER_GATE\.findRun$/, /^USER_GATE\.redeliver$/])(
    "(%s) it is 503, to be asked again",
    async (down, { stage }) => {
      const run = await deliveredRun(stage);
      const beside = await makeGateway({}, failing(down), stage.gateway);
      const answer = await redeliverAt(beside, run);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
      const { status } = await beside.call(deliveriesPath(run.runId));
      expect(status).toBe(down.test("USER_GATE.findRun") ? 503 : 200);
    },
  );

  it.each([/^OPERATORS_DB\./, /^KV\./, /^RUNS\./])("(%s) nothing of it is noticed", async (down) => {
    const stage = await Stage.set({}, failing(down));
    const run = await stage.start();
    await stage.pass(MINUTE);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
    expect((await stage.redeliver(run.runId)).status).toBe(202);
    await stage.pass(SECOND);
    expect(stage.received).toHaveLength(2);
  });
});
