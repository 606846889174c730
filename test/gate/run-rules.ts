// What may never become of a run, whatever happens to it.
import { expect } from "vitest";
import { type KnownRun, type Run, toDeliveryState } from "../../src/runs/run.ts";
import type { Terms } from "../../src/runs/terms.ts";
import type { OpenedStore } from "../support/gate-store.ts";

const DAY_MS = 86_400_000;
const SLACK_MS = 5 * 60_000;
/** A run that failed five times is left alone for six hours; a lease comes on top, and a clock may step back by seconds. */
const LONGEST_PAUSE_MS = 6 * 3_600_000 + SLACK_MS;
/** A start whose answer was lost is kept for fourteen days. */
const LONGEST_WAIT_MS = 14 * DAY_MS + SLACK_MS;

export type Kept = { runKey: string; run: Run; terms: Terms; actAtMs: number | null };

/** Everything that a gate keeps of runs, the open ones first. */
export function everyRun({ runs, store }: Pick<OpenedStore, "runs" | "store">): Kept[] {
  const open = runs.index.earliest(1_000).map((indexed) => {
    const { runKey, run, terms } = runs.read(indexed);
    return { runKey, run, terms, actAtMs: indexed.actAtMs };
  });
  const ended = store.endedRuns.page(null, 1_000).map(({ runKey, run, terms }) => {
    return { runKey, run, terms, actAtMs: null };
  });
  return [...open, ...ended];
}

/** Throws unless what is kept may have become what is kept now. */
export function expectMoves(
  before: readonly Kept[],
  after: readonly Kept[],
  why: string,
  nowMs: number,
): void {
  const ids = after.flatMap(({ run }) => (run.status === "forwarding" ? [] : [run.runId]));
  expect(ids).toEqual([...new Set(ids)]);
  for (const kept of after) expectWatched(kept, nowMs);
  for (const { run, terms } of before) {
    if (run.status === "forwarding") continue;
    const next = after
      .map((kept) => kept.run)
      .find((one) => one.status !== "forwarding" && one.runId === run.runId);
    // What was accepted stays until retention takes it.
    if (next === undefined || next.status === "forwarding")
      throw new Error(`${why} lost the run ${run.runId}`);
    expectForward(run, next, terms, why);
  }
}

/** Of an open run the alarm knows when to act, and soon. */
function expectWatched({ run, actAtMs }: Kept, nowMs: number): void {
  if (actAtMs === null) return;
  // Whole milliseconds: what SQLite takes for an INTEGER, and the alarm for a moment.
  expect(actAtMs).toBe(Math.trunc(actAtMs));
  expect(actAtMs - nowMs).toBeLessThanOrEqual(
    run.status === "forwarding" ? LONGEST_WAIT_MS : LONGEST_PAUSE_MS,
  );
}

function expectForward(before: KnownRun, next: KnownRun, terms: Terms, why: string): void {
  expect(next.revision).toBeGreaterThanOrEqual(before.revision);
  expect(next.acceptedAtMs).toBe(before.acceptedAtMs);
  expect(lastNumber(next)).toBeGreaterThanOrEqual(lastNumber(before));
  expectNumbersOnce(next);
  if (before.status !== "ended") return;
  if (next.status !== "ended") throw new Error(`${why} took back the end of ${before.runId}`);
  expect([next.endedAtMs, next.result]).toEqual([before.endedAtMs, before.result]);
  if (before.chargedAtMs !== null) expect(next.chargedAtMs).toBe(before.chargedAtMs);
  if (next.bodyKept !== before.bodyKept) expect(next.bodyKept).toBe(true);
  const isOver = ["delivered", "aborted", "dead"].includes(toDeliveryState(before, terms));
  // A receiver that was told once is not told again, unless a caller or an operator asks for it.
  if (isOver && why !== "redeliver") expect(next.delivery).toEqual(before.delivery);
}

function expectNumbersOnce({ attempts }: KnownRun): void {
  const numbers = attempts.map(({ number }) => number);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
}

function lastNumber({ attempts }: KnownRun): number {
  return attempts.at(-1)?.number ?? 0;
}
