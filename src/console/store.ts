// What operators are shown of the books, and all of its SQL. Each statement finds its rows by an index and reads a
// bounded number of them, or one bounded time; none of them is on a run's way. What operators did is in journal.ts.
import { within } from "../deadline.ts";
import type { DeliveryState } from "../ledger/entry.ts";
import type { Place } from "./place.ts";

const SUMMARY =
  "run_id, user_key, stored_action_id, callback_url, accepted_at_ms, ended_at_ms, result, state, attempts, next_attempt_at_ms, charged_at_ms, intent ->> 'issuer' AS issuer, intent ->> 'subject' AS subject";
const NEWEST_FIRST = "ORDER BY accepted_at_ms DESC, run_id DESC";
/** From the newest (?1, ?2) down to the time ?3. */
const WITHIN = "(accepted_at_ms, run_id) < (?1, ?2) AND accepted_at_ms >= ?3";

/** Which index leads to the runs; what it does not know is filtered, within a bounded number of them. */
const SOURCES = {
  everybody: `FROM runs WHERE ${WITHIN} AND ?4 IS NULL`,
  user: `FROM runs WHERE user_key = ?4 AND ${WITHIN}`,
  // The index's own condition, word for word.
  undelivered: `FROM runs WHERE state IN ('dead', 'retrying') AND state = ?4 AND ${WITHIN}`,
} as const;

export type Source = keyof typeof SOURCES;

/** Each is a row read for what it is, and one for the boundary: 10,000 a page. */
const MAX_SEARCHED = 5_000;

function found(source: Source): string {
  return `
    SELECT * FROM (SELECT ${SUMMARY} ${SOURCES[source]} ${NEWEST_FIRST} LIMIT ${MAX_SEARCHED})
    WHERE (?5 IS NULL OR stored_action_id = ?5) AND (?6 IS NULL OR state = ?6)
      AND (?7 IS NULL OR coalesce(result, 'none') = ?7)
    LIMIT ?8`;
}

/** The last run that a search looks at, if there are as many. */
function boundary(source: Source): string {
  return `SELECT accepted_at_ms, run_id ${SOURCES[source]} ${NEWEST_FIRST} LIMIT 1 OFFSET ${MAX_SEARCHED - 1}`;
}

/** Exported for the test that reads their plans. */
export const STATEMENTS = {
  foundOfEverybody: found("everybody"),
  foundOfUser: found("user"),
  foundUndelivered: found("undelivered"),
  boundaryOfEverybody: boundary("everybody"),
  boundaryOfUser: boundary("user"),
  boundaryUndelivered: boundary("undelivered"),

  run: `SELECT ${SUMMARY} FROM runs WHERE run_id = ?1`,

  latestOfUser: `
    SELECT intent ->> 'issuer' AS issuer, intent ->> 'subject' AS subject FROM runs
    WHERE user_key = ?1 ORDER BY accepted_at_ms DESC LIMIT 1`,

  usage: `
    SELECT charged_at_ms / 86400000 AS day, COUNT(*) AS tasks FROM charges
    WHERE user_key = ?1 AND charged_at_ms >= ?2 GROUP BY day ORDER BY day DESC`,

  letters: `
    SELECT r.run_id, r.user_key, r.callback_url, r.accepted_at_ms, r.attempts, r.result,
      r.intent ->> 'subject' AS subject, a.error
    FROM (SELECT * ${SOURCES.undelivered} ${NEWEST_FIRST} LIMIT ?5) AS r
    LEFT JOIN attempts AS a ON a.run_id = r.run_id AND a.number = r.attempts`,

  latestAttempts: `
    SELECT r.callback_url, a.at_ms, a.status, a.duration_ms, a.error
    FROM (SELECT run_id, callback_url FROM runs WHERE accepted_at_ms <= ?1 ${NEWEST_FIRST} LIMIT ?2) AS r
    CROSS JOIN attempts AS a WHERE a.run_id = r.run_id LIMIT ?2`,
};

