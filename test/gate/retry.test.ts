// A start whose answer was lost, tried again with its id much later: the second attempt is a start like the first.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { tapped } from "../support/bindings.ts";
import { DAY, MINUTE, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
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

async function expectTold(stage: Stage): Promise<void> {
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
    await expectTold(stage);
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
    await expectTold(stage);
  });

  it("whose answer is lost too waits for a completion as long as the first", async () => {
    const stage = await unheard(14 * DAY - 2 * SECOND);
    stage.gateway.upstream.loseAnswers();
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    await stage.pass(13 * DAY);
    stage.gateway.upstream.behaveHonestly();
    const runId = stage.gateway.upstream.runUnder(ID) ?? "";
    await stage.push({ ...stage.lastRef(), runId });
    await expectTold(stage);
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
    await expectTold(stage);
  });
});

/** A stage whose gate has forgotten everything when it is told how the first start ended. */
async function setForgetful(): Promise<Stage> {
  let settles = 0;
  const stage: Stage = await Stage.set({}, (env) =>
    tapped(env, async ({ name, perform }) => {
      if (name === "USER_GATE.settle" && settles++ === 0) await forgetAll(stage);
      return perform();
    }),
  );
  return stage;
}

async function forgetAll(stage: Stage): Promise<void> {
  const gate = await stage.gateway.gateOf();
  await runInDurableObject(gate, (_gate, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE 'answers_%' OR name = 'open_runs')",
    );
    for (const { name } of tables.toArray()) storage.sql.exec(`DELETE FROM ${name}`);
  });
  await evict(gate);
}

describe("a yes to an id that the gate has let go of meanwhile", () => {
  it("is complete: the run is told and charged, and the id is replayed", async () => {
    const stage = await setForgetful();
    const first = await stage.tryStart({ idempotency_id: ID });
    expect(first.status).toBe(202);
    const again = await stage.tryStart({ idempotency_id: ID });
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
    expect(stage.gateway.upstream.starts).toHaveLength(1);
    await expectTold(stage);
  });

  it("is kept where nothing else is promised, too", async () => {
    const { gateway } = await setForgetful();
    const first = await gateway.start({ idempotency_id: ID });
    const again = await gateway.start({ idempotency_id: ID });
    expect([first.status, again.text]).toEqual([202, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});
