// What is still to be reported to the operators' index (D1). A row is written in the transaction that it speaks of and leaves
// when D1 has it, so D1 may be away for a week. No `seq` is ever used again: D1 may carry out a batch after its repetition,
// and takes no event that is older than what it knows.
import type { IndexEvent } from "../index-event.ts";

const DDL = `
  CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, not_before_ms INTEGER NOT NULL, event TEXT NOT NULL)`;

export type OutboxEntry = { seq: number; event: IndexEvent };

export class Outbox {
  readonly #sql: SqlStorage;
  #exists: boolean;

  constructor(sql: SqlStorage, tables: readonly string[]) {
    this.#sql = sql;
    this.#exists = tables.includes("outbox");
  }

  /** Events about one run or user keep their order only when none of them has to wait. */
  add(event: IndexEvent, notBeforeMs = 0): void {
    if (!this.#exists) this.#sql.exec(DDL);
    this.#exists = true;
    this.#sql.exec(
      "INSERT INTO outbox (not_before_ms, event) VALUES (?, ?)",
      notBeforeMs,
      JSON.stringify(event),
    );
  }

  /** In the order in which it came about, `limit` at most. */
  due(nowMs: number, limit: number): OutboxEntry[] {
    if (!this.#exists) return [];
    return this.#sql
      .exec<{ seq: number; event: string }>(
        "SELECT seq, event FROM outbox WHERE not_before_ms <= ? ORDER BY seq LIMIT ?",
        nowMs,
        limit,
      )
      .toArray()
      .map(({ seq, event }) => ({ seq, event: JSON.parse(event) }));
  }

  /** When the next one is due, of those that have waited longest; null: there is none. */
  nextAtMs(): number | null {
    if (!this.#exists) return null;
    const first = "SELECT not_before_ms FROM outbox ORDER BY seq LIMIT 10";
    return this.#sql.exec<{ next: number | null }>(`SELECT min(not_before_ms) AS next FROM (${first})`).one()
      .next;
  }

  remove(entries: readonly OutboxEntry[]): void {
    for (const { seq } of entries) this.#sql.exec("DELETE FROM outbox WHERE seq = ?", seq);
  }
}
