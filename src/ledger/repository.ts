// The ledger in D1, and all of its SQL. It has one writer for everybody, so each call is one round trip and each
// statement finds its rows by an index. Its own promises, whatever order or number the reports come in:
// - a look that was booked, lost before the gate heard of it and made again counts as the later one, but what was
//   delivered once stays delivered;
// - a run shows its newest report, and belongs to the user who was first recorded with it;
// - a run is charged once: the run's row names its charge, and none but that one is booked.
import { within } from "../deadline.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { LedgerAttempt, LedgerCharge, LedgerEntry, LedgerRun } from "./entry.ts";
import {
  type AttemptRow,
  attemptOf,
  attemptRow,
  type ChargeRow,
  chargeOf,
  chargeRow,
  type RunRow,
  runOf,
  runRow,
} from "./rows.ts";
import type { UsageSpan } from "./usage-query.ts";

const RUN_COLUMNS =
  "run_id, user_key, stored_action_id, callback_url, intent, accepted_at_ms, ended_at_ms, result, state, attempts, next_attempt_at_ms, revision, charged_at_ms";
const ATTEMPT_COLUMNS = "run_id, number, at_ms, status, duration_ms, error";
const CHARGE_COLUMNS =
  "user_key, charged_at_ms, run_id, stored_action_id, origin, usage_type, description, exemption_reason, exemption_details";

// What retention takes next: the oldest runs, with everything that hangs on them.
const EXPIRED = "FROM runs WHERE accepted_at_ms < ?1 ORDER BY accepted_at_ms, run_id LIMIT ?2";

/** Rows come in as one JSON array, so that any number of them is one statement with one parameter. Exported for the test that reads their plans. */
export const STATEMENTS = {
  putRuns: `
    INSERT INTO runs (${RUN_COLUMNS}) SELECT ${fromJson(RUN_COLUMNS)} FROM json_each(?1) AS given WHERE true
    ON CONFLICT (run_id) DO UPDATE SET
      stored_action_id = excluded.stored_action_id, callback_url = excluded.callback_url, intent = excluded.intent,
      ended_at_ms = excluded.ended_at_ms, result = excluded.result, state = excluded.state, attempts = excluded.attempts,
      next_attempt_at_ms = excluded.next_attempt_at_ms, revision = excluded.revision,
      charged_at_ms = coalesce(runs.charged_at_ms, excluded.charged_at_ms)
    WHERE excluded.user_key = runs.user_key AND (excluded.revision > runs.revision
      OR (excluded.revision = runs.revision AND runs.state <> excluded.state
        AND (runs.state = 'retrying' OR excluded.state = 'delivered')))`,

  // For a charge whose run has been reported since, by a later revision without it.
  nameCharges: `
    UPDATE runs SET charged_at_ms = given.value ->> 'charged_at_ms' FROM json_each(?1) AS given
    WHERE runs.run_id = given.value ->> 'run_id' AND runs.user_key = given.value ->> 'user_key'
      AND runs.charged_at_ms IS NULL`,

  // ON CONFLICT, not OR IGNORE, which would also swallow a row that breaks a rule of the table.
  putCharges: `
    INSERT INTO charges (${CHARGE_COLUMNS}) SELECT ${fromJson(CHARGE_COLUMNS)}
    FROM json_each(?1) AS given CROSS JOIN runs
    WHERE runs.run_id = given.value ->> 'run_id' AND runs.user_key = given.value ->> 'user_key'
      AND runs.charged_at_ms = given.value ->> 'charged_at_ms'
    ON CONFLICT (user_key, charged_at_ms, run_id) DO NOTHING`,

  putAttempts: `
    INSERT INTO attempts (${ATTEMPT_COLUMNS}) SELECT ${fromJson(ATTEMPT_COLUMNS)}
    FROM json_each(?1) AS given CROSS JOIN runs
    WHERE runs.run_id = given.value ->> 'run_id' AND runs.user_key = given.value ->> 'user_key'
    ON CONFLICT (run_id, number) DO UPDATE SET
      at_ms = excluded.at_ms, status = excluded.status, duration_ms = excluded.duration_ms, error = excluded.error
    WHERE excluded.at_ms > attempts.at_ms`,

  usagePage: `
    SELECT ${CHARGE_COLUMNS} FROM charges
    WHERE user_key = ?1 AND (charged_at_ms, run_id) > (?2, ?3) AND charged_at_ms < ?4
    ORDER BY charged_at_ms, run_id LIMIT ?5`,

  findRun: `SELECT ${RUN_COLUMNS} FROM runs WHERE run_id = ?1 AND user_key = ?2`,

  latestAttempts: `SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE run_id = ?1 ORDER BY number DESC LIMIT ?2`,

  removeAttempts: `DELETE FROM attempts WHERE run_id IN (SELECT run_id ${EXPIRED})`,

  removeCharges: `
    DELETE FROM charges WHERE (user_key, charged_at_ms, run_id) IN (SELECT user_key, charged_at_ms, run_id ${EXPIRED})`,

  removeRuns: `DELETE FROM runs WHERE run_id IN (SELECT run_id ${EXPIRED})`,

  ping: "SELECT 1 FROM runs WHERE run_id = ''",
};

