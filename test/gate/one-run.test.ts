// A run id is one run: however often and under whatever name its acceptance comes, it is promised, delivered and charged once.
import { beforeEach, describe, expect, it } from "vitest";
import { tapped } from "../support/bindings.ts";
import { MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { type Answer, buildStart, type Call, ID } from "../support/gateway.ts";
import { expectKept } from "../support/kept.ts";
import { HOOK, Stage } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

const OTHER = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c12";
const RUN = "7d6ff3a1-0c1e-4c55-8f43-5b7a5a4b7c11";
const CORRECTED = "https://client.example/corrected";

freshForEach();

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.set();
});

function startOneOff(): Promise<Answer> {
  return stage.gateway.call("/actions/v1/runs", buildStart({ idempotency_id: ID, callback_url: HOOK }));
}

async function expectDeliveredOnce(...runIds: string[]): Promise<void> {
  await stage.pass(10 * MINUTE);
  await expectKept(stage, ...runIds.map((runId) => ({ runId })));
}

describe("one run that is accepted twice is delivered and charged once", () => {
  beforeEach(() => {
    const { upstream } = stage.gateway;
    upstream.runs.set("all ids", RUN);
    upstream.behave(({ method }, honest) =>
      method === "POST" ? json(202, { data: { type: "run", id: RUN } }) : honest(),
    );
  });

  it("under two ids, while it is open", async () => {
    await stage.start({ idempotency_id: ID });
    await stage.start({ idempotency_id: OTHER });
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`, `${OTHER} settled`]);
    await expectDeliveredOnce(RUN);
  });

  it("under another id after it has ended", async () => {
    await stage.start({ idempotency_id: ID });
    await stage.pass(10 * SECOND);
    const again = await stage.tryStart({ idempotency_id: OTHER });
    expect([again.status, again.body.data.id]).toEqual([202, RUN]);
    await expectDeliveredOnce(RUN);
  });

  it("without an id", async () => {
    await stage.start();
    await stage.start();
    await expectDeliveredOnce(RUN);
  });
});

describe("an upstream that starts another run under the same id", () => {
  it("has both delivered and charged, each once: the earlier goes on under a key of its own", async () => {
    const { upstream } = stage.gateway;
    // The answer to the first start is never heard; a completion says which run it was.
    upstream.loseAnswers();
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    upstream.behaveHonestly();
    const runId = upstream.runUnder(ID) ?? expect.fail();
    stage.waiting.add(runId);
    await stage.finish({ ...stage.lastRef(), runId });
    upstream.forgetIds();
    const other = await stage.start({ idempotency_id: ID });
    expect(other.runId).not.toBe(runId);
    stage.waiting.clear();
    await expectDeliveredOnce(runId, other.runId);
  });
});

describe("the attempt that was accepted decides what is promised", () => {
  it("a retry that promises nothing is told nothing of its run, which is not charged", async () => {
    stage.gateway.upstream.loseAnswers();
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    stage.gateway.upstream.behaveHonestly();
    expect((await stage.gateway.start({ idempotency_id: ID })).status).toBe(202);
    await stage.pass(10 * MINUTE);
    const { runs, charges } = await stage.records();
    expect([stage.received, runs, charges, await stage.rows()]).toEqual([[], [], [], 0]);
  });

  it("a retry with a corrected callback_url is delivered there alone, though the first one's yes comes later", async () => {
    // The gate is away when the first is settled, so its yes is in a message.
    let settles = 0;
    stage = await Stage.set({}, (env) =>
      tapped(env, async ({ name, perform }) => {
        if (name === "USER_GATE.settle" && settles++ === 0) throw new Error("down");
        return perform();
      }),
    );
    await stage.start({ idempotency_id: ID });
    const late = stage.queue.take();
    await stage.gateway.env.KV.delete(`answer:v1:${(await stage.gateway.gateOf()).id.toString()}:${ID}`);
    await stage.pass(20 * SECOND);
    const { runId } = await stage.start({ idempotency_id: ID, callback_url: CORRECTED });
    await stage.consume(late);
    await stage.pass(10 * MINUTE);
    expect(stage.received.map(({ url }) => url)).toEqual([CORRECTED]);
    expect(await stage.chargedIds()).toEqual([runId]);
  });
});

describe("the same id for another action", () => {
  it("while its answer is unknown, is 409, counted, and started nowhere", async () => {
    stage.gateway.upstream.behave(() => new Response("no", { status: 500 }));
    await stage.tryStart({ idempotency_id: ID });
    const { status, headers, body } = await startOneOff();
    expect([status, body.errors[0].source]).toEqual([409, { pointer: "/data/idempotency_id" }]);
    expect(headers.get("x-ratelimit-remaining")).toBe("198");
    expect(stage.gateway.upstream.starts).toHaveLength(1);
  });

  it("once the first was refused, is a start like any other", async () => {
    const refused: Call = { circumstances: { errorFrom: "upstream" } };
    stage.gateway.upstream.behave(() => json(402, errorBody(402, "no_tasks_left")));
    expect((await stage.tryStart({ idempotency_id: ID }, refused)).status).toBe(402);
    stage.gateway.upstream.behaveHonestly();
    expect((await startOneOff()).status).toBe(202);
  });
});
