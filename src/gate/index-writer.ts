// Reports to the operators' index (D1, migrations/) what the outbox holds. Repeating it changes nothing, however late: a dead
// letter's row has the number of the last event about it, and an event with a lower number does not change it.
import { withTimeout } from "../platform/timeout.ts";
import type { DeadLetter } from "./index-event.ts";
import type { OutboxEntry } from "./store/outbox.ts";

/** An alarm gives the index no more. */
const TIMEOUT_MS = 2_000;

/** Exported for the test that reads their plans. */
export const STATEMENTS = {
  activeDay: `
    INSERT INTO active_days (month, user_key, gate, days) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (month, user_key) DO UPDATE SET days = active_days.days | excluded.days`,
  deadLetter: `
    INSERT INTO dead_letters (run_id, gate, user_key, issuer, subject, stored_action_id, callback_url, host,
      accepted_at_ms, died_at_ms, result, attempts, status, reason, seq, dismissed, dismissed_at_ms, dismissed_by, dismissal)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
    ON CONFLICT (run_id, gate) DO UPDATE SET died_at_ms = excluded.died_at_ms, result = excluded.result,
      attempts = excluded.attempts, status = excluded.status, reason = excluded.reason, seq = excluded.seq,
      dismissed = excluded.dismissed, dismissed_at_ms = excluded.dismissed_at_ms,
      dismissed_by = excluded.dismissed_by, dismissal = excluded.dismissal
    WHERE dead_letters.seq < excluded.seq`,
  resolved: "DELETE FROM dead_letters WHERE run_id = ?1 AND gate = ?2 AND seq < ?3",
  expired:
    "DELETE FROM dead_letters WHERE dismissed IN (0, 1) AND died_at_ms < ?2 AND gate = ?1 AND seq < ?3",
  redelivered: `
    INSERT INTO redelivered_runs (redelivery, run_id, gate, delivered) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
  overdue: `
    INSERT INTO overdue_gates (gate, user_key, since_ms, runs, example_run_key, reported_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (gate) DO UPDATE SET since_ms = excluded.since_ms, runs = excluded.runs,
      example_run_key = excluded.example_run_key, reported_at_ms = excluded.reported_at_ms`,
  onTime: "DELETE FROM overdue_gates WHERE gate = ?1",
  epoch: "SELECT id FROM epoch",
};

/** Throws when D1 fails or takes longer than two seconds. */
export async function reportToIndex(
  db: D1Database,
  gate: string,
  entries: readonly OutboxEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  await withTimeout(TIMEOUT_MS, db.batch(entries.map((entry) => toStatement(db, gate, entry))));
}

export type Overdue = { sinceMs: number; runs: number; exampleRunKey: string };

/** Null: nothing is overdue any more. Throws as above. */
export async function reportOverdue(
  db: D1Database,
  gate: string,
  userKey: string,
  overdue: Overdue | null,
  nowMs: number,
): Promise<void> {
  const statement =
    overdue === null
      ? db.prepare(STATEMENTS.onTime).bind(gate)
      : db
          .prepare(STATEMENTS.overdue)
          .bind(gate, userKey, overdue.sinceMs, overdue.runs, overdue.exampleRunKey, nowMs);
  await withTimeout(TIMEOUT_MS, statement.run());
}

/** Which index this is: a new one knows nothing yet. Throws as above. */
export async function readEpoch(db: D1Database): Promise<string> {
  const row = await withTimeout(TIMEOUT_MS, db.prepare(STATEMENTS.epoch).first<{ id: string }>());
  if (row === null) throw new Error("the operators' index has no epoch");
  return row.id;
}

function toStatement(db: D1Database, gate: string, { seq, event }: OutboxEntry): D1PreparedStatement {
  switch (event.kind) {
    case "active_day":
      return activeDay(db, gate, event.userKey, event.day);
    case "dead_letter":
      return putDeadLetter(db, gate, event.deadLetter, seq);
    case "resolved":
      return db.prepare(STATEMENTS.resolved).bind(event.runId, gate, seq);
    case "redelivered": {
      const { redelivery, runId, delivered } = event;
      return db.prepare(STATEMENTS.redelivered).bind(redelivery, runId, gate, Number(delivered));
    }
    case "expired":
      return db.prepare(STATEMENTS.expired).bind(gate, event.beforeMs, seq);
  }
}

/** One row a user and month, a bit for each day of it. */
function activeDay(db: D1Database, gate: string, userKey: string, day: number): D1PreparedStatement {
  const date = new Date(day * 86_400_000);
  const month = date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
  return db.prepare(STATEMENTS.activeDay).bind(month, userKey, gate, 2 ** (date.getUTCDate() - 1));
}

function putDeadLetter(
  db: D1Database,
  gate: string,
  deadLetter: DeadLetter,
  seq: number,
): D1PreparedStatement {
  const { runId, userKey, issuer, subject, storedActionId, callbackUrl, dismissal } = deadLetter;
  return db
    .prepare(STATEMENTS.deadLetter)
    .bind(
      runId,
      gate,
      userKey,
      issuer,
      subject,
      storedActionId,
      callbackUrl,
      callbackUrl === null ? null : (URL.parse(callbackUrl)?.host ?? null),
      deadLetter.acceptedAtMs,
      deadLetter.diedAtMs,
      deadLetter.result,
      deadLetter.attempts,
      deadLetter.status,
      deadLetter.reason,
      seq,
      dismissal === null ? 0 : 1,
      dismissal?.atMs ?? null,
      dismissal?.operator ?? null,
      dismissal?.reason ?? null,
    );
}
