// What may never become of a run, whatever happens to it.
import { expect } from "vitest";
import { type Row, rowDueAtMs } from "../../src/gate/row.ts";
import { type EndedRun, isFinished, type Run } from "../../src/gate/run.ts";

/** The longest that a row may be left alone: a start that waits for its name, or a claim until its 72 hours are over. */
const HOUR_MS = 3_600_000;
const MAX_PAUSE_MS = 73 * HOUR_MS;
const STEPS: Record<Run["status"], number> = { forwarding: 0, accepted: 1, ended: 2 };

/** Throws unless a row may become `next`. */
export function expectMove(before: Row, next: Row, why: string, nowMs: number): void {
  expectWatched(next, nowMs);
  if (before.run === null || before.run === next.run) return;
  if (next.run === null) {
    // Refused, or waited for in vain; what was accepted stays until it is finished.
    expect([why, before.run.status]).toEqual([why === "settle" ? "settle" : "alarm", "forwarding"]);
    return;
  }
  expectForward(before.run, next.run);
  if (before.run.status === "ended" && next.run.status === "ended") expectSameEnd(before.run, next.run, why);
}

/** A row that owes something says when somebody must look at it, and soon; one that owes nothing has no time. */
function expectWatched(row: Row, nowMs: number): void {
  const dueAtMs = rowDueAtMs(row);
  const owes = row.run !== null && !isFinished(row.run);
  expect(dueAtMs === null).toBe(!owes && row.claim === null);
  if (dueAtMs === null) return;
  expect(Number.isSafeInteger(dueAtMs)).toBe(true);
  expect(dueAtMs - nowMs).toBeLessThanOrEqual(owes ? HOUR_MS + 5_000 : MAX_PAUSE_MS);
}

function expectForward(before: Run, next: Run): void {
  expect(STEPS[next.status]).toBeGreaterThanOrEqual(STEPS[before.status]);
  expect(next.revision).toBeGreaterThanOrEqual(before.revision);
  if (before.status === "forwarding" || next.status === "forwarding") return;
  expect([next.runId, next.acceptedAtMs]).toEqual([before.runId, before.acceptedAtMs]);
}

function expectSameEnd(before: EndedRun, next: EndedRun, why: string): void {
  expect([next.endedAtMs, next.result]).toEqual([before.endedAtMs, before.result]);
  if (why === "redeliver") return expect(isFinished(before)).toBe(true);
  // Whoever has been told once is not told again, and what is over stays as it ended.
  if (before.delivery.kind !== "pending") expect(next.delivery).toEqual(before.delivery);
  else if (next.delivery.kind !== "none") expect(next.delivery.made - before.delivery.made).toBeOneOf([0, 1]);
  // A charge is asked for until the books have it.
  if (before.unbooked.charge) expect(next.unbooked.charge || !next.unbooked.run).toBe(true);
  else expect(next.unbooked.charge).toBe(false);
}
