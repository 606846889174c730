// Finding runs, newest first. One run's id leads straight to it; everything else goes by the best index, filters what
// that cannot tell, and stops after a bounded number of runs, with a cursor to go on from.
import type { DeliveryState } from "../ledger/entry.ts";
import { cursorOf, NEWEST, type Place } from "./place.ts";
import { type Filter, type Source, type SummaryRow, searchIn, summaryOfRun } from "./store.ts";
import { summaryOf } from "./summary.ts";
import { timeOf } from "./times.ts";
import type { RunPage } from "./views.ts";

/** Null: any. `toMs` is not part of the time. */
export type RunQuery = Filter & {
  runId: string | null;
  userKey: string | null;
  fromMs: number | null;
  toMs: number | null;
  after: Place | null;
};

const PAGE = 50;

export async function searchRuns(db: D1Database, query: RunQuery): Promise<RunPage> {
  if (query.runId !== null) return oneRun(db, query.runId, query);
  const searched = await searchIn(db, sourceOf(query), rangeOf(query), query);
  const rows = searched.rows.slice(0, PAGE);
  const lastShown = searched.rows.length > PAGE ? placeOfRow(rows.at(-1)) : null;
  const next = lastShown ?? searched.boundary;
  return {
    runs: rows.map((row) => summaryOf(row, null)),
    next_cursor: next && cursorOf(next),
    searched_to: next && timeOf(next.atMs),
  };
}

async function oneRun(db: D1Database, runId: string, query: RunQuery): Promise<RunPage> {
  const row = await summaryOfRun(db, runId);
  const runs = row !== null && passes(row, query) ? [summaryOf(row, null)] : [];
  return { runs, next_cursor: null, searched_to: null };
}

function passes(
  row: SummaryRow,
  { userKey, storedActionId, state, result, fromMs, toMs }: RunQuery,
): boolean {
  return (
    (userKey === null || row.user_key === userKey) &&
    (storedActionId === null || row.stored_action_id === storedActionId) &&
    (state === null || row.state === state) &&
    (result === null || (row.result ?? "none") === result) &&
    (fromMs === null || row.accepted_at_ms >= fromMs) &&
    (toMs === null || row.accepted_at_ms < toMs)
  );
}

function sourceOf({ userKey, state }: RunQuery): { kind: Source; value: string | null } {
  if (userKey !== null) return { kind: "user", value: userKey };
  return isUndelivered(state) ? { kind: "undelivered", value: state } : { kind: "everybody", value: null };
}

function isUndelivered(state: DeliveryState | null): boolean {
  return state === "dead" || state === "retrying";
}

function rangeOf({ after, fromMs, toMs }: RunQuery): { after: Place; fromMs: number; limit: number } {
  const newest = toMs === null ? NEWEST : { atMs: toMs, id: "" };
  const start = after !== null && after.atMs < newest.atMs ? after : newest;
  return { after: start, fromMs: fromMs ?? 0, limit: PAGE + 1 };
}

function placeOfRow(row: SummaryRow | undefined): Place | null {
  return row === undefined ? null : { atMs: row.accepted_at_ms, id: row.run_id };
}
