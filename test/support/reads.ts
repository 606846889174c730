// Counts the rows that a user's gate reads and writes, as Cloudflare bills them: each row that SQLite reads, found or
// not, and each row and index entry that it changes.
import { runInDurableObject } from "cloudflare:test";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { evict } from "./evict.ts";
import type { Gateway } from "./gateway.ts";

/** `forget`: what was counted so far does not count. */
type Action = (gate: UserGate, state: DurableObjectState, forget: () => void) => unknown;

export type Rows = { read: number; written: number };

/** Rows read and written in the tables by `action`, done inside the gate of alice. */
export async function rowsUsedBy(gateway: Gateway, action: Action): Promise<Rows> {
  return runInDurableObject(await gateway.gateOf(), async (gate: UserGate, state) => {
    const { sql } = state.storage;
    const cursors: { rowsRead: number; rowsWritten: number }[] = [];
    const exec = (query: string, ...values: SqlStorageValue[]): unknown => {
      const cursor: unknown = Reflect.apply(Object.getPrototypeOf(sql).exec, sql, [query, ...values]);
      cursors.push(cursor as { rowsRead: number; rowsWritten: number });
      return cursor;
    };
    Object.defineProperty(sql, "exec", { value: exec, configurable: true });
    try {
      await action(gate, state, () => void cursors.splice(0));
    } finally {
      Reflect.deleteProperty(sql, "exec");
    }
    return {
      read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
      written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    };
  });
}

const NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)";

/**
 * Puts that many more runs beside those that are there, far from due, and so many ended ones, each a copy of one of the
 * same kind. The object starts anew, because it reads its open runs then.
 */
export async function crowd(gateway: Gateway, { open = 0, ended = 0 }): Promise<void> {
  await runInDurableObject(await gateway.gateOf(), (_gate: UserGate, { storage: { sql } }) => {
    if (open > 0)
      sql.exec(
        `${NUMBERS} INSERT INTO open_runs (run_key, run_id, due_at_ms, accepted_at_ms, counted_revision, counted, record)
         SELECT 'crowd-' || n, 'crowd-run-' || n, due_at_ms + 86400000, accepted_at_ms + 86400000, 0, counted, record
         FROM numbers, (SELECT * FROM open_runs LIMIT 1)`,
        open,
      );
    if (ended === 0) return;
    const [table] = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'ended_runs_%'",
      )
      .toArray();
    sql.exec(
      `${NUMBERS} INSERT INTO ${table?.name} (run_id, finished_at_ms, counted_revision, counted, record)
       SELECT 'ended-run-' || n, finished_at_ms, 0, counted, record FROM numbers, (SELECT * FROM ${table?.name} LIMIT 1)`,
      ended,
    );
  });
  await evict(await gateway.gateOf());
}
