// Claims on idempotency ids, one table a day: those of starts that promise nothing else from their admission on, those of
// promised runs once their answer is known. A claim that is changed stays in the table where it stands.
import type { Claim } from "../../runs/claim.ts";
import { type Partition, Partitions } from "./partitions.ts";

const DAY_MS = 86_400_000;
/** A claim may be open for 72 hours, and settled for 72 more. */
const KEPT_DAYS = 7;
const OPEN_DAYS = 3;

type Stored = { claim: string };

/** Where a page of them goes on: the last one of the page before. */
export type AnswerPosition = { day: number; id: string };

export class Answers {
  readonly #sql: SqlStorage;
  readonly #days: Partitions;

  constructor(sql: SqlStorage, tables: readonly string[]) {
    this.#sql = sql;
    this.#days = new Partitions(
      sql,
      tables,
      "answers_",
      (table) => `CREATE TABLE ${table} (id TEXT PRIMARY KEY, claim TEXT NOT NULL) WITHOUT ROWID`,
    );
  }

  find(id: string): Claim | null {
    const found = this.#locate(id);
    return found && parseClaim(found.claim);
  }

  put(id: string, claim: Claim, nowMs: number): void {
    const today = Math.floor(nowMs / DAY_MS);
    const day = this.#locate(id)?.day;
    // What stands in an older table has expired, and goes with it.
    const { table } = day !== undefined && day.period >= today - OPEN_DAYS ? day : this.#days.ensure(today);
    this.#sql.exec(
      `INSERT INTO ${table} (id, claim) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET claim = excluded.claim`,
      id,
      JSON.stringify({ v: 1, ...claim }),
    );
  }

  remove(id: string): void {
    const day = this.#locate(id)?.day;
    if (day !== undefined) this.#sql.exec(`DELETE FROM ${day.table} WHERE id = ?`, id);
  }

  /** From the latest day down, each day's by their ids; `limit` at most, after `position`. */
  page(position: AnswerPosition | null, limit: number): (AnswerPosition & { claim: Claim })[] {
    const found: (AnswerPosition & { claim: Claim })[] = [];
    for (const { table, period: day } of this.#days.newestFirst()) {
      if (position !== null && day > position.day) continue;
      const after = position?.day === day ? position.id : "";
      const sql = `SELECT id, claim FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`;
      for (const { id, claim } of this.#sql.exec<Stored & { id: string }>(sql, after, limit - found.length))
        found.push({ day, id, claim: parseClaim(claim) });
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Drops what can be asked for no more. */
  dropExpired(nowMs: number): void {
    this.#days.dropBefore(Math.floor(nowMs / DAY_MS) - KEPT_DAYS);
  }

  /** Drops the oldest day to make room; false when none is left. KV has the copies. */
  dropOldest(): boolean {
    const [day] = this.#days.oldestFirst();
    if (day !== undefined) this.#days.drop(day);
    return day !== undefined;
  }

  get isEmpty(): boolean {
    return this.#days.newestFirst().length === 0;
  }

  #locate(id: string): (Stored & { day: Partition }) | null {
    for (const day of this.#days.newestFirst()) {
      const [row] = this.#sql.exec<Stored>(`SELECT claim FROM ${day.table} WHERE id = ?`, id).toArray();
      if (row !== undefined) return { ...row, day };
    }
    return null;
  }
}

function parseClaim(text: string): Claim {
  const { v, ...claim }: Claim & { v: number } = JSON.parse(text);
  if (v !== 1) throw new Error(`a claim of version ${v}`);
  return claim;
}
