// Runs of which nothing is owed any more, in the order in which that came about, one table a week. Everything that a
// redelivery needs is in the row. A run that is opened again leaves its row.

import type { Abandoned, Ended } from "../../runs/run.ts";
import type { Terms } from "../../runs/terms.ts";
import type { Windows } from "../counter.ts";
import { type Partition, Partitions } from "./partitions.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

function ddl(table: string): string {
  // `abandoned_key` is there for the few runs that a completion can still bring back; the others pay nothing for it.
  return `
    CREATE TABLE ${table} (
      seq INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL UNIQUE,
      abandoned_key TEXT,
      finished_at_ms INTEGER NOT NULL,
      counted_revision INTEGER NOT NULL,
      counted TEXT NOT NULL,
      record TEXT NOT NULL
    );
    CREATE INDEX ${table}_abandoned ON ${table} (abandoned_key) WHERE abandoned_key IS NOT NULL`;
}

export type FinishedRun = { runKey: string; terms: Terms; run: Ended | Abandoned; finishedAtMs: number };

/** Where a page of them goes on: the last row of the page before. */
export type EndedPosition = { week: number; seq: number };

/** Before every run of the week in which `ms` is: it leads to what finished then, or earlier. */
export function positionBefore(ms: number): EndedPosition {
  return { week: Math.floor(ms / WEEK_MS), seq: Number.MAX_SAFE_INTEGER };
}

type Stored = { seq: number; finished_at_ms: number; record: string };

const COLUMNS = "seq, finished_at_ms, record";

export class EndedRuns {
  readonly #sql: SqlStorage;
  readonly #weeks: Partitions;

  constructor(sql: SqlStorage, tables: readonly string[]) {
    this.#sql = sql;
    this.#weeks = new Partitions(sql, tables, "ended_runs_", ddl);
  }

  get isEmpty(): boolean {
    return this.#weeks.newestFirst().length === 0;
  }

  add({ runKey, terms, run, finishedAtMs }: FinishedRun, counted: Windows): void {
    const { table } = this.#weeks.ensure(Math.floor(finishedAtMs / WEEK_MS));
    this.#sql.exec(
      `INSERT INTO ${table} (run_id, abandoned_key, finished_at_ms, counted_revision, counted, record) VALUES (?, ?, ?, ?, ?, ?)`,
      run.runId,
      run.status === "abandoned" ? runKey : null,
      finishedAtMs,
      counted.revision,
      JSON.stringify(counted),
      JSON.stringify({ v: 1, runKey, terms, run }),
    );
  }

  /** Into the present week's table. */
  move(finished: FinishedRun, nowMs: number, counted: Windows): void {
    this.remove(finished.run.runId);
    this.add({ ...finished, finishedAtMs: nowMs }, counted);
  }

  has(runId: string): boolean {
    return this.#locate("run_id", runId) !== null;
  }

  find(runId: string): FinishedRun | null {
    return this.#locate("run_id", runId)?.finished ?? null;
  }

  findAbandoned(runKey: string): FinishedRun | null {
    return this.#locate("abandoned_key", runKey)?.finished ?? null;
  }

  remove(runId: string): void {
    const found = this.#locate("run_id", runId);
    if (found !== null) this.#sql.exec(`DELETE FROM ${found.week.table} WHERE seq = ?`, found.seq);
  }

  /** From the newest down, `limit` at most, after `position`. */
  page(position: EndedPosition | null, limit: number): (FinishedRun & EndedPosition)[] {
    const found: (FinishedRun & EndedPosition)[] = [];
    for (const { table, period } of this.#weeks.newestFirst()) {
      if (position !== null && period > position.week) continue;
      const before = position?.week === period ? position.seq : Number.MAX_SAFE_INTEGER;
      const rows = this.#sql
        .exec<Stored>(
          `SELECT ${COLUMNS} FROM ${table} WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
          before,
          limit - found.length,
        )
        .toArray();
      found.push(...rows.map((row) => ({ ...parseFinished(row), week: period, seq: row.seq })));
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The newest count that a row carries. A clock that steps back writes into the week before the newest one. */
  newestCounted(): Windows | null {
    let newest: Windows | null = null;
    for (const { table } of this.#weeks.newestFirst().slice(0, 2)) {
      const [row] = this.#sql
        .exec<{ counted: string }>(`SELECT counted FROM ${table} ORDER BY seq DESC LIMIT 1`)
        .toArray();
      const counted: Windows | null = row === undefined ? null : JSON.parse(row.counted);
      if (counted !== null && counted.revision > (newest?.revision ?? -1)) newest = counted;
    }
    return newest;
  }

  /** Drops the weeks whose last run finished before `beforeMs`. Says when the last of them ended; null: there was none. */
  dropExpired(beforeMs: number): number | null {
    let endedAtMs: number | null = null;
    for (const week of this.#weeks.oldestFirst()) {
      const weekEndsMs = (week.period + 1) * WEEK_MS;
      if (weekEndsMs > beforeMs) break;
      this.#weeks.drop(week);
      endedAtMs = weekEndsMs;
    }
    return endedAtMs;
  }

  /** The oldest week, which goes first when room must be made; null: it was not over before `beforeMs`. */
  oldest(beforeMs: number): Partition | null {
    const [week] = this.#weeks.oldestFirst();
    return week !== undefined && week.period < Math.floor(beforeMs / WEEK_MS) ? week : null;
  }

  drop(week: Partition): void {
    this.#weeks.drop(week);
  }

  #locate(
    column: "run_id" | "abandoned_key",
    value: string,
  ): { week: Partition; seq: number; finished: FinishedRun } | null {
    for (const week of this.#weeks.newestFirst()) {
      const [row] = this.#sql
        .exec<Stored>(
          `SELECT ${COLUMNS} FROM ${week.table} WHERE ${column} = ? ORDER BY seq DESC LIMIT 1`,
          value,
        )
        .toArray();
      if (row !== undefined) return { week, seq: row.seq, finished: parseFinished(row) };
    }
    return null;
  }
}

function parseFinished({ record, finished_at_ms: finishedAtMs }: Stored): FinishedRun {
  const { v, runKey, terms, run }: FinishedRun & { v: number } = JSON.parse(record);
  if (v !== 1) throw new Error(`an ended run of version ${v}`);
  return { runKey, terms, run, finishedAtMs };
}