const BY_SOURCE = {
  everybody: [STATEMENTS.foundOfEverybody, STATEMENTS.boundaryOfEverybody],
  user: [STATEMENTS.foundOfUser, STATEMENTS.boundaryOfUser],
  undelivered: [STATEMENTS.foundUndelivered, STATEMENTS.boundaryUndelivered],
} as const;

const TIMEOUT_MS = 10_000;

export type SummaryRow = {
  run_id: string;
  user_key: string;
  stored_action_id: string | null;
  callback_url: string | null;
  accepted_at_ms: number;
  ended_at_ms: number | null;
  result: "success" | "error" | null;
  state: DeliveryState;
  attempts: number;
  next_attempt_at_ms: number | null;
  charged_at_ms: number | null;
  issuer: string;
  subject: string;
};

export type LetterRow = {
  run_id: string;
  user_key: string;
  callback_url: string;
  accepted_at_ms: number;
  attempts: number;
  result: string | null;
  subject: string;
  error: string | null;
};

export type AttemptedRow = {
  callback_url: string;
  at_ms: number;
  status: number | null;
  duration_ms: number;
  error: string | null;
};

/** What must hold of a run beside what its source says. */
export type Filter = {
  storedActionId: string | null;
  state: DeliveryState | null;
  result: "success" | "error" | "none" | null;
};

export type Searched = {
  rows: SummaryRow[];
  /** The last run that was looked at; null when there were no more. */
  boundary: Place | null;
};

/** At most `limit` runs, and at most 10,000 rows read. */
export async function searchIn(
  db: D1Database,
  source: { kind: Source; value: string | null },
  { after, fromMs, limit }: { after: Place; fromMs: number; limit: number },
  { storedActionId, state, result }: Filter,
): Promise<Searched> {
  const [finding, bounding] = BY_SOURCE[source.kind];
  const range = [after.atMs, after.id, fromMs, source.value];
  const [rows, last] = await within(
    TIMEOUT_MS,
    db.batch<SummaryRow>([
      db.prepare(finding).bind(...range, storedActionId, state, result, limit),
      db.prepare(bounding).bind(...range),
    ]),
  );
  const end = last?.results[0];
  return {
    rows: rows?.results ?? [],
    boundary: end === undefined ? null : { atMs: end.accepted_at_ms, id: end.run_id },
  };
}

export async function summaryOfRun(db: D1Database, runId: string): Promise<SummaryRow | null> {
  return within(TIMEOUT_MS, db.prepare(STATEMENTS.run).bind(runId).first<SummaryRow>());
}

export type UserBooks = {
  user: { issuer: string; subject: string } | null;
  usage: { day: number; tasks: number }[];
};

/** `day` counts from 1970. */
export async function booksOfUser(db: D1Database, userKey: string, sinceMs: number): Promise<UserBooks> {
  const latest = db.prepare(STATEMENTS.latestOfUser).bind(userKey);
  const usage = db.prepare(STATEMENTS.usage).bind(userKey, sinceMs);
  const [user, days] = await within(
    TIMEOUT_MS,
    Promise.all([
      latest.first<{ issuer: string; subject: string }>(),
      usage.run<{ day: number; tasks: number }>(),
    ]),
  );
  return { user, usage: days.results };
}

/** Dead letters with what became of their last attempt, newest first. */
export async function lettersIn(
  db: D1Database,
  { after, fromMs, limit }: { after: Place; fromMs: number; limit: number },
): Promise<LetterRow[]> {
  const letters = db.prepare(STATEMENTS.letters).bind(after.atMs, after.id, fromMs, "dead", limit);
  const { results } = await within(TIMEOUT_MS, letters.run<LetterRow>());
  return results;
}

/** Of the runs that were accepted last, as many as are asked for at most. */
export async function latestAttempts(db: D1Database, nowMs: number, limit: number): Promise<AttemptedRow[]> {
  const attempts = db.prepare(STATEMENTS.latestAttempts).bind(nowMs, limit);
  const { results } = await within(TIMEOUT_MS, attempts.run<AttemptedRow>());
  return results;
}
