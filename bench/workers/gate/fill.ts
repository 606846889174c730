// Copies of one row, to fill a gate's tables: made by SQL, because a hundred thousand runs would take minutes.

export type Copy = { table: string; columns: Record<string, string>; count: number };

/** An id for each number, as scattered as UUIDs are. */
const ID = "printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)";

/** `columns` that are not named here are as in the row that is copied. */
export function buildCopies(sql: SqlStorage, ended: number, open: number): Copy[] {
  return [
    {
      table: findTable(sql, "ended_runs_"),
      columns: {
        run_id: ID,
        letter_key: "NULL",
        finished_at_ms: "finished_at_ms",
        counted_revision: "0",
        counted: "counted",
        record: "record",
      },
      count: ended,
    },
    {
      table: findTable(sql, "charges_"),
      columns: {
        charged_at_ms: "charged_at_ms - n",
        run_id: ID,
        stored_action_id: "stored_action_id",
        billing_id: "billing_id",
      },
      count: ended,
    },
    { table: findTable(sql, "answers_"), columns: { id: ID, claim: "claim" }, count: ended },
    {
      table: "open_runs",
      columns: {
        run_key: ID,
        run_id: ID,
        due_at_ms: "due_at_ms",
        accepted_at_ms: "accepted_at_ms",
        counted_revision: "0",
        counted: "counted",
        record: "record",
      },
      count: open,
    },
  ];
}

/** Says how many bytes each copy takes. */
export function insertCopies(sql: SqlStorage, { table, columns, count }: Copy): number {
  const before = sql.databaseSize;
  sql.exec(
    `INSERT INTO ${table} (${Object.keys(columns).join(", ")})
     WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
     SELECT ${Object.values(columns).join(", ")} FROM (SELECT * FROM ${table} LIMIT 1), numbers ORDER BY 1`,
  );
  return (sql.databaseSize - before) / count;
}

function findTable(sql: SqlStorage, prefix: string): string {
  const query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE ?";
  return sql.exec<{ name: string }>(query, `${prefix}%`).one().name;
}
