// One row is one task, one table a month, and beside it one for the billing contexts of its charges, each once. The moment of a charge is its key and its cursor: each is later than the one
// before, and later than the end of any span that a caller was shown, so nothing is ever inserted behind a cursor, and a
// span that lies in the past never changes.
import type { Billing } from "../../auth/caller.ts";
import { Partitions } from "./partitions.ts";

const DAY_MS = 86_400_000;

export type Charge = {
  chargedAtMs: number;
  runId: string;
  /** Null for a one-off run. */
  storedActionId: string | null;
  billing: Billing;
};

type Stored = {
  charged_at_ms: number;
  run_id: string;
  stored_action_id: string | null;
  billing: string;
};

export class Charges {
  readonly #sql: SqlStorage;
  readonly #months: Partitions;
  readonly #billings: Partitions;
  #lastAtMs: number | "unread" = "unread";

  constructor(sql: SqlStorage, tables: readonly string[]) {
    this.#sql = sql;
    this.#months = new Partitions(
      sql,
      tables,
      "charges_",
      (table) => `
        CREATE TABLE ${table} (
          charged_at_ms INTEGER PRIMARY KEY, run_id TEXT NOT NULL, stored_action_id TEXT, billing_id INTEGER NOT NULL
        )`,
    );
    this.#billings = new Partitions(
      sql,
      tables,
      "billings_",
      (table) => `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, billing TEXT NOT NULL UNIQUE)`,
    );
  }

  get isEmpty(): boolean {
    return this.#months.newestFirst().length === 0;
  }

  /** Says when it was charged: `nowMs`, or later. `shownToMs`: up to when charges were shown to the caller or an operator. */
  add(charge: Omit<Charge, "chargedAtMs">, nowMs: number, shownToMs: number): number {
    const chargedAtMs = Math.max(nowMs, this.lastAtMs + 1, shownToMs);
    const month = toMonth(chargedAtMs);
    const { table } = this.#months.ensure(month);
    const { runId, storedActionId, billing } = charge;
    this.#sql.exec(
      `INSERT INTO ${table} (charged_at_ms, run_id, stored_action_id, billing_id) VALUES (?, ?, ?, ?)`,
      chargedAtMs,
      runId,
      storedActionId,
      this.#billingId(this.#billings.ensure(month).table, JSON.stringify(billing)),
    );
    this.#lastAtMs = chargedAtMs;
    return chargedAtMs;
  }

  /** From `fromMs`, not before it, up to `toMs`, which is not part of it; oldest first, `limit` at most. */
  page(fromMs: number, toMs: number, limit: number): Charge[] {
    const found: Charge[] = [];
    for (const { table, period } of this.#months.oldestFirst()) {
      if (found.length >= limit || period > toMonth(toMs)) break;
      if (period < toMonth(fromMs)) continue;
      const rows = this.#sql.exec<Stored>(
        `SELECT c.charged_at_ms, c.run_id, c.stored_action_id, b.billing FROM ${table} AS c
         JOIN billings_${period} AS b ON b.id = c.billing_id
         WHERE c.charged_at_ms >= ? AND c.charged_at_ms < ? ORDER BY c.charged_at_ms LIMIT ?`,
        fromMs,
        toMs,
        limit - found.length,
      );
      found.push(...rows.toArray().map(parseCharge));
    }
    return found;
  }

  /** Tasks by day in UTC, counted from 1970, newest first. */
  countByDay(fromMs: number): { day: number; tasks: number }[] {
    const days: { day: number; tasks: number }[] = [];
    for (const { table, period } of this.#months.newestFirst()) {
      if (period < toMonth(fromMs)) break;
      days.push(
        ...this.#sql
          .exec<{ day: number; tasks: number }>(
            `SELECT charged_at_ms / ${DAY_MS} AS day, COUNT(*) AS tasks FROM ${table}
             WHERE charged_at_ms >= ? GROUP BY day ORDER BY day DESC`,
            fromMs,
          )
          .toArray(),
      );
    }
    return days;
  }

  /** The days on which something was charged, in UTC, counted from 1970: each is one look-up. */
  days(): number[] {
    return this.#months.newestFirst().flatMap(({ table }) => {
      const dayFrom = (ms: string) =>
        `(SELECT min(charged_at_ms) / ${DAY_MS} FROM ${table} WHERE charged_at_ms >= ${ms})`;
      return this.#sql
        .exec<{ day: number }>(
          `WITH RECURSIVE days (day) AS (
             SELECT ${dayFrom("0")} UNION ALL SELECT ${dayFrom(`(day + 1) * ${DAY_MS}`)} FROM days WHERE day IS NOT NULL)
           SELECT day FROM days WHERE day IS NOT NULL`,
        )
        .toArray()
        .map(({ day }) => day);
    });
  }

  /** Drops the months that ended before `beforeMs`. */
  dropExpired(beforeMs: number): void {
    for (const tables of [this.#months, this.#billings]) tables.dropBefore(toMonth(beforeMs));
  }

  /** 0: there is none. */
  get lastAtMs(): number {
    if (this.#lastAtMs === "unread") this.#lastAtMs = this.#readLast();
    return this.#lastAtMs;
  }

  #readLast(): number {
    for (const { table } of this.#months.newestFirst()) {
      const { last } = this.#sql
        .exec<{ last: number | null }>(`SELECT max(charged_at_ms) AS last FROM ${table}`)
        .one();
      if (last !== null) return last;
    }
    return 0;
  }

  #billingId(table: string, billing: string): number {
    const find = `SELECT id FROM ${table} WHERE billing = ?`;
    const [known] = this.#sql.exec<{ id: number }>(find, billing).toArray();
    if (known !== undefined) return known.id;
    return this.#sql
      .exec<{ id: number }>(`INSERT INTO ${table} (billing) VALUES (?) RETURNING id`, billing)
      .one().id;
  }
}

/** `202611` for November 2026, in UTC. */
function toMonth(ms: number): number {
  const date = new Date(Math.min(ms, MAX_DATE_MS));
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

const MAX_DATE_MS = 8.64e15;

function parseCharge({ charged_at_ms, run_id, stored_action_id, billing }: Stored): Charge {
  const parsed: Billing = JSON.parse(billing);
  return { chargedAtMs: charged_at_ms, runId: run_id, storedActionId: stored_action_id, billing: parsed };
}
