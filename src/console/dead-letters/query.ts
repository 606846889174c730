// Dead letters, by the host that did not take their callbacks and by the reason, the last one first: from the operators'
// index. One without a callback, whose end could not be read, has no host.

import { type Cursor, encodeCursor, NEWEST } from "../../operators/cursor.ts";
import {
  type DeadLetterFilter,
  type DeadLetterRow,
  fitsFilter,
  type OverdueRow,
  readDeadLetters,
  readOverdue,
} from "../../operators/index-store.ts";
import type { DeadLetter, DeadLetterGroup, DeadLetters, OverdueGate } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import type { Span } from "../shell/parameters.ts";

/** By the time at which they became dead letters. */
export type DeadLetterQuery = DeadLetterFilter & Span & { after: Cursor | null };

const MAX_READ = 2_000;
const PAGE = 50;
const MAX_OVERDUE = 20;

/** The groups are of what fits among the newest 2,000 of the time; each page reads 2,000 at most. */
export async function listDeadLetters(db: D1Database, query: DeadLetterQuery): Promise<DeadLetters> {
  const fromMs = query.fromMs ?? 0;
  const start = query.toMs === null ? NEWEST : { atMs: query.toMs, id: "" };
  const read = (after: Cursor) => readDeadLetters(db, { after, fromMs, limit: MAX_READ + 1 });
  const isFirst = query.after === null || query.after.atMs >= start.atMs;
  const [newest, overdue] = await Promise.all([read(start), readOverdue(db, MAX_OVERDUE)]);
  const onwards = isFirst ? newest : await read(query.after ?? start);
  const page = toPage(onwards.slice(0, MAX_READ), query, onwards.length > MAX_READ);
  return {
    groups: groupByHost(newest.slice(0, MAX_READ).filter((row) => fitsFilter(row, query))),
    dead_letters: page.deadLetters.map(toDeadLetter),
    next_cursor: page.next && encodeCursor(page.next),
    complete: newest.length <= MAX_READ,
    overdue: overdue.map(toOverdueGate),
  };
}

function toPage(
  rows: readonly DeadLetterRow[],
  filter: DeadLetterFilter,
  more: boolean,
): { deadLetters: DeadLetterRow[]; next: Cursor | null } {
  const fitting = rows.filter((row) => fitsFilter(row, filter));
  const deadLetters = fitting.slice(0, PAGE);
  const last = fitting.length > PAGE ? deadLetters.at(-1) : more ? rows.at(-1) : undefined;
  return { deadLetters, next: last === undefined ? null : { atMs: last.died_at_ms, id: last.run_id } };
}

/** The host with the most dead letters first. */
function groupByHost(rows: readonly DeadLetterRow[]): DeadLetterGroup[] {
  const byHost = Map.groupBy(rows, ({ host }) => host);
  const groups = [...byHost].map(([host, deadLetters]) => toGroup(host, deadLetters));
  return groups.toSorted(
    (a, b) => b.dead_letters - a.dead_letters || ((a.host ?? "") < (b.host ?? "") ? -1 : 1),
  );
}

function toGroup(host: string | null, deadLetters: readonly DeadLetterRow[]): DeadLetterGroup {
  const times = deadLetters.map(({ died_at_ms }) => died_at_ms);
  const byReason = Map.groupBy(deadLetters, ({ reason }) => reason);
  const reasons = [...byReason].map(([reason, rows]) => ({ reason, dead_letters: rows.length }));
  return {
    host,
    dead_letters: deadLetters.length,
    oldest_at: formatTime(Math.min(...times)),
    newest_at: formatTime(Math.max(...times)),
    reasons: reasons.toSorted((a, b) => b.dead_letters - a.dead_letters),
  };
}

function toDeadLetter({ gate: _gate, run_id, user_key, subject, host, ...row }: DeadLetterRow): DeadLetter {
  const { accepted_at_ms, died_at_ms, ...end } = row;
  const times = { accepted_at: formatTime(accepted_at_ms), died_at: formatTime(died_at_ms) };
  return { run_id, user: user_key, subject, host, ...times, ...end };
}

function toOverdueGate({ user_key, since_ms, runs, example_run_key }: OverdueRow): OverdueGate {
  return { user: user_key, since: formatTime(since_ms), runs, example_run_key };
}
