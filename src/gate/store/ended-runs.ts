// Runs of which nothing is owed any more, in the order in which that came about, one table a week. Everything that a
// redelivery needs is in the row. A run that is opened again leaves its row. Only a dead letter has a `dead_letter_run_key`, its run
// key, so that dead letters are found without a look at the other rows, which pay nothing for it.

import { type Abandoned, type Ended, toDeliveryState } from "../../runs/run.ts";
import type { Terms } from "../../runs/terms.ts";
import type { Windows } from "../counter.ts";
import type { Dismissal } from "../index-event.ts";
import { type Partition, Partitions } from "./partitions.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

function ddl(table: string): string {
  return `
    CREATE TABLE ${table} (
      seq INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL UNIQUE,
      dead_letter_run_key TEXT,
      finished_at_ms INTEGER NOT NULL,
      counted_revision INTEGER NOT NULL,
      counted TEXT NOT NULL,
      record TEXT NOT NULL
    );
    CREATE INDEX ${table}_dead_letters ON ${table} (dead_letter_run_key) WHERE dead_letter_run_key IS NOT NULL`;
}

export type FinishedRun = {
  runKey: string;
  terms: Terms;
  run: Ended | Abandoned;
  finishedAtMs: number;
  /** Of a dead letter. */
  dismissal?: Dismissal;
};

/** Where a page of them goes on: the last row of the page before. */
export type EndedPosition = { week: number; seq: number };
/** The same of a page of dead letters, which come by their run keys. */
export type DeadLetterPosition = EndedPosition & { runKey: string };

/** Before every run of the week in which `ms` is: it leads to what finished then, or earlier. */
export function positionBefore(ms: number): EndedPosition {
  return { week: Math.floor(ms / WEEK_MS), seq: Number.MAX_SAFE_INTEGER };
}

type Stored = { seq: number; dead_letter_run_key: string | null; finished_at_ms: number; record: string };

