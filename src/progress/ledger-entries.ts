// What the books are told of a run that has ended. Pure.
import type { Attempt } from "../callbacks/attempt.ts";
import type { Delivery } from "../gate/delivery.ts";
import type { Intent } from "../gate/intent.ts";
import type { EndedRun } from "../gate/run.ts";
import type { DeliveryState, LedgerAttempt, LedgerCharge, LedgerEntry, LedgerRun } from "../ledger/entry.ts";

/** One entry an attempt that is not booked yet, one at the least; the charge goes with the first. */
export function ledgerEntries(run: EndedRun, intent: Intent): LedgerEntry[] {
  const told = ledgerRun(run, intent);
  const charge = run.unbooked.charge ? ledgerCharge(run, intent) : null;
  const [first, ...rest] = run.unbooked.attempts.map((attempt) => ledgerAttempt(run.runId, attempt));
  return [
    { run: told, attempt: first ?? null, charge },
    ...rest.map((attempt) => ({ run: told, attempt, charge: null })),
  ];
}

export function deliveryStateOf(delivery: Delivery): DeliveryState {
  return delivery.kind === "pending" ? "retrying" : delivery.kind;
}

function attemptError({ outcome }: Attempt): string | null {
  switch (outcome.kind) {
    case "acknowledged":
      return null;
    case "aborted":
      return "the receiver wants no more attempts";
    case "failed":
      return outcome.failure;
  }
}

function ledgerRun(run: EndedRun, intent: Intent): LedgerRun {
  const { delivery } = run;
  return {
    runId: run.runId,
    userKey: intent.userKey,
    storedActionId: storedActionIdOf(intent),
    callbackUrl: intent.callbackUrl,
    intent: JSON.stringify(intent),
    acceptedAtMs: run.acceptedAtMs,
    endedAtMs: run.endedAtMs,
    result: run.result,
    state: deliveryStateOf(delivery),
    attempts: delivery.kind === "none" ? 0 : delivery.made,
    nextAttemptAtMs: delivery.kind === "pending" ? delivery.nextAtMs : null,
    revision: run.revision,
  };
}

export function ledgerAttempt(runId: string, attempt: Attempt): LedgerAttempt {
  const { number, atMs, durationMs } = attempt;
  return { runId, number, atMs, durationMs, status: attempt.outcome.status, error: attemptError(attempt) };
}

function ledgerCharge(run: EndedRun, intent: Intent): LedgerCharge {
  return {
    runId: run.runId,
    userKey: intent.userKey,
    storedActionId: storedActionIdOf(intent),
    chargedAtMs: run.acceptedAtMs,
    billing: intent.billing,
  };
}

/** In lower case: an action has one name, however it is spelt. */
export function storedActionIdOf({ target }: Intent): string | null {
  return target.kind === "stored" ? target.storedActionId.toLowerCase() : null;
}
