// What operators are shown of the operators' index (D1), and all of its SQL. Each statement finds its rows by an index and
// reads a bounded number of them. What operators did is in audit-store.ts; everything exact about runs is in the gates.
import { NO_HOST } from "../contract/search-values.ts";
import { withTimeout } from "../platform/timeout.ts";
import { type ActiveRow, type ActiveUsers, type MonthDays, mergeMonths } from "./active-days.ts";
import type { Cursor } from "./cursor.ts";

const DEAD_LETTER_COLUMNS =
  "run_id, gate, user_key, subject, host, accepted_at_ms, died_at_ms, result, attempts, status, reason, dismissed_at_ms, dismissed_by, dismissal";

/** Exported for the test that reads their plans. */
export const STATEMENTS = {
  deadLetters: `
    SELECT ${DEAD_LETTER_COLUMNS} FROM dead_letters
    WHERE dismissed = ?5 AND (died_at_ms, run_id) < (?1, ?2) AND died_at_ms >= ?3
    ORDER BY died_at_ms DESC, run_id DESC LIMIT ?4`,

  deadLettersOfRuns: `
    SELECT d.run_id, d.gate, d.user_key FROM json_each(?1) AS chosen
    CROSS JOIN dead_letters AS d WHERE d.run_id = chosen.value LIMIT ?2`,

  // `?2` is behind every run id that begins with `?1`.
  deadLettersStarting: `
    SELECT run_id, gate, user_key FROM dead_letters WHERE run_id >= ?1 AND run_id < ?2
    ORDER BY run_id, gate LIMIT ?3`,

  // One user has one row a month.
  activeUsers: `
    SELECT user_key, days & ?2 AS hit FROM active_days WHERE month = ?1 AND user_key > ?3
    ORDER BY user_key LIMIT ?4`,

  countActive: `
    SELECT COUNT(DISTINCT CASE WHEN hit <> 0 THEN user_key END) AS users, COUNT(*) AS rows_counted FROM (
      SELECT a.user_key, a.days & (chosen.value ->> 'days') AS hit FROM json_each(?1) AS chosen
      CROSS JOIN active_days AS a WHERE a.month = (chosen.value ->> 'month') LIMIT ?2)`,

  overdue: `SELECT gate, user_key, since_ms, runs, example_run_key FROM overdue_gates
    WHERE (since_ms, gate) > (?1, ?2) ORDER BY since_ms, gate LIMIT ?3`,

  countOverdue: `SELECT count(*) AS gates, coalesce(sum(runs), 0) AS runs, min(since_ms) AS since_ms
    FROM (SELECT runs, since_ms FROM overdue_gates ORDER BY since_ms LIMIT ?1)`,
};

const TIMEOUT_MS = 10_000;
/** Of one month, at a time. */
const MAX_ACTIVE_ROWS = 1_000;
const MAX_COUNTED_ROWS = 50_000;

export type DeadLetterRow = {
  run_id: string;
  gate: string;
  user_key: string;
  subject: string;
  host: string | null;
  accepted_at_ms: number;
  died_at_ms: number;
  result: "success" | "error" | null;
  attempts: number;
  status: number | null;
  reason: string;
  /** Of the dismissal; null, all three: no operator has dismissed it. */
  dismissed_at_ms: number | null;
  dismissed_by: string | null;
  dismissal: string | null;
};

/** Dead letters that were dismissed, or all others; the one that died last first. */
export async function readDeadLetters(
  db: D1Database,
  { after, fromMs, limit, dismissed }: { after: Cursor; fromMs: number; limit: number; dismissed: boolean },
): Promise<DeadLetterRow[]> {
  const deadLetters = db
    .prepare(STATEMENTS.deadLetters)
    .bind(after.atMs, after.id, fromMs, limit, Number(dismissed));
  return (await withTimeout(TIMEOUT_MS, deadLetters.run<DeadLetterRow>())).results;
}

/** Null: any. */
export type DeadLetterFilter = {
  /** As URL.host gives it, or NO_HOST. */
  host: string | null;
  reason: string | null;
  /** Of the last attempt. */
  http_status: number | "none" | null;
};