const COLUMNS = "seq, dead_letter_run_key, finished_at_ms, record";

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

  /** Says whether it is a dead letter: operators are to see it. */
  add(finished: FinishedRun, counted: Windows): boolean {
    const { runKey, terms, run, finishedAtMs } = finished;
    const isDeadLetter = run.status === "abandoned" || toDeliveryState(run, terms) === "dead";
    const { table } = this.#weeks.ensure(Math.floor(finishedAtMs / WEEK_MS));
    this.#sql.exec(
      `INSERT INTO ${table} (run_id, dead_letter_run_key, finished_at_ms, counted_revision, counted, record) VALUES (?, ?, ?, ?, ?, ?)`,
      run.runId,
      isDeadLetter ? runKey : null,
      finishedAtMs,
      counted.revision,
      JSON.stringify(counted),
      encodeRecord(finished),
    );
    return isDeadLetter;
  }

  /** Into the present week's table. */
  move(finished: FinishedRun, nowMs: number, counted: Windows): void {
    this.remove(finished.run.runId);
    this.add({ ...finished, finishedAtMs: nowMs }, counted);
  }

  has(runId: string): boolean {
    return this.#locate("run_id = ?", runId) !== null;
  }

  isDeadLetter(runId: string): boolean {
    return this.#locate("run_id = ?", runId)?.isDeadLetter === true;
  }

  find(runId: string): FinishedRun | null {
    return this.#locate("run_id = ?", runId)?.finished ?? null;
  }

  findAbandoned(runKey: string): FinishedRun | null {
    const isAbandoned = "dead_letter_run_key = ? AND record ->> '$.run.status' = 'abandoned'";
    return this.#locate(isAbandoned, runKey)?.finished ?? null;
  }

  /** Says whether it was a dead letter. */
  remove(runId: string): boolean {
    const found = this.#locate("run_id = ?", runId);
    if (found !== null) this.#sql.exec(`DELETE FROM ${found.week.table} WHERE seq = ?`, found.seq);
    return found?.isDeadLetter === true;
  }

  /** The dead letter with its dismissal. The first one stands; the same one again, of a call whose answer was lost, is that one. */
  dismiss(runId: string, dismissal: Dismissal): FinishedRun | "dismissed_before" | "no_dead_letter" {
    const found = this.#locate("run_id = ?", runId);
    if (found?.isDeadLetter !== true) return "no_dead_letter";
    const first = found.finished.dismissal;
    if (first?.operator === dismissal.operator && first.reason === dismissal.reason) return found.finished;
    if (first !== undefined) return "dismissed_before";
    const dismissed = { ...found.finished, dismissal };
    const sql = `UPDATE ${found.week.table} SET record = ? WHERE seq = ?`;
    this.#sql.exec(sql, encodeRecord(dismissed), found.seq);
    return dismissed;
  }

  /** From the newest down, `limit` at most, after `position`. */
  page(position: EndedPosition | null, limit: number): (FinishedRun & EndedPosition)[] {
    return this.#page(position?.week ?? null, limit, (table, week, left) =>
      this.#sql.exec<Stored>(
        `SELECT ${COLUMNS} FROM ${table} WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
        position?.week === week ? position.seq : Number.MAX_SAFE_INTEGER,
        left,
      ),
    );
  }

  /** The dead letters among them, week by week from the newest down, each week's by their run keys. */
  deadLetters(position: DeadLetterPosition | null, limit: number): (FinishedRun & DeadLetterPosition)[] {
    return this.#page(position?.week ?? null, limit, (table, week, left) => {
      const [runKey, seq] = position?.week === week ? [position.runKey, position.seq] : ["", 0];
      return this.#sql.exec<Stored>(
        `SELECT ${COLUMNS} FROM ${table} WHERE dead_letter_run_key IS NOT NULL AND (dead_letter_run_key, seq) > (?, ?)
         ORDER BY dead_letter_run_key, seq LIMIT ?`,
        runKey,
        seq,
        left,
      );
    });
  }

  /** Whose run ids begin so, `limit` at most. `prefix`: hexadecimal digits and hyphens. */
  startingWith(prefix: string, limit: number): FinishedRun[] {
    return this.#page(null, limit, (table, _week, left) =>
      this.#sql.exec<Stored>(
        `SELECT ${COLUMNS} FROM ${table} WHERE run_id >= ? AND run_id < ? LIMIT ?`,
        prefix,
        `${prefix}g`,
        left,
      ),
    );
  }

  /** In UTC, counted from 1970, from each week's first run to its last: on some of these days none may have ended. */
  days(): number[] {
    return this.#weeks.newestFirst().flatMap(({ table }) => {
      const ends = this.#sql
        .exec<{ day: number }>(
          `SELECT finished_at_ms / ${DAY_MS} AS day FROM ${table}
           WHERE seq IN ((SELECT min(seq) FROM ${table}), (SELECT max(seq) FROM ${table})) ORDER BY seq`,
        )
        .toArray();
      const [first, last] = [ends[0]?.day ?? 0, ends.at(-1)?.day ?? -1];
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    });
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

  #page(
    fromWeek: number | null,
    limit: number,
    read: (table: string, week: number, left: number) => Iterable<Stored>,
  ): (FinishedRun & DeadLetterPosition)[] {
    const found: (FinishedRun & DeadLetterPosition)[] = [];
    for (const { table, period: week } of this.#weeks.newestFirst()) {
      if (fromWeek !== null && week > fromWeek) continue;
      for (const row of read(table, week, limit - found.length))
        found.push({ ...parseFinished(row), week, seq: row.seq, runKey: row.dead_letter_run_key ?? "" });
      if (found.length >= limit) break;
    }
    return found;
  }

  #locate(
    condition: string,
    value: string,
  ): { week: Partition; seq: number; isDeadLetter: boolean; finished: FinishedRun } | null {
    for (const week of this.#weeks.newestFirst()) {
      const [row] = this.#sql
        .exec<Stored>(
          `SELECT ${COLUMNS} FROM ${week.table} WHERE ${condition} ORDER BY seq DESC LIMIT 1`,
          value,
        )
        .toArray();
      if (row !== undefined)
        return {
          week,
          seq: row.seq,
          isDeadLetter: row.dead_letter_run_key !== null,
          finished: parseFinished(row),
        };
    }
    return null;
  }
}

function parseFinished({ record, finished_at_ms: finishedAtMs }: Stored): FinishedRun {
  const { v, ...finished }: FinishedRun & { v: number } = JSON.parse(record);
  if (v !== 1) throw new Error(`an ended run of version ${v}`);
  return { ...finished, finishedAtMs };
}

function encodeRecord({ runKey, terms, run, dismissal }: FinishedRun): string {
  return JSON.stringify({ v: 1, runKey, terms, run, dismissal });
}
