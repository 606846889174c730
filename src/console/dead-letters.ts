// Callbacks that nobody tries any more, by the host that did not take them, newest first.
import { hostOf } from "../callbacks/destination.ts";
import { cursorOf, NEWEST, type Place } from "./place.ts";
import { type LetterRow, lettersIn } from "./store.ts";
import { timeOf } from "./times.ts";
import type { DeadLetter, DeadLetterGroup, DeadLetters } from "./views.ts";

/** Null: any. `host` as URL.host gives it; `toMs` is not part of the time. */
export type LetterQuery = {
  host: string | null;
  fromMs: number | null;
  toMs: number | null;
  after: Place | null;
};

const MAX_READ = 2_000;
const PAGE = 50;

/** The groups are of the newest 2,000 of the time, whatever host is asked for; each page reads 2,000 at most. */
export async function deadLetters(db: D1Database, query: LetterQuery): Promise<DeadLetters> {
  const fromMs = query.fromMs ?? 0;
  const start = query.toMs === null ? NEWEST : { atMs: query.toMs, id: "" };
  const read = (after: Place) => lettersIn(db, { after, fromMs, limit: MAX_READ + 1 });
  const isFirst = query.after === null || query.after.atMs >= start.atMs;
  const newest = await read(start);
  const onwards = isFirst ? newest : await read(query.after ?? start);
  const page = pageOf(onwards.slice(0, MAX_READ), query.host, onwards.length > MAX_READ);
  return {
    groups: groupsOf(newest.slice(0, MAX_READ)),
    letters: page.letters.map(letterOf),
    next_cursor: page.next && cursorOf(page.next),
    complete: newest.length <= MAX_READ,
  };
}

/** Why it is a dead letter: what the last attempt came to, or that there was none. */
function reasonOf({ error, result }: Pick<LetterRow, "error" | "result">): string {
  return error ?? (result === null ? "its end was never seen" : "given up");
}

function pageOf(
  rows: readonly LetterRow[],
  host: string | null,
  more: boolean,
): { letters: LetterRow[]; next: Place | null } {
  const fitting = rows.filter((row) => host === null || hostOf(row.callback_url) === host);
  const letters = fitting.slice(0, PAGE);
  const last = fitting.length > PAGE ? letters.at(-1) : more ? rows.at(-1) : undefined;
  return { letters, next: last === undefined ? null : { atMs: last.accepted_at_ms, id: last.run_id } };
}

/** The host with the most letters first. */
function groupsOf(rows: readonly LetterRow[]): DeadLetterGroup[] {
  const byHost = Map.groupBy(rows, (row) => hostOf(row.callback_url) ?? "");
  const groups = [...byHost].map(([host, letters]) => groupOf(host, letters));
  return groups.toSorted((a, b) => b.letters - a.letters || (a.host < b.host ? -1 : 1));
}

function groupOf(host: string, letters: readonly LetterRow[]): DeadLetterGroup {
  const times = letters.map(({ accepted_at_ms }) => accepted_at_ms);
  const byReason = Map.groupBy(letters, reasonOf);
  const reasons = [...byReason].map(([reason, of]) => ({ reason, letters: of.length }));
  return {
    host,
    letters: letters.length,
    oldest_at: timeOf(Math.min(...times)),
    newest_at: timeOf(Math.max(...times)),
    reasons: reasons.toSorted((a, b) => b.letters - a.letters),
  };
}

function letterOf(row: LetterRow): DeadLetter {
  return {
    run_id: row.run_id,
    user: row.user_key,
    subject: row.subject,
    host: hostOf(row.callback_url) ?? "",
    accepted_at: timeOf(row.accepted_at_ms),
    attempts: row.attempts,
    reason: reasonOf(row),
  };
}
