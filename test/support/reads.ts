// Counts the rows that a user's gate reads, as Cloudflare bills them: each row that SQLite looks at, found or not.
import { runInDurableObject } from "cloudflare:test";
import type { UserGate } from "../../src/gate/user-gate.ts";
import type { Gateway } from "./gateway.ts";

/** `forget`: what was read so far does not count. */
type Work = (gate: UserGate, state: DurableObjectState, forget: () => void) => unknown;

/** Rows read by `work`, done inside the gate of alice. */
export async function rowsReadBy(gateway: Gateway, work: Work): Promise<number> {
  return runInDurableObject(await gateway.gateOf(), async (gate: UserGate, state) => {
    const { sql } = state.storage;
    const cursors: { rowsRead: number }[] = [];
    const exec = (query: string, ...values: SqlStorageValue[]): unknown => {
      const cursor: unknown = Reflect.apply(Object.getPrototypeOf(sql).exec, sql, [query, ...values]);
      cursors.push(cursor as { rowsRead: number });
      return cursor;
    };
    Object.defineProperty(sql, "exec", { value: exec, configurable: true });
    try {
      await work(gate, state, () => void cursors.splice(0));
    } finally {
      Reflect.deleteProperty(sql, "exec");
    }
    return cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
  });
}

/** Puts that many more rows beside the one that is there: runs that are waited for, and far from due. */
export async function crowd(gateway: Gateway, rows: number): Promise<void> {
  if (rows === 0) return;
  await runInDurableObject(await gateway.gateOf(), (_gate: UserGate, { storage }) => {
    storage.sql.exec(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO runs (key, claim, review_at_ms, intent, run, run_id, due_at_ms, counted_revision, counted)
       SELECT 'crowd-' || n, claim, review_at_ms, intent, run, 'crowd-run-' || n, due_at_ms + 86400000, 0, counted
       FROM numbers, (SELECT * FROM runs LIMIT 1)`,
      rows,
    );
  });
}