export function fitsFilter(row: DeadLetterRow, filter: DeadLetterFilter): boolean {
  const { host, reason, http_status: httpStatus } = filter;
  return (
    (host === null || (row.host ?? NO_HOST) === host) &&
    (reason === null || row.reason === reason) &&
    (httpStatus === null || (row.status ?? "none") === httpStatus)
  );
}

export type DeadLetterOwner = Pick<DeadLetterRow, "run_id" | "gate" | "user_key">;

/** Whose these runs are, of those that are dead letters. */
export async function findDeadLetters(db: D1Database, runIds: readonly string[]): Promise<DeadLetterOwner[]> {
  // No two gates should have one run, but nothing in the index keeps them from it.
  const limit = 2 * runIds.length;
  const deadLetters = db.prepare(STATEMENTS.deadLettersOfRuns).bind(JSON.stringify(runIds), limit);
  return (await withTimeout(TIMEOUT_MS, deadLetters.run<DeadLetterOwner>())).results;
}

/** Dead letters whose run ids begin so. `prefix`: hexadecimal digits and hyphens. */
export async function findDeadLettersStarting(
  db: D1Database,
  prefix: string,
  limit: number,
): Promise<DeadLetterOwner[]> {
  const deadLetters = db.prepare(STATEMENTS.deadLettersStarting).bind(prefix, `${prefix}g`, limit);
  return (await withTimeout(TIMEOUT_MS, deadLetters.run<DeadLetterOwner>())).results;
}

/** Users who were active on these days, in the order of their keys, after one of them. */
export async function readActiveUsers(
  db: D1Database,
  months: readonly MonthDays[],
  after: string,
  limit: number,
): Promise<ActiveUsers> {
  if (months.length === 0) return { users: [], next: null };
  const statements = months.map(({ month, days }) =>
    db.prepare(STATEMENTS.activeUsers).bind(month, days, after, MAX_ACTIVE_ROWS),
  );
  const results = await withTimeout(TIMEOUT_MS, db.batch<ActiveRow>(statements));
  return mergeMonths(
    results.map(({ results: rows }) => rows),
    MAX_ACTIVE_ROWS,
    limit,
  );
}

/** `countedAll` false: there are more, which were not counted. */
export async function countActiveUsers(
  db: D1Database,
  months: readonly MonthDays[],
): Promise<{ users: number; countedAll: boolean }> {
  const counting = db.prepare(STATEMENTS.countActive).bind(JSON.stringify(months), MAX_COUNTED_ROWS);
  const row = await withTimeout(TIMEOUT_MS, counting.first<{ users: number; rows_counted: number }>());
  return { users: row?.users ?? 0, countedAll: (row?.rows_counted ?? 0) < MAX_COUNTED_ROWS };
}

export type OverdueRow = {
  gate: string;
  user_key: string;
  since_ms: number;
  runs: number;
  example_run_key: string;
};

const LONGEST_LATE: Cursor = { atMs: Number.MIN_SAFE_INTEGER, id: "" };

/** The gate that has been late for longest first. */
export async function readOverdue(
  db: D1Database,
  limit: number,
  after: Cursor = LONGEST_LATE,
): Promise<OverdueRow[]> {
  const overdue = db.prepare(STATEMENTS.overdue).bind(after.atMs, after.id, limit);
  return (await withTimeout(TIMEOUT_MS, overdue.run<OverdueRow>())).results;
}

/** Of `limit` gates at most, those that have been late for longest. `sinceMs` null: there is none. */
export async function countOverdue(
  db: D1Database,
  limit: number,
): Promise<{ gates: number; runs: number; sinceMs: number | null }> {
  type Row = { gates: number; runs: number; since_ms: number | null };
  const counted = db.prepare(STATEMENTS.countOverdue).bind(limit);
  const [row] = (await withTimeout(TIMEOUT_MS, counted.run<Row>())).results;
  return { gates: row?.gates ?? 0, runs: row?.runs ?? 0, sinceMs: row?.since_ms ?? null };
}
