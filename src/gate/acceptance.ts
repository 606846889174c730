// The upstream's yes, whoever brings it and however late: what the id's callers are told from now on, and what is
// promised of the run. A run id is one run: one that is known already is not promised, and not charged, again.
import type { Acceptance } from "./admission.ts";
import type { Settled } from "./claim.ts";
import type { Claims } from "./claims.ts";
import type { OpenRun } from "./open-run.ts";
import { acceptedRun } from "./run.ts";
import type { Runs } from "./runs.ts";
import type { Terms } from "./terms.ts";

/** What the id's callers are told; null without an id. */
export function accept(
  claims: Claims,
  runs: Runs,
  { runKey, claim, terms, outcome }: Acceptance,
  nowMs: number,
): Settled | null {
  const known = claim && claims.find(claim.id, nowMs);
  promise(runs, runKey, outcome.runId, terms, nowMs);
  if (claim === null) return null;
  if (known?.status === "settled") return known;
  const { fingerprint } = known ?? claim;
  const settled = { fingerprint, settledAtMs: nowMs, answer: outcome.answer };
  claims.settle(claim.id, settled, nowMs);
  return settled;
}

function promise(runs: Runs, runKey: string, runId: string, terms: Terms | null, nowMs: number): void {
  const open = runs.get(runKey);
  const wasNotified = runs.index.get(runKey)?.notified === true;
  const isUnanswered = open?.run.status === "forwarding";
  if (terms === null || runs.isElsewhere(runId, runKey)) {
    if (isUnanswered) runs.drop(runKey, nowMs);
    return;
  }
  if (open !== null && open.run.status !== "forwarding") {
    if (open.run.runId === runId) {
      // It was found by a completion before its start was answered: the terms are those of the answer.
      if (open.claim !== null) runs.put({ ...open, claim: null, terms }, nowMs);
      return;
    }
    // The upstream started another run: the earlier one goes on under a key of its own.
    runs.rename(open);
  }
  const leasedUntilMs = open !== null && isOnItsWay(open, runId, terms) ? leaseOf(runs, runKey) : null;
  const revision = open === null ? 0 : open.run.revision + (leasedUntilMs === null ? 1 : 0);
  const accepted = { runKey, claim: null, terms, run: acceptedRun(runId, revision, nowMs), failures: 0 };
  // A completion that came before this answer is not waited for again.
  if (isUnanswered && wasNotified) runs.put(accepted, nowMs, nowMs);
  else runs.put(accepted, nowMs);
  if (leasedUntilMs !== null) runs.index.lease(runKey, leasedUntilMs, wasNotified);
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
