// The rows of runs that must still be polled or delivered. An integer is the key, because such a row grows beyond what a table
// without row ids holds well; which number is whose, the index in memory knows (run-index.ts).

import type { OpenRun } from "../../runs/open-run.ts";
import type { Windows } from "../counter.ts";

/**
 * `run_id`: the upstream's, once it is known. `accepted_at_ms`: of a run that waits for its end, because its polls follow
 * from it. `counted`: JSON of Windows as they stood when the row was written. `record`: JSON of OpenRun.
 */
const DDL = `
  CREATE TABLE open_runs (
    id INTEGER PRIMARY KEY, run_key TEXT NOT NULL, run_id TEXT, due_at_ms INTEGER NOT NULL, accepted_at_ms INTEGER,
    counted_revision INTEGER NOT NULL, counted TEXT NOT NULL, record TEXT NOT NULL
  )`;

const INSERT = `
  INSERT INTO open_runs (run_key, run_id, due_at_ms, accepted_at_ms, counted_revision, counted, record)
  VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`;
const UPDATE = `
  UPDATE open_runs SET run_key = ?, run_id = ?, due_at_ms = ?, accepted_at_ms = ?, counted_revision = ?, counted = ?, record = ?
  WHERE id = ?`;

export type OpenRow = {
  id: number;
  runKey: string;
  runId: string | null;
  dueAtMs: number;
  acceptedAtMs: number | null;
};

type Stored = {
  id: number;
  run_key: string;
  run_id: string | null;
  due_at_ms: number;
  accepted_at_ms: number | null;
  counted_revision: number;
};

export class OpenRuns {
  readonly #sql: SqlStorage;
  #exists: boolean;

  constructor(sql: SqlStorage, tables: readonly string[]) {
    this.#sql = sql;
    this.#exists = tables.includes("open_runs");
  }

  get exists(): boolean {
    return this.#exists;
  }

  /** All of them, and the newest count that one of them carries. The only scan there is, once in an object's life. */
  load(): { rows: OpenRow[]; counted: Windows | null } {
    if (!this.#exists) return { rows: [], counted: null };
    const columns = "id, run_key, run_id, due_at_ms, accepted_at_ms, counted_revision";
    const rows: OpenRow[] = [];
    let newest: Stored | null = null;
    for (const row of this.#sql.exec<Stored>(`SELECT ${columns} FROM open_runs`)) {
      rows.push({
        id: row.id,
        runKey: row.run_key,
        runId: row.run_id,
        dueAtMs: row.due_at_ms,
        acceptedAtMs: row.accepted_at_ms,
      });
      if (newest === null || row.counted_revision > newest.counted_revision) newest = row;
    }
    return { rows, counted: newest && this.#counted(newest.id) };
  }

  read(id: number): OpenRun {
    const { record } = this.#sql
      .exec<{ record: string }>("SELECT record FROM open_runs WHERE id = ?", id)
      .one();
    const { v, ...open }: OpenRun & { v: number } = JSON.parse(record);
    if (v !== 1) throw new Error(`an open run of version ${v}`);
    return open;
  }

  /** `id` null: a new row. Says which row it is. */
  write(id: number | null, open: OpenRun, dueAtMs: number, counted: Windows): number {
    const { run } = open;
    const values = [
      open.runKey,
      run.status === "forwarding" ? null : run.runId,
      dueAtMs,
      // One that failed is due when its pause is over.
      run.status === "accepted" && open.failures === 0 ? run.acceptedAtMs : null,
      counted.revision,
      JSON.stringify(counted),
      JSON.stringify({ v: 1, ...open }),
    ];
    if (id !== null) {
      this.#sql.exec(UPDATE, ...values, id);
      return id;
    }
    if (!this.#exists) this.#sql.exec(DDL);
    this.#exists = true;
    return this.#sql.exec<{ id: number }>(INSERT, ...values).one().id;
  }

  remove(id: number): void {
    this.#sql.exec("DELETE FROM open_runs WHERE id = ?", id);
  }

  /** The table, when no run is open. */
  dropIfEmpty(): void {
    if (!this.#exists || this.#sql.exec("SELECT id FROM open_runs LIMIT 1").toArray().length > 0) return;
    this.#sql.exec("DROP TABLE open_runs");
    this.#exists = false;
  }

  #counted(id: number): Windows {
    const { counted } = this.#sql
      .exec<{ counted: string }>("SELECT counted FROM open_runs WHERE id = ?", id)
      .one();
    return JSON.parse(counted);
  }
}
