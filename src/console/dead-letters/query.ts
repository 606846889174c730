// Dead letters, by the host that did not take their callbacks, by the reason and the status code, the last one first: from
// the operators' index. One without a callback, whose end could not be read, has no host.

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
import { formatTime, timeOrNull } from "../../platform/date-time.ts";
import type { Span } from "../shell/parameters.ts";

/** By the time at which they became dead letters. */
export type DeadLetterQuery = DeadLetterFilter &
  Span & { dismissed: boolean; after: Cursor | null; overdueAfter: Cursor | null };

const MAX_READ = 2_000;
const PAGE = 50;
const MAX_OVERDUE = 20;

/** The groups are of what fits among the newest 2,000 of the time; each page reads 2,000 at most. */
export async function listDeadLetters(db: D1Database, query: DeadLetterQuery): Promise<DeadLetters> {
  const fromMs = query.fromMs ?? 0;
  const start = query.toMs === null ? NEWEST : { atMs: query.toMs, id: "" };
  const read = (after: Cursor) =>
    readDeadLetters(db, { after, fromMs, limit: MAX_READ + 1, dismissed: query.dismissed });
  const isFirst = query.after === null || query.after.atMs >= start.atMs;
  const [newest, overdue] = await Promise.all([read(start), readOverduePage(db, query.overdueAfter)]);
  const onwards = isFirst ? newest : await read(query.after ?? start);
  const page = toPage(onwards.slice(0, MAX_READ), query, onwards.length > MAX_READ);
  return {
    groups: groupByFailure(newest.slice(0, MAX_READ).filter((row) => fitsFilter(row, query))),
    dead_letters: page.deadLetters.map(toDeadLetter),
    next_cursor: page.next && encodeCursor(page.next),
    complete: newest.length <= MAX_READ,
    groups_next_to: timeOrNull(endOfOlder(newest, query.toMs)),
    ...overdue,
  };
}

/** The groups hold no dead letter that is older than this. Those of that very millisecond may be on both pages, so that none is missing. */
function endOfOlder(newest: readonly DeadLetterRow[], toMs: number | null): number | null {
  const first = newest[MAX_READ];
  // A page must lead on, even where thousands died at one time.
  return first === undefined ? null : Math.min(first.died_at_ms + 1, (toMs ?? NEWEST.atMs) - 1);
}

async function readOverduePage(
  db: D1Database,
  after: Cursor | null,
): Promise<Pick<DeadLetters, "overdue" | "overdue_next_cursor">> {
  const read = await readOverdue(db, MAX_OVERDUE + 1, after ?? undefined);
  const shown = read.slice(0, MAX_OVERDUE);
  const last = read.length > MAX_OVERDUE ? shown.at(-1) : undefined;
  return {
    overdue: shown.map(toOverdueGate),
    overdue_next_cursor: last === undefined ? null : encodeCursor({ atMs: last.since_ms, id: last.gate }),
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

/** The group with the most dead letters first. */
function groupByFailure(rows: readonly DeadLetterRow[]): DeadLetterGroup[] {
  const groups = Map.groupBy(rows, ({ host, reason, status }) => JSON.stringify([host, reason, status]));
  return [...groups]
    .toSorted(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
    .flatMap(([, deadLetters]) => toGroup(deadLetters));
}

function toGroup(deadLetters: readonly DeadLetterRow[]): DeadLetterGroup[] {
  // The one that died last is the first.
  const [newest, oldest] = [deadLetters[0], deadLetters.at(-1)];
  if (newest === undefined || oldest === undefined) return [];
  const { host, reason, status } = newest;
  const times = { oldest_at: formatTime(oldest.died_at_ms), newest_at: formatTime(newest.died_at_ms) };
  return [{ host, reason, status, dead_letters: deadLetters.length, ...times }];
}

function toDeadLetter(row: DeadLetterRow): DeadLetter {
  const { run_id, user_key, subject, host, accepted_at_ms, died_at_ms, ...rest } = row;
  const { result, attempts, status, reason, dismissed_at_ms: atMs, dismissed_by: by, dismissal } = rest;
  const times = { accepted_at: formatTime(accepted_at_ms), died_at: formatTime(died_at_ms) };
  const dismissed = atMs === null ? null : { at: formatTime(atMs), by: by ?? "", reason: dismissal ?? "" };
  return { run_id, user: user_key, subject, host, ...times, result, attempts, status, reason, dismissed };
}

function toOverdueGate({ user_key, since_ms, runs, example_run_key }: OverdueRow): OverdueGate {
  return { user: user_key, since: formatTime(since_ms), runs, example_run_key };
}
