// The gate's rows, and all of its SQL. One row a run, under the id that the upstream knows it by: its claim, what was
// promised, how far it is. The table is made with the first of them, so that plain runs cost no schema; one b-tree
// without secondary indexes, so that an insert is one row written.
import type { Claim } from "./claim.ts";
import type { Due } from "./due.ts";
import type { Intent } from "./intent.ts";
import type { Row } from "./row.ts";
import type { Run } from "./run.ts";
import type { Window } from "./window.ts";

/** The two windows of a user: starts of runs, and reads of results. `revision` tells the newer of two copies. */
export type Windows = { revision: number; runs: Window | null; results: Window | null };

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE runs (
    key TEXT PRIMARY KEY,
    claim TEXT,                  -- JSON of Claim (claim.ts); null: the caller sent no idempotency id
    review_at_ms INTEGER NOT NULL, -- when the claim is looked at next
    intent TEXT,                 -- JSON of Intent (run.ts); null: nobody is owed anything
    run TEXT,                    -- JSON of Run (run.ts)
    run_id TEXT,                 -- the upstream's, once it is known
    due_at_ms INTEGER NOT NULL,  -- when the alarm looks at it next
    counted_revision INTEGER NOT NULL, -- the windows as they stood when this row was written:
    counted TEXT NOT NULL        -- JSON of Windows, so that the count needs no row of its own
  ) WITHOUT ROWID`;

const COLUMNS = "key, claim, review_at_ms, intent, run";

const PUT = `
  INSERT INTO runs (${COLUMNS}, run_id, due_at_ms, counted_revision, counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET
    claim = excluded.claim, review_at_ms = excluded.review_at_ms, intent = excluded.intent, run = excluded.run, run_id = excluded.run_id,
    due_at_ms = excluded.due_at_ms, counted_revision = excluded.counted_revision, counted = excluded.counted`;

const DUES = `
  SELECT COUNT(CASE WHEN due_at_ms <= ? THEN 1 END) AS due, MIN(CASE WHEN due_at_ms > ? THEN due_at_ms END) AS next
  FROM runs`;

// Without what says nothing of it, and in no order: there may be thousands, and a sort would hold them all.
const DUE_ROWS = `
  SELECT key, CASE WHEN claim IS NOT NULL THEN review_at_ms END AS review_at_ms, run
  FROM runs WHERE due_at_ms <= ?`;

type StoredDue = { key: string; review_at_ms: number | null; run: string | null };

type StoredRow = {
  key: string;
  claim: string | null;
  review_at_ms: number;
  intent: string | null;
  run: string | null;
};

export class GateStore {
  readonly #storage: DurableObjectStorage;
  #hasSchema: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasSchema = this.#requireKnownSchema(storage.kv.get<number>("schema"));
  }

  /** The newest copy there is: the one written behind, or the one in a run's row. */
  loadWindows(): Windows {
    const behind = this.#storage.kv.get<Windows>("windows") ?? { revision: 0, runs: null, results: null };
    const inRow = this.#newestCounted();
    return inRow !== null && inRow.revision > behind.revision ? inRow : behind;
  }

  /** One row. Unless it is to be `durable` first, answers already on their way do not wait for it. */
  async saveWindows(windows: Windows, durable = false): Promise<void> {
    await this.#storage.put("windows", windows, { allowUnconfirmed: !durable });
  }

  row(key: string): Row | null {
    return this.#select(`SELECT ${COLUMNS} FROM runs WHERE key = ?`, key)[0] ?? null;
  }

  /** A user has few rows, so a scan is cheaper than an index that every run would pay for. */
  rowOfRun(runId: string): Row | null {
    return this.#select(`SELECT ${COLUMNS} FROM runs WHERE run_id = ? LIMIT 1`, runId)[0] ?? null;
  }

  /** A name for a row's run. One that is another row's is that of an earlier run with the same id: null. */
  nameFor(key: string, runId: string | null): string | null {
    const owner = runId === null ? null : this.rowOfRun(runId);
    return owner === null || owner.key === key ? runId : null;
  }

  put({ key, claim, reviewAtMs, intent, run }: Row, dueAtMs: number, counted: Windows): void {
    this.#makeSchema();
    this.#storage.sql.exec(
      PUT,
      key,
      encode(claim),
      reviewAtMs,
      encode(intent),
      encode(run),
      run === null || run.status === "forwarding" ? null : run.runId,
      dueAtMs,
      counted.revision,
      encode(counted),
    );
  }

  drop(key: string): void {
    this.#storage.sql.exec("DELETE FROM runs WHERE key = ?", key);
  }

  /** All that is due, as it is asked for. */
  *dueRows(nowMs: number): Generator<Due> {
    if (!this.#hasSchema) return;
    for (const stored of this.#storage.sql.exec<StoredDue>(DUE_ROWS, nowMs)) yield dueOf(stored);
  }

  earliestRows(limit: number): Row[] {
    return this.#select(`SELECT ${COLUMNS} FROM runs ORDER BY due_at_ms LIMIT ?`, limit);
  }

  /** Whether anything is due by now, and when the next row is after that. */
  dues(nowMs: number): { nowDue: boolean; nextMs: number | null } {
    if (!this.#hasSchema) return { nowDue: false, nextMs: null };
    const { due, next } = this.#storage.sql
      .exec<{ due: number; next: number | null }>(DUES, nowMs, nowMs)
      .one();
    return { nowDue: due > 0, nextMs: next };
  }

  #select(query: string, ...values: SqlStorageValue[]): Row[] {
    if (!this.#hasSchema) return [];
    return this.#storage.sql
      .exec<StoredRow>(query, ...values)
      .toArray()
      .map(rowOf);
  }

  #newestCounted(): Windows | null {
    if (!this.#hasSchema) return null;
    const newest = "SELECT counted FROM runs ORDER BY counted_revision DESC LIMIT 1";
    const [row] = this.#storage.sql.exec<{ counted: string }>(newest).toArray();
    return row === undefined ? null : decode(row.counted);
  }

  #makeSchema(): void {
    if (this.#hasSchema) return;
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(SCHEMA);
      this.#storage.kv.put("schema", SCHEMA_VERSION);
    });
    this.#hasSchema = true;
  }

  // A gate that meets rows of a later version (a rollback) stops instead of misreading them.
  #requireKnownSchema(version: number | undefined): boolean {
    if (version === undefined) return false;
    if (version !== SCHEMA_VERSION) throw new Error(`gate schema ${version} is not ${SCHEMA_VERSION}`);
    return true;
  }
}

// What this class wrote, under the schema version that it checked.
function rowOf(stored: StoredRow): Row {
  const claim: Claim | null = decode(stored.claim);
  const intent: Intent | null = decode(stored.intent);
  const run: Run | null = decode(stored.run);
  return { key: stored.key, claim, reviewAtMs: stored.review_at_ms, intent, run };
}

function dueOf({ key, review_at_ms: reviewAtMs, run }: StoredDue): Due {
  return { key, reviewAtMs, run: decode(run) };
}

function encode(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function decode(text: string | null) {
  return text === null ? null : JSON.parse(text);
}
