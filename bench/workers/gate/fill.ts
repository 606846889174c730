// Copies of one row, to fill a gate's tables: made by SQL, because a hundred thousand runs would take minutes.

/** An id for each number, as scattered as UUIDs are. */
const ID = "printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)";
/** By the beginning of a table's name: what differs from the row that is copied, the order of the copies first. */
const ENDED: Record<string, Record<string, string>> = {
  ended_runs_: { run_id: ID, dead_letter_run_key: "NULL", counted_revision: "0", seq: "NULL" },
  charges_: { charged_at_ms: "charged_at_ms - n", run_id: ID },
  answers_: { id: ID },
};
const OPEN = { open_runs: { run_key: ID, run_id: ID, counted_revision: "0", id: "NULL" } };

/** So many copies in each table. Says how many bytes each takes, by table. */
export function insertCopies(sql: SqlStorage, ended: number, open: number): Record<string, number> {
  const bytes = [
    ...Object.entries(ENDED).map(([prefix, changed]) => insert(sql, prefix, changed, ended)),
    ...Object.entries(OPEN).map(([prefix, changed]) => insert(sql, prefix, changed, open)),
  ];
  return Object.fromEntries(bytes);
}

function insert(
  sql: SqlStorage,
  prefix: string,
  changed: Record<string, string>,
  count: number,
): [string, number] {
  const query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE ?";
  const { name: table } = sql.exec<{ name: string }>(query, `${prefix}%`).one();
  const columns = sql.exec<{ name: string }>(`PRAGMA table_info(${table})`).toArray();
  const values = columns.map(({ name }) => changed[name] ?? name);
  const before = sql.databaseSize;
  sql.exec(
    `INSERT INTO ${table}
     WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
     SELECT ${values.join(", ")} FROM (SELECT * FROM ${table} LIMIT 1), numbers ORDER BY ${Object.values(changed)[0]}`,
  );
  return [table.replace(/_\d+$/, ""), (sql.databaseSize - before) / count];
}
