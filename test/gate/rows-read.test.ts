// What a gate reads when its user has many rows (unfinished runs, and claims of the last hour). It has no index, which
// every write would pay for, so some of its operations look at all of them; docs/scale.md does the sums.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runRulesOf } from "../../src/gate/run.ts";
import { GateStore } from "../../src/gate/store.ts";
import { settingsOf } from "../../src/settings.ts";
import { stopClock } from "../support/clock.ts";
import { crowd, rowsReadBy } from "../support/reads.ts";
import { Stage } from "../support/stage.ts";

const KEY = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const WINDOW = { limit: 200, windowMs: 300_000 };
const POINTER = { v: 1, gate: "", key: KEY, pushed: true, runId: null } as const;

beforeEach(() => stopClock());
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

/** A user with one run that can be asked for, and the rest of the rows beside it. */
async function crowded(rows: number): Promise<{ stage: Stage; runId: string }> {
  const stage = await Stage.set();
  const { runId } = await stage.start({ idempotency_id: KEY });
  await crowd(stage.gateway, rows - 1);
  expect(await stage.rows()).toBe(rows);
  return { stage, runId };
}

function startAgain(_gate: unknown, { storage }: DurableObjectState): void {
  new GateStore(storage).loadWindows();
}

describe("however many rows there are", () => {
  it.each([1, 100, 1_000, 10_000])("a start reads no other one, with %i", async (rows) => {
    const { stage } = await crowded(rows);
    const claim = { id: crypto.randomUUID(), fingerprint: "f", attempt: "a", leaseMs: 15_000, make: true };
    const plain = { window: WINDOW, claim: null, promise: null };
    expect(await rowsReadBy(stage.gateway, (gate) => gate.admit(plain))).toBe(0);
    expect(await rowsReadBy(stage.gateway, (gate) => gate.admit({ ...plain, claim }))).toBeLessThanOrEqual(2);
    expect(await rowsReadBy(stage.gateway, (gate) => gate.countRead(WINDOW))).toBe(0);
  });

  it.each([1, 100, 1_000, 10_000])("a consumer's take reads its own, with %i", async (rows) => {
    const { stage } = await crowded(rows);
    const rules = runRulesOf(settingsOf(stage.gateway.env));
    expect(await rowsReadBy(stage.gateway, (gate) => gate.take(POINTER, rules))).toBe(1);
  });
});

describe("all rows are read", () => {
  it.each([
    [1, 2],
    [100, 101],
    [1_000, 1_001],
    [10_000, 10_001],
  ])("by a report, to find who is due next: of %i, %i", async (rows, read) => {
    const { stage, runId } = await crowded(rows);
    const rules = runRulesOf(settingsOf(stage.gateway.env));
    const report = await rowsReadBy(stage.gateway, async (gate, _state, forget) => {
      const work = await gate.take(POINTER, rules);
      forget();
      const seen = { kind: "waiting", runId, random: 0, atMs: Date.now() } as const;
      await gate.report(KEY, { ...seen, revision: work?.run.revision ?? 0 }, rules);
    });
    expect(report).toBe(read);
  });

  it.each([1, 100, 1_000, 10_000])("by a look for a run that is not among them: of %i", async (rows) => {
    const { stage } = await crowded(rows);
    expect(await rowsReadBy(stage.gateway, (gate) => gate.findRun("nobody's"))).toBe(rows);
  });

  it.each([
    [1, 2],
    [100, 200],
    [1_000, 2_000],
    [10_000, 20_000],
  ])("by an object that starts, twice: of %i, %i", async (rows, read) => {
    const { stage } = await crowded(rows);
    expect(await rowsReadBy(stage.gateway, startAgain)).toBe(read);
  });

  it.each([
    [1, 2],
    [100, 200],
    [1_000, 2_000],
    [10_000, 20_000],
  ])("by an alarm, twice: of %i, %i", async (rows, read) => {
    const { stage } = await crowded(rows);
    expect(await rowsReadBy(stage.gateway, (gate) => gate.alarm())).toBe(read);
  });
});
