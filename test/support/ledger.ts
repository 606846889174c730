// The ledger in workerd tests: made anew by the real migrations, and filled with honest entries.
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { LedgerAttempt, LedgerCharge, LedgerEntry, LedgerRun } from "../../src/ledger/entry.ts";
import { emptyStorage } from "./storage.ts";

/** 2026-11-20T12:00:00Z */
export const NOON_MS = 1_795_176_000_000;

const BILLING: LedgerCharge["billing"] = {
  is_billable: true,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

/** Empties every store that the tests have and makes the ledger's tables; for `beforeEach`. */
export async function freshLedger(): Promise<D1Database> {
  await emptyStorage();
  const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: D1Migration[] };
  await applyD1Migrations(env.LEDGER, TEST_MIGRATIONS);
  return env.LEDGER;
}

/** A run of alice that ended well and whose callback was delivered at once. */
export function runOf(members: Partial<LedgerRun> = {}): LedgerRun {
  const acceptedAtMs = members.acceptedAtMs ?? NOON_MS;
  return {
    runId: crypto.randomUUID(),
    userKey: "alice",
    storedActionId: "11111111-2222-4333-8444-555555555555",
    callbackUrl: "https://client.example/hook",
    intent: '{"v":1}',
    acceptedAtMs,
    endedAtMs: acceptedAtMs + 2_000,
    result: "success",
    state: "delivered",
    attempts: 1,
    nextAttemptAtMs: null,
    revision: 3,
    ...members,
  };
}

export function attemptOf(run: LedgerRun, members: Partial<LedgerAttempt> = {}): LedgerAttempt {
  const atMs = run.acceptedAtMs + 2_010;
  return { runId: run.runId, number: 1, atMs, status: 204, durationMs: 41, error: null, ...members };
}

export function chargeOf(run: LedgerRun, billing: Partial<LedgerCharge["billing"]> = {}): LedgerCharge {
  return {
    runId: run.runId,
    userKey: run.userKey,
    storedActionId: run.storedActionId,
    chargedAtMs: run.endedAtMs ?? run.acceptedAtMs,
    billing: { ...BILLING, ...billing },
  };
}

/** A full run: delivered and charged. */
export function entryOf(members: Partial<LedgerRun> = {}): LedgerEntry {
  const run = runOf(members);
  return { run, attempt: attemptOf(run), charge: chargeOf(run) };
}

/** Everything that is in the books, as the tables have it. */
export async function books(db: D1Database): Promise<{ runs: any[]; attempts: any[]; charges: any[] }> {
  const [runs, attempts, charges] = await db.batch<any>([
    db.prepare("SELECT * FROM runs ORDER BY run_id"),
    db.prepare("SELECT * FROM attempts ORDER BY run_id, number"),
    db.prepare("SELECT * FROM charges ORDER BY user_key, charged_at_ms, run_id"),
  ]);
  return { runs: runs?.results ?? [], attempts: attempts?.results ?? [], charges: charges?.results ?? [] };
}
