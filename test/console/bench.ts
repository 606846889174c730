// Honest entries of the books as the console reads them, and an operator.
import type { Intent } from "../../src/gate/intent.ts";
import type { LedgerEntry, LedgerRun } from "../../src/ledger/entry.ts";
import type { Answer, Call, Gateway } from "../support/gateway.ts";
import { attemptOf, chargeOf, runOf } from "../support/ledger.ts";

export const ACTION = "11111111-2222-4333-8444-555555555555";
const OPERATOR = { sub: "olga", scope: "operator" };

export function intentOf(members: Partial<Intent> = {}): Intent {
  return {
    v: 1,
    userKey: "alice",
    issuer: "https://login.example",
    subject: "alice",
    scopes: ["external"],
    billing: {
      is_billable: true,
      origin: "actions_api",
      usage_type: "action_run",
      description: "an action was run via Actions API",
      exemption_reason: null,
      exemption_details: null,
    },
    target: { kind: "stored", storedActionId: ACTION },
    callbackUrl: "https://client.example/hook",
    publicUrl: "https://edge.example",
    ...members,
  };
}

/** A run whose intent says the same as its row. */
export function bookedRun(members: Partial<LedgerRun> = {}): LedgerRun {
  const run = runOf(members);
  const { userKey, storedActionId, callbackUrl } = run;
  const target =
    storedActionId === null ? { kind: "one_off" as const } : { kind: "stored" as const, storedActionId };
  return {
    ...run,
    intent: JSON.stringify(intentOf({ userKey, subject: userKey, target, callbackUrl })),
    ...(members.intent !== undefined && { intent: members.intent }),
  };
}

/** Delivered by its first attempt, which ended `latencyMs` after the run did, and charged. */
export function delivered(members: Partial<LedgerRun> = {}, latencyMs = 50): LedgerEntry {
  const run = bookedRun(members);
  const endedAtMs = run.endedAtMs ?? run.acceptedAtMs;
  return {
    run,
    attempt: attemptOf(run, { atMs: endedAtMs, durationMs: latencyMs, number: run.attempts }),
    charge: chargeOf(run),
  };
}

/** Nobody tries it any more: its last attempt failed. */
export function deadLetter(members: Partial<LedgerRun> = {}, error = "no connection"): LedgerEntry {
  const run = bookedRun({ state: "dead", ...members });
  return { run, attempt: attemptOf(run, { number: run.attempts, status: null, error }), charge: null };
}

export function ask(gateway: Gateway, path: string, call: Call = {}): Promise<Answer> {
  return gateway.call(`/console/api${path}`, { claims: OPERATOR, ...call });
}

export function act(gateway: Gateway, path: string, body?: unknown, call: Call = {}): Promise<Answer> {
  const posted =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return ask(gateway, path, { method: "POST", ...posted, ...call });
}
