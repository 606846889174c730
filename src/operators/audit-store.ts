// What the console itself writes, and all of its SQL: what operators did, the sessions that they have ended, and their
// redelivery batches. Moves of a
// redelivery are conditional on who holds it, and say whether they moved it.
import { formatTime } from "../platform/date-time.ts";
import { withTimeout } from "../platform/timeout.ts";
import type { Cursor } from "./cursor.ts";
import type { AuditAction, AuditEntry, Redelivery, RedeliveryFilter } from "./views.ts";

const AUDIT = "at_ms, id, operator, via, action, target, detail, outcome";
const REDELIVERY =
  "id, operator, created_at_ms, filter, dismissal, status, position, examined, sent, skipped, moved_at_ms";

/** Exported for the test that reads their plans. */
export const STATEMENTS = {
  noteAction: `INSERT INTO audit (${AUDIT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
  noteOutcome: "UPDATE audit SET outcome = ?3, detail = coalesce(?4, detail) WHERE at_ms = ?1 AND id = ?2",
  auditPage: `
    SELECT ${AUDIT} FROM audit
    WHERE (at_ms, id) < (?1, ?2) AND at_ms >= ?4 AND (?5 IS NULL OR operator = ?5) AND (?6 IS NULL OR action = ?6)
      AND (?7 IS NULL OR target = ?7)
    ORDER BY at_ms DESC, id DESC LIMIT ?3`,
  forgetAudit: "DELETE FROM audit WHERE at_ms < ?1",

  endSession: "INSERT INTO ended_sessions (token_hash, expires_at_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
  endedSession: "SELECT 1 AS ended FROM ended_sessions WHERE token_hash = ?1",
  forgetSessions: "DELETE FROM ended_sessions WHERE expires_at_ms < ?1",

  addRedelivery: `
    INSERT INTO redeliveries (${REDELIVERY}) VALUES (?1, ?2, ?3, ?4, ?5, 'running', NULL, 0, 0, 0, ?3)`,
  redelivery: `SELECT ${REDELIVERY} FROM redeliveries WHERE id = ?1`,
  outcomes: `
    SELECT COUNT(*) AS ended, coalesce(SUM(delivered), 0) AS delivered
    FROM (SELECT delivered FROM redelivered_runs WHERE redelivery = ?1 LIMIT ?2)`,
  stalled: `
    SELECT id FROM redeliveries WHERE status = 'running' AND moved_at_ms <= ?1 ORDER BY moved_at_ms LIMIT ?2`,
  // The consumer that held it has not been heard of: what it reports later changes nothing.
  wake: `
    UPDATE redeliveries SET holder = NULL, moved_at_ms = ?2
    WHERE id = ?1 AND status = 'running' AND moved_at_ms <= ?3`,
  hold: `
    UPDATE redeliveries SET holder = ?2, moved_at_ms = ?3
    WHERE id = ?1 AND status = 'running' AND (holder IS NULL OR moved_at_ms <= ?4)
    RETURNING ${REDELIVERY}`,
  progress: `
    UPDATE redeliveries SET holder = NULL, position = ?3, status = ?4, examined = examined + ?5, sent = sent + ?6,
      skipped = skipped + ?7, moved_at_ms = ?8
    WHERE id = ?1 AND holder = ?2`,
};

const TIMEOUT_MS = 10_000;
/** Every page waits for it. */
const SESSION_TIMEOUT_MS = 2_000;
const MAX_OUTCOMES = 100_000;

type AuditRow = {
  at_ms: number;
  id: string;
  operator: string;
  via: AuditEntry["via"];
  action: AuditAction;
  target: string | null;
  detail: string | null;
  outcome: Exclude<AuditEntry["outcome"], "unknown"> | null;
};

export type Noted = Omit<AuditRow, "outcome">;

type RedeliveryRow = {
  id: string;
  operator: string;
  created_at_ms: number;
  filter: string;
  dismissal: string | null;
  status: Redelivery["status"];
  position: string | null;
  examined: number;
  sent: number;
  skipped: number;
  moved_at_ms: number;
};

/** `position`: what it examined last, or how many of its named runs. */
export type RedeliveryJob = Omit<Redelivery, keyof Outcomes> & { position: string | null; movedAtMs: number };

export async function noteAction(db: D1Database, noted: Noted): Promise<void> {
  await withTimeout(TIMEOUT_MS, noting(db, noted, null).run());
}

export async function noteOutcome(
  db: D1Database,
  { at_ms, id }: Pick<Noted, "at_ms" | "id">,
  outcome: "done" | "refused" | "failed",
  detail: string | null,
): Promise<void> {
  await withTimeout(TIMEOUT_MS, db.prepare(STATEMENTS.noteOutcome).bind(at_ms, id, outcome, detail).run());
}

/** What of the audit trail is asked for; null: any. `fromMs` is part of it. */
export type AuditFilter = {
  operator: string | null;
  action: AuditAction | null;
  target: string | null;
  fromMs: number;
};

/** Newest first. */
export async function auditRows(
  db: D1Database,
  { operator, action, target, fromMs }: AuditFilter,
  after: Cursor,
  limit: number,
): Promise<AuditRow[]> {
  const page = db
    .prepare(STATEMENTS.auditPage)
    .bind(after.atMs, after.id, limit, fromMs, operator, action, target);
  return (await withTimeout(TIMEOUT_MS, page.run<AuditRow>())).results;
}

/** Deletes what is older than `auditFromMs`, and ended sessions whose tokens have expired. */
export async function forgetOld(db: D1Database, auditFromMs: number, nowMs: number): Promise<void> {
  const statements = [
    db.prepare(STATEMENTS.forgetAudit).bind(auditFromMs),
    db.prepare(STATEMENTS.forgetSessions).bind(nowMs),
  ];
  await withTimeout(TIMEOUT_MS, db.batch(statements));
}

/** The session is not let in any more, and the audit trail has it: both or neither. */
export async function endSession(
  db: D1Database,
  { tokenHash, expiresAtMs }: { tokenHash: string; expiresAtMs: number },
  noted: Noted,
): Promise<void> {
  const ending = db.prepare(STATEMENTS.endSession).bind(tokenHash, expiresAtMs);
  await withTimeout(SESSION_TIMEOUT_MS, db.batch([ending, noting(db, noted, "done")]));
}

export async function isSessionEnded(db: D1Database, tokenHash: string): Promise<boolean> {
  const reading = db.prepare(STATEMENTS.endedSession).bind(tokenHash).first();
  return (await withTimeout(SESSION_TIMEOUT_MS, reading)) !== null;
}

/** The redelivery and who started it, both or neither. */
export async function addRedelivery(
  db: D1Database,
  filter: RedeliveryFilter,
  dismissal: string | null,
  noted: Noted,
): Promise<void> {
  const { id, operator, at_ms } = noted;
  const adding = db
    .prepare(STATEMENTS.addRedelivery)
    .bind(id, operator, at_ms, JSON.stringify(filter), dismissal);
  await withTimeout(TIMEOUT_MS, db.batch([adding, noting(db, noted, "done")]));
}

export async function readJob(db: D1Database, id: string): Promise<RedeliveryJob | null> {
  const row = await withTimeout(
    TIMEOUT_MS,
    db.prepare(STATEMENTS.redelivery).bind(id).first<RedeliveryRow>(),
  );
  return row && parseJob(row);
}

export type Outcomes = Pick<Redelivery, "delivered" | "failed">;

/** What has become of the runs that it has sent, as far as the gates have reported it. */
export async function readOutcomes(db: D1Database, id: string): Promise<Outcomes> {
  const counting = db.prepare(STATEMENTS.outcomes).bind(id, MAX_OUTCOMES);
  const row = await withTimeout(TIMEOUT_MS, counting.first<{ ended: number; delivered: number }>());
  const { ended, delivered } = row ?? { ended: 0, delivered: 0 };
  return { delivered, failed: ended - delivered };
}

/** The ids of those that run, and have not moved since. */
export async function stalledJobs(db: D1Database, sinceMs: number, limit: number): Promise<string[]> {
  const stalled = db.prepare(STATEMENTS.stalled).bind(sinceMs, limit);
  return (await withTimeout(TIMEOUT_MS, stalled.run<{ id: string }>())).results.map(({ id }) => id);
}

/** False: it has moved since, or has finished. */
export async function wakeJob(db: D1Database, id: string, nowMs: number, sinceMs: number): Promise<boolean> {
  const woken = await withTimeout(TIMEOUT_MS, db.prepare(STATEMENTS.wake).bind(id, nowMs, sinceMs).run());
  return woken.meta.changes > 0;
}

/** Null: it has finished, or another one holds it who has been heard of since. */
export async function holdJob(
  db: D1Database,
  id: string,
  holder: string,
  nowMs: number,
  sinceMs: number,
): Promise<RedeliveryJob | null> {
  const holding = db.prepare(STATEMENTS.hold).bind(id, holder, nowMs, sinceMs);
  const row = await withTimeout(TIMEOUT_MS, holding.first<RedeliveryRow>());
  return row && parseJob(row);
}

export type Progress = {
  position: string;
  finished: boolean;
  examined: number;
  sent: number;
  skipped: number;
};

/** False: it was taken from this holder meanwhile, and nothing is counted. */
export async function progressJob(
  db: D1Database,
  id: string,
  holder: string,
  { position, finished, examined, sent, skipped }: Progress,
  nowMs: number,
): Promise<boolean> {
  const status = finished ? "finished" : "running";
  const moving = db
    .prepare(STATEMENTS.progress)
    .bind(id, holder, position, status, examined, sent, skipped, nowMs);
  return (await withTimeout(TIMEOUT_MS, moving.run())).meta.changes > 0;
}

function noting(db: D1Database, noted: Noted, outcome: "done" | null): D1PreparedStatement {
  const { at_ms, id, operator, via, action, target, detail } = noted;
  return db.prepare(STATEMENTS.noteAction).bind(at_ms, id, operator, via, action, target, detail, outcome);
}

function parseJob(row: RedeliveryRow): RedeliveryJob {
  const { id, operator, created_at_ms: createdAtMs, filter, moved_at_ms: movedAtMs, ...rest } = row;
  return {
    id,
    operator,
    created_at: formatTime(createdAtMs),
    filter: JSON.parse(filter),
    ...rest,
    movedAtMs,
  };
}
