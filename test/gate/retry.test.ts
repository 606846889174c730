// A start whose answer nobody heard, tried again with its id much later: the second try is a start like the first.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyRow, type Row, reviewRow, withClaim } from "../../src/gate/row.ts";
import { beginRun } from "../../src/gate/run.ts";
import { HOUR, MINUTE, SECOND, stopClock, T0 } from "../support/clock.ts";
import { freshLedger } from "../support/ledger.ts";
import { Stage } from "../support/stage.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

beforeEach(async () => {
  await freshLedger();
  stopClock();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

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
    const runId = stage.gateway.upstream.runs.get(ID) ?? "";
    await stage.push({ ...stage.lastRef(), runId });
    await expectTold(stage);
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

  it("goes when the lease has ended", () => {
    const review = reviewRow(row, T0 + HOUR + 10 * SECOND);
    expect(review).toEqual({ kind: "keep", row: { ...row, run: null } });
  });
});
