// The operators' index in workerd tests: created anew by the real migrations.
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { emptyStorage } from "./storage.ts";

/** 2026-11-20T12:00:00Z */
export const NOON_MS = 1_795_176_000_000;

/** Empties every store that the tests have and makes the index's tables; for `beforeEach`. */
export async function freshIndex(): Promise<D1Database> {
  await emptyStorage();
  await makeIndex();
  return env.OPERATORS_DB;
}

/** Its tables, in a database that has none. */
export async function makeIndex(): Promise<void> {
  const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: D1Migration[] };
  await applyD1Migrations(env.OPERATORS_DB, TEST_MIGRATIONS);
}

/** What operators are shown of dead letters, in the order in which that happened. */
export type ShownDeadLetter = {
  run_id: string;
  callback_url: string | null;
  result: string | null;
  attempts: number;
  status: number | null;
  reason: string;
};

export async function readDeadLetters(): Promise<ShownDeadLetter[]> {
  const columns = "run_id, callback_url, result, attempts, status, reason";
  const sql = `SELECT ${columns} FROM dead_letters ORDER BY died_at_ms, run_id`;
  return (await env.OPERATORS_DB.prepare(sql).all<ShownDeadLetter>()).results;
}
