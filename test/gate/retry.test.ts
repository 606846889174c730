// A start whose answer nobody heard, tried again with its id much later: the second try is a start like the first.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { emptyRow, type Row, reviewRow, withClaim } from "../../src/gate/row.ts";
import { beginRun } from "../../src/gate/run.ts";
import { tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import type { Call } from "../support/gateway.ts";
import { Stage } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

/** A start that reached nobody, a while ago. */
async function unheard(agoMs: number): Promise<Stage> {
  const stage = await Stage.set();
  stage.gateway.upstream.behave(() => new Response("no", { status: 500 }));
  expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
  await stage.pass(agoMs);
  return stage;
}

async function expectTold(stage: Stage): Promise<void> {
  await stage.pass(10 * MINUTE);
  const { charges } = await stage.books();
  expect([stage.received.length, charges.length]).toEqual([1, 1]);
}

describe("a second try at 59:58", () => {
  it("that is answered after the first one's hour has its run told and charged", async () => {
    const stage = await unheard(HOUR - 2 * SECOND);
    stage.gateway.upstream.behave(async ({ method }, honest) => {
      if (method === "POST") await stage.pass(3 * SECOND);
      return honest();
    });
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(202);
    await expectTold(stage);
  });

  it("that nobody hears the answer of either waits for a completion as long as the first", async () => {
    const stage = await unheard(HOUR - 2 * SECOND);
    stage.gateway.upstream.behave((_request, honest) => {
      honest();
      return new Response("no", { status: 500 });
    });
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    await stage.pass(59 * MINUTE);
    stage.gateway.upstream.behave((_request, honest) => honest());
    const runId = stage.gateway.upstream.runUnder(ID) ?? "";
    await stage.push({ ...stage.lastRef(), runId });
    await expectTold(stage);
  });
});

describe("a first try that nobody heard the answer of, and a second that the upstream refuses", () => {
  const refused: Call = { circumstances: { errorFrom: "upstream" } };

  async function unheardThenRefused(status: number): Promise<Stage> {
    const stage = await Stage.set();
    const { upstream } = stage.gateway;
    upstream.behave((_request, honest) => {
      honest();
      return new Response("no", { status: 500 });
    });
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(500);
    upstream.behave(() => json(status, errorBody(status, "refused")));
    expect((await stage.tryStart({ idempotency_id: ID, page: "2" }, refused)).status).toBe(status);
    upstream.behave((_request, honest) => honest());
    return stage;
  }

  it.each([402, 403, 429])(
    "with %i: the first one's run is told and charged when it is pushed",
    async (status) => {
      const stage = await unheardThenRefused(status);
      await stage.pass(MINUTE);
      await stage.push({ ...stage.lastRef(), runId: stage.gateway.upstream.runUnder(ID) ?? "" });
      await expectTold(stage);
    },
  );

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
  let told = 0;
  const stage: Stage = await Stage.set({}, (of) =>
    tapped(of, async ({ name, perform }) => {
      if (name === "USER_GATE.settle" && told++ === 0)
        await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => {
          storage.sql.exec("DELETE FROM runs");
        });
      return perform();
    }),
  );
  return stage;
}

describe("a yes to an id that the gate has let go of meanwhile", () => {
  it("is 503 where something is promised, and a retry finds the same run", async () => {
    const stage = await setForgetful();
    const first = await stage.tryStart({ idempotency_id: ID });
    expect([first.status, first.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await stage.tryStart({ idempotency_id: ID })).status).toBe(202);
    expect(stage.gateway.upstream.runs.size).toBe(1);
    await expectTold(stage);
  });

  it("is 202 where nothing is, and KV remembers it", async () => {
    const { gateway } = await setForgetful();
    const first = await gateway.start({ idempotency_id: ID });
    const again = await gateway.start({ idempotency_id: ID });
    expect([first.status, again.text]).toEqual([202, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});

describe("a run that was given up", () => {
  const run = beginRun({ pollSchedule: [2], retrySchedule: [5] }, T0);
  const lease = { claimedAtMs: T0, attempt: "a2", leaseExpiresAtMs: T0 + HOUR + 10 * SECOND };
  const open = { status: "open", fingerprint: "f1", ...lease } as const;
  const row: Row = { ...withClaim(emptyRow(ID), open), reviewAtMs: T0 + 2 * HOUR, run };

  it("stays while a try holds its id", () => {
    expect(reviewRow(row, T0 + HOUR)).toEqual({
      kind: "keep",
      row: { ...row, run: { ...run, dueAtMs: T0 + HOUR + 10 * SECOND, giveUpAtMs: T0 + HOUR + 10 * SECOND } },
    });
  });

  it("stays for a pointer's round when its gate was away at the time", () => {
    const unclaimed = { ...emptyRow(ID), run };
    const [backMs, heardByMs] = [T0 + 2 * HOUR, T0 + 2 * HOUR + 3 * MINUTE];
    const waiting = { ...run, dueAtMs: heardByMs, giveUpAtMs: heardByMs };
    expect(reviewRow(unclaimed, backMs)).toEqual({ kind: "keep", row: { ...unclaimed, run: waiting } });
    expect(reviewRow({ ...unclaimed, run: waiting }, heardByMs)).toEqual({
      kind: "keep",
      row: { ...unclaimed, run: null },
    });
  });

  it("goes when the lease has ended", () => {
    const review = reviewRow(row, T0 + HOUR + 10 * SECOND);
    expect(review).toEqual({ kind: "keep", row: { ...row, run: null } });
  });
});
