// The upstream's yes, from a settlement or a queue message, however late: what the id's callers get from now on, and what is
// promised of the run. A run id is one run: one that is known already is not promised, and not charged, again.

import type { Settled } from "../runs/claim.ts";
import { type OpenRun, withoutClaim, withoutLatestAttempt } from "../runs/open-run.ts";
import { acceptedRun, hintRun } from "../runs/run.ts";
import type { Terms } from "../runs/terms.ts";
import type { Acceptance, Settlement } from "./admission.ts";
import type { Claims } from "./claims.ts";
import type { Runs } from "./runs.ts";

/** What the id's callers are answered; null without an id. */
export function accept(
  claims: Claims,
  runs: Runs,
  { runKey, claim, terms, outcome }: Acceptance,
  nowMs: number,
): Settled | null {
  const known = claim && claims.find(runKey, nowMs);
  // Of an answer that was too long for its message only KV knows: the id stays claimed, and KV is asked.
  if (claim === null) claims.keepOpen(runKey, nowMs);
  promise(runs, runKey, outcome.runId, terms, nowMs);
  if (claim === null) return null;
  if (known?.status === "settled") return known;
  const { fingerprint } = known ?? claim;
  const settled = { fingerprint, settledAtMs: nowMs, answer: outcome.answer };
  claims.settle(runKey, settled, nowMs);
  return settled;
}

/**
 * An operator says which run a start has led to that was never answered: what its latest attempt would be promised holds,
 * and no answer is waited for. The upstream has to confirm the run.
 */
export function nameRun(claims: Claims, runs: Runs, runKey: string, runId: string, nowMs: number): boolean {
  const open = runs.get(runKey);
  if (open?.run.status !== "forwarding" || runs.isElsewhere(runId, runKey)) return false;
  claims.keepOpen(runKey, nowMs);
  runs.put({ ...withoutClaim(open), run: hintRun(open.run, runId) }, nowMs, nowMs);
  return true;
}

function promise(runs: Runs, runKey: string, runId: string, terms: Terms | null, nowMs: number): void {
  const open = runs.get(runKey);
  const wasNotified = runs.index.get(runKey)?.notified === true;
  const isUnanswered = open?.run.status === "forwarding";
  if (runs.isElsewhere(runId, runKey)) {
    if (isUnanswered) runs.drop(runKey, nowMs);
    const ended = runs.find(runId)?.ended;
    // The upstream knows a run again that was abandoned.
    if (ended?.run.status === "abandoned") runs.reopen(ended, nowMs);
    return;
  }
  if (open !== null && open.run.status !== "forwarding" && open.run.runId === runId) return;
  if (open !== null) keepHinted(runs, open, runId, nowMs);
  if (terms === null) {
    if (isUnanswered) runs.drop(runKey, nowMs);
    return;
  }
  // The upstream started another run: the earlier one goes on under a key of its own.
  if (open !== null && !isUnanswered) runs.rename(open);
  const leasedUntilMs = open !== null && isOnItsWay(open, runId, terms) ? leaseOf(runs, runKey) : null;
  const revision = open === null ? 0 : open.run.revision + (leasedUntilMs === null ? 1 : 0);
  const accepted = { runKey, claim: null, terms, run: acceptedRun(runId, revision, nowMs), failures: 0 };
  // A completion that came before this answer is not waited for again.
  if (isUnanswered && wasNotified) runs.put(accepted, nowMs, nowMs);
  else runs.put(accepted, nowMs);
  if (leasedUntilMs !== null) runs.index.lease(runKey, leasedUntilMs, wasNotified);
}

/** A completion named another run, which an earlier attempt started: it goes on, under a key of its own. */
function keepHinted(runs: Runs, open: OpenRun, acceptedId: string, nowMs: number): void {
  const { run, claim } = open;
  if (run.status !== "forwarding" || run.hintedRunId === null || run.hintedRunId === acceptedId) return;
  const earlier = claim?.mayHaveRun === true ? withoutLatestAttempt(open) : null;
  if (earlier !== null) runs.rename(earlier, nowMs);
}

/** A completion named this run before the start was answered: a consumer may have it already, and what that one reports is true of it. */
function isOnItsWay({ run, terms: earlier }: OpenRun, runId: string, terms: Terms): boolean {
  return (
    run.status === "forwarding" && run.hintedRunId === runId && earlier.callbackUrl === terms.callbackUrl
  );
}

function leaseOf(runs: Runs, runKey: string): number | null {
  return runs.index.get(runKey)?.leasedUntilMs ?? null;
}

/** A start was refused, or its outcome is unknown. What its id's callers get, null while that is not known. */
export function endStart(
  claims: Claims,
  { runKey, claim, attempt }: Settlement,
  outcome: Exclude<Settlement["outcome"]["kind"], "accepted">,
  nowMs: number,
): Settled | null {
  claims.endAttempt(runKey, claim !== null, attempt, outcome, nowMs);
  const known = claim === null ? null : claims.find(runKey, nowMs);
  return known?.status === "settled" ? known : null;
}
