// The alarm with more to do than it does at once. The clock goes from one ring to the next as the gate has set them.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Due, pickDue } from "../../src/gate/due.ts";
import { HOUR, MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";
import { claimsOf } from "../support/gate.ts";
import { crowd } from "../support/reads.ts";
import { Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

beforeEach(() => stopClock());
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

const claim: Due = { key: "claim", reviewAtMs: T0, run: null };
const run: Due = {
  key: "run",
  reviewAtMs: null,
  run: {
    status: "accepted",
    revision: 0,
    dueAtMs: T0,
    runId: "r1",
    acceptedAtMs: T0,
    looks: 0,
    unknownLooks: 0,
  },
};
const nobody = () => false;

/** As many rows as its alarm finds due at the moment at which the only one there is is. */
async function crowdDue(stage: Stage, rows: number): Promise<void> {
  await crowd(stage.gateway, rows - 1);
  await runInDurableObject(await stage.gateway.gateOf(), (_gate, { storage }) => {
    storage.sql.exec("UPDATE runs SET due_at_ms = due_at_ms - 86400000 WHERE key LIKE 'crowd-%'");
  });
}

/** A stage on which nobody takes what is sent. */
async function withoutConsumers(): Promise<Stage> {
  const stage = await Stage.set();
  stage.queue.rule(() => "lost");
  return stage;
}

function pointersOf(stage: Stage): string[] {
  return stage.queue.offered.map(({ key }) => key);
}

describe("of what is due", () => {
  it("500 runs get a pointer and 100 rows are reviewed, and neither takes the other's place", () => {
    const due = [...times(700, () => claim), ...times(700, () => run)];
    const { toSend, toReview } = pickDue(due, nobody, T0);
    expect([toSend.keys.length, toSend.isCut]).toEqual([500, true]);
    expect([toReview.keys.length, toReview.isCut]).toEqual([100, true]);
    expect([new Set(toSend.keys), new Set(toReview.keys)]).toEqual([new Set(["run"]), new Set(["claim"])]);
  });

  it("a run that somebody has takes no place", () => {
    const due = [...times(700, () => run), ...times(500, () => ({ ...run, key: "free" }))];
    const { toSend } = pickDue(due, (key) => key === "run", T0);
    expect([new Set(toSend.keys), toSend.keys.length, toSend.isCut]).toEqual([new Set(["free"]), 500, false]);
  });

  it("nothing is left when it just fits", () => {
    const due = [...times(100, () => claim), ...times(500, () => run)];
    const { toSend, toReview } = pickDue(due, nobody, T0);
    expect([toSend.isCut, toReview.isCut]).toEqual([false, false]);
  });
});

describe("runs that are due at once", () => {
  it("all get a pointer within seconds, and one each", async () => {
    const stage = await withoutConsumers();
    await stage.start();
    await crowdDue(stage, 1_200);
    await stage.pass(5 * SECOND);
    expect([pointersOf(stage).length, new Set(pointersOf(stage)).size]).toEqual([1_200, 1_200]);
  });

  it("are not starved by claims that are due", async () => {
    const stage = await withoutConsumers();
    await stage.gateway.start({ idempotency_id: ID });
    await crowdDue(stage, 600);
    vi.setSystemTime(T0 + HOUR - SECOND);
    await stage.start();
    // Later than all of the claims.
    await stage.pass(2 * SECOND);
    expect(pointersOf(stage)).toHaveLength(1);
  });

  it("wait for a minute while the queue refuses", async () => {
    const stage = await Stage.set();
    stage.queue.rule(() => "refused");
    await stage.start();
    await crowdDue(stage, 1_200);
    await stage.pass(3 * SECOND);
    expect(await stage.alarmAt()).toBe(T0 + 62 * SECOND);
    stage.queue.rule(() => "lost");
    const refused = pointersOf(stage).length;
    await stage.pass(MINUTE);
    expect(new Set(pointersOf(stage).slice(refused)).size).toBe(1_200);
  });
});

describe("claims that are due at once", () => {
  it("are all gone soon after, however many", async () => {
    const stage = await Stage.set({ RATE_LIMIT_DEFAULT: "1000" });
    await Promise.all(times(250, () => stage.gateway.start({ idempotency_id: crypto.randomUUID() })));
    moveClock(30 * MINUTE);
    await stage.pass(30 * MINUTE + SECOND);
    expect(await claimsOf(stage.gateway)).toEqual([]);
    expect(await stage.alarmAt()).toBeNull();
  });

  it("wait for a minute while KV refuses", async () => {
    const stage = await Stage.set();
    await stage.gateway.start({ idempotency_id: ID });
    await crowdDue(stage, 250);
    const kv = vi.spyOn(env.KV, "get").mockRejectedValue(new Error("KV GET failed: 503"));
    await stage.pass(HOUR + SECOND);
    expect(kv).toHaveBeenCalledTimes(100);
    expect(await stage.alarmAt()).toBe(T0 + HOUR + MINUTE);
  });
});
