// The ledger's rows, between the tables (migrations/) and the types of entry.ts.
import type { Billing } from "../auth/caller.ts";
import type { DeliveryState, LedgerAttempt, LedgerCharge, LedgerEntry, LedgerRun } from "./entry.ts";

export type RunRow = {
  run_id: string;
  user_key: string;
  stored_action_id: string | null;
  callback_url: string | null;
  intent: string;
  accepted_at_ms: number;
  ended_at_ms: number | null;
  result: string | null;
  state: string;
  attempts: number;
  next_attempt_at_ms: number | null;
  revision: number;
  charged_at_ms: number | null;
};

export type AttemptRow = {
  run_id: string;
  number: number;
  at_ms: number;
  status: number | null;
  duration_ms: number;
  error: string | null;
};

export type ChargeRow = Omit<Billing, "is_billable"> & {
  user_key: string;
  charged_at_ms: number;
  run_id: string;
  stored_action_id: string | null;
};

export function runRow({ run, charge }: LedgerEntry): RunRow {
  return {
    run_id: run.runId,
    user_key: run.userKey,
    stored_action_id: run.storedActionId,
    callback_url: run.callbackUrl,
    intent: run.intent,
    accepted_at_ms: run.acceptedAtMs,
    ended_at_ms: run.endedAtMs,
    result: run.result,
    state: run.state,
    attempts: run.attempts,
    next_attempt_at_ms: run.nextAttemptAtMs,
    revision: run.revision,
    charged_at_ms: charge?.chargedAtMs ?? null,
  };
}

export function runOf(row: RunRow): LedgerRun {
  return {
    runId: row.run_id,
    userKey: row.user_key,
    storedActionId: row.stored_action_id,
    callbackUrl: row.callback_url,
    intent: row.intent,
    acceptedAtMs: row.accepted_at_ms,
    endedAtMs: row.ended_at_ms,
    result: row.result === null ? null : oneOf(RESULTS, row.result),
    state: oneOf(STATES, row.state),
    attempts: row.attempts,
    nextAttemptAtMs: row.next_attempt_at_ms,
    revision: row.revision,
  };
}

/** With the user whose run it must be: the attempt itself does not say. */
export function attemptRow(attempt: LedgerAttempt, userKey: string): AttemptRow & { user_key: string } {
  return {
    run_id: attempt.runId,
    number: attempt.number,
    at_ms: attempt.atMs,
    status: attempt.status,
    duration_ms: attempt.durationMs,
    error: attempt.error,
    user_key: userKey,
  };
}

export function attemptOf(row: AttemptRow): LedgerAttempt {
  return {
    runId: row.run_id,
    number: row.number,
    atMs: row.at_ms,
    status: row.status,
    durationMs: row.duration_ms,
    error: row.error,
  };
}

export function chargeRow({ billing, ...charge }: LedgerCharge): ChargeRow {
  return {
    user_key: charge.userKey,
    charged_at_ms: charge.chargedAtMs,
    run_id: charge.runId,
    stored_action_id: charge.storedActionId,
    origin: billing.origin,
    usage_type: billing.usage_type,
    description: billing.description,
    exemption_reason: billing.exemption_reason,
    exemption_details: billing.exemption_details,
  };
}

export function chargeOf(row: ChargeRow): LedgerCharge {
  return {
    runId: row.run_id,
    userKey: row.user_key,
    storedActionId: row.stored_action_id,
    chargedAtMs: row.charged_at_ms,
    billing: {
      // Nothing else is ever charged.
      is_billable: true,
      origin: row.origin,
      usage_type: row.usage_type,
      description: row.description,
      exemption_reason: row.exemption_reason,
      exemption_details: row.exemption_details,
    },
  };
}

const RESULTS = ["success", "error"] as const;
const STATES: readonly DeliveryState[] = ["waiting", "retrying", "delivered", "dead", "aborted", "none"];

// A ledger that holds rows of a later version (after a rollback) stops here instead of being misread.
function oneOf<T extends string>(known: readonly T[], stored: string): T {
  const match = known.find((value) => value === stored);
  if (match === undefined)
    throw new Error(`the ledger says "${stored}", which is none of ${known.join(", ")}`);
  return match;
}