// A parameter may hold 2 MB, and a character up to three bytes.
const MAX_PARAMETER_CHARS = 500_000;
const MAX_ATTEMPTS_SHOWN = 100;
const TIMEOUT_MS = 10_000;
/** A consumer's time is short (shift.ts), and what is not booked is offered again. */
const RECORD_TIMEOUT_MS = 5_000;

/** Writes any number of reports in one transaction. May be repeated. Says how many rows it wrote, index entries included. */
export async function recordAll(db: D1Database, entries: readonly LedgerEntry[]): Promise<number> {
  if (entries.length === 0) return 0;
  const attempts = entries.flatMap(({ run, attempt }) =>
    attempt === null ? [] : [attemptRow(attempt, run.userKey)],
  );
  const charges = entries.flatMap(({ charge }) => (charge === null ? [] : [chargeRow(charge)]));
  const statements = [
    ...withRows(db, STATEMENTS.putRuns, entries.map(runRow)),
    ...withRows(db, STATEMENTS.nameCharges, charges),
    ...withRows(db, STATEMENTS.putCharges, charges),
    ...withRows(db, STATEMENTS.putAttempts, attempts),
  ];
  const results = await within(RECORD_TIMEOUT_MS, db.batch(statements));
  return results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
}

export type UsagePage =
  | { kind: "page"; charges: LedgerCharge[]; nextCursor: string | null }
  | { kind: "bad_cursor" };

/** A user's charges, oldest first. A cursor is good only within the span that it came from. */
export async function usagePage(
  db: D1Database,
  userKey: string,
  { fromMs, toMs, cursor, limit }: UsageSpan & { limit: number },
): Promise<UsagePage> {
  const after = cursor === null ? { chargedAtMs: fromMs, runId: "" } : decodeCursor(cursor);
  if (after === null || after.chargedAtMs < fromMs) return { kind: "bad_cursor" };
  if (cursor !== null && after.chargedAtMs >= toMs) return { kind: "bad_cursor" };
  const page = db
    .prepare(STATEMENTS.usagePage)
    .bind(userKey, after.chargedAtMs, after.runId, toMs, limit + 1);
  const { results } = await within(TIMEOUT_MS, page.run<ChargeRow>());
  const charges = results.slice(0, limit).map(chargeOf);
  const last = results.length > limit ? charges.at(-1) : undefined;
  return { kind: "page", charges, nextCursor: last === undefined ? null : encodeCursor(last) };
}

/** A user's run with its latest hundred attempts, oldest first; null when it is nobody's or somebody else's. */
export async function findRun(
  db: D1Database,
  userKey: string,
  runId: string,
): Promise<{ run: LedgerRun; attempts: LedgerAttempt[] } | null> {
  const statements = [
    db.prepare(STATEMENTS.findRun).bind(runId, userKey),
    db.prepare(STATEMENTS.latestAttempts).bind(runId, MAX_ATTEMPTS_SHOWN),
  ];
  const [runs, attempts] = await within(TIMEOUT_MS, db.batch(statements));
  const [run] = rowsOf<RunRow>(runs);
  if (run === undefined) return null;
  return { run: runOf(run), attempts: rowsOf<AttemptRow>(attempts).map(attemptOf).toReversed() };
}

/** Deletes the oldest runs from before the cutoff, at most `maxRuns`, with their attempts and charges. Says how many runs; fewer than asked for means that none is left. */
export async function removeOlderThan(db: D1Database, cutoffMs: number, maxRuns: number): Promise<number> {
  const { removeAttempts, removeCharges, removeRuns } = STATEMENTS;
  // The runs go last: they name the others.
  const results = await db.batch(
    [removeAttempts, removeCharges, removeRuns].map((sql) => db.prepare(sql).bind(cutoffMs, maxRuns)),
  );
  return results.at(-1)?.meta.changes ?? 0;
}

/** Throws when the ledger cannot be reached or has no tables. */
export async function pingLedger(db: D1Database): Promise<void> {
  await db.prepare(STATEMENTS.ping).run();
}

function fromJson(columns: string): string {
  return columns.replaceAll(/\w+/g, (column) => `given.value ->> '${column}'`);
}

function withRows(db: D1Database, sql: string, rows: readonly object[]): D1PreparedStatement[] {
  return parameters(rows.map((row) => JSON.stringify(row))).map((array) => db.prepare(sql).bind(array));
}

function parameters(rows: readonly string[]): string[] {
  const groups: string[][] = [];
  let room = 0;
  for (const row of rows) {
    if (row.length > room) {
      groups.push([]);
      room = MAX_PARAMETER_CHARS;
    }
    groups.at(-1)?.push(row);
    room -= row.length + 1;
  }
  return groups.map((group) => `[${group.join()}]`);
}

function rowsOf<Row>(result: D1Result | undefined): Row[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement names its columns, STRICT their types
  return (result?.results ?? []) as Row[];
}
