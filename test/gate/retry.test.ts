// A start whose answer was lost, tried again with its id much later: the second attempt is a start like the first.
import { describe, expect, it } from "vitest";
import { DAY, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { type Call, ID } from "../support/gateway.ts";
import { expectKept } from "../support/kept.ts";
import { Stage } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

freshForEach();

/** A start that did not reach the upstream, a while ago. */
async function unheard(agoMs: number): Promise<Stage> {
  const stage = await Stage.set();
  stage.gateway.upstream.behave(() => new Response("no", { status: 500 }));
  expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
  await stage.pass(agoMs);
  return stage;
}

async function expectDelivered(stage: Stage): Promise<void> {
  await stage.pass(10 * MINUTE);
  await expectKept(stage, { runId: stage.gateway.upstream.runUnder(ID) ?? "" });
}

describe("a start that is never answered", () => {
  it("keeps its row for fourteen days, and then leaves nothing", async () => {
    const stage = await unheard(14 * DAY - SECOND);
    expect(await stage.rows()).toBe(1);
    await stage.pass(2 * SECOND);
    expect(await stage.rows()).toBe(0);
    expect((await stage.records()).runs).toEqual([]);
  });

  it("gives its id free after 72 hours: another payload is a start like any other", async () => {
    const stage = await unheard(3 * DAY);
    expect(await readClaims(stage.gateway)).toEqual([]);
    stage.gateway.upstream.behaveHonestly();
    const { status, headers } = await stage.tryStart({ idempotency_id: ID, page: "2" });
    expect([status, headers.get("idempotency-payload-mismatch")]).toEqual([202, null]);
    await expectDelivered(stage);
  });
});

describe("a second attempt two seconds before the fourteen days are over", () => {
  it("that is answered after them has its run told and charged", async () => {
    const stage = await unheard(14 * DAY - 2 * SECOND);
    stage.gateway.upstream.behave(async ({ method }, honest) => {
      if (method === "POST") await stage.pass(3 * SECOND);
      return honest();
    });
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(202);
    await expectDelivered(stage);
  });

  it("whose answer is lost too waits for a completion as long as the first", async () => {
    const stage = await unheard(14 * DAY - 2 * SECOND);
    stage.gateway.upstream.loseAnswers();
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    await stage.pass(13 * DAY);
    stage.gateway.upstream.behaveHonestly();
    const runId = stage.gateway.upstream.runUnder(ID) ?? "";
    await stage.push({ ...stage.lastRef(), runId });
    await expectDelivered(stage);
  });
});

describe("a first attempt whose answer was lost, and a second that the upstream refuses", () => {
  const refused: Call = { circumstances: { errorFrom: "upstream" } };

  async function unheardThenRefused(status: number): Promise<Stage> {
    const stage = await Stage.set();
    const { upstream } = stage.gateway;
    upstream.loseAnswers();
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    upstream.behave(() => json(status, errorBody(status, "refused")));
    expect((await stage.tryStart({ idempotency_id: ID, page: "2" }, refused)).status).toBe(status);
    upstream.behaveHonestly();
    return stage;
  }

  it("the third is forwarded afresh, and told that its payload is not the first one's", async () => {
    const stage = await unheardThenRefused(429);
    const { status, headers, body } = await stage.tryStart({ idempotency_id: ID, page: "2" });
    const marks = [headers.get("idempotency-replayed"), headers.get("idempotency-payload-mismatch")];
    expect([status, ...marks]).toEqual([202, null, "true"]);
    expect(body.data.id).toBe(stage.gateway.upstream.runUnder(ID));
    await expectDelivered(stage);
  });
});
