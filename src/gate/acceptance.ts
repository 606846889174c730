// The upstream's yes, from a settlement or a queue message, however late: what the id's callers are told from now on, and what is
// promised of the run. A run id is one run: one that is known already is not promised, and not charged, again.

import type { Settled } from "../runs/claim.ts";
import type { OpenRun } from "../runs/open-run.ts";
import { acceptedRun } from "../runs/run.ts";
import type { Terms } from "../runs/terms.ts";
import type { Acceptance } from "./admission.ts";
import type { Claims } from "./claims.ts";
import type { Runs } from "./runs.ts";

/** What the id's callers are told; null without an id. */
export function accept(
  claims: Claims,
  runs: Runs,
  { runKey, claim, terms, outcome }: Acceptance,
  nowMs: number,
): Settled | null {
  const known = claim && claims.find(claim.id, nowMs);
  // Of an answer that was too long for its message only KV knows: the id stays claimed, and KV is asked.
  if (claim === null) claims.keepOpen(runKey, nowMs);
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
  if (runs.isElsewhere(runId, runKey)) {
    if (isUnanswered) runs.drop(runKey, nowMs);
    const ended = runs.find(runId)?.ended;
    // The upstream knows a run again whose end was given up.
    if (ended?.run.status === "abandoned") runs.reopen(ended, nowMs);
    return;
  }
  if (open !== null && open.run.status !== "forwarding" && open.run.runId === runId) {
    if (open.claim !== null) decideTerms(runs, open, terms, nowMs);
    return;
  }
  if (terms === null) {
    if (isUnanswered) runs.drop(runKey, nowMs);
    return;
  }
  if (open !== null && open.run.status !== "forwarding") {
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

// A completion found the run before its start was answered: what it is promised, the answer decides. A consumer that is at
// work for another receiver has told the wrong one.
function decideTerms(runs: Runs, open: OpenRun, terms: Terms | null, nowMs: number): void {
  if (terms === null && open.run.status === "accepted") return runs.drop(open.runKey, nowMs);
  const decided = terms ?? open.terms;
  const isMoved = decided.callbackUrl !== open.terms.callbackUrl;
  const { attempts, ...rest } = open;
  if (!isMoved && attempts === undefined) return runs.changeClaim({ ...open, terms: decided }, null);
  const run = { ...open.run, revision: open.run.revision + (isMoved ? 1 : 0) };
  runs.put({ ...rest, claim: null, terms: decided, run }, nowMs, nowMs);
}
