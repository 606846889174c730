// The gate's rows, and all of its SQL. The table is made with the first claim, so that a user who never sends an
// idempotency id costs no schema. One b-tree without secondary indexes: an insert is one row written.
import type { Claim } from "./claim.ts";
import type { Window } from "./window.ts";

/** The two windows of a user: starts of runs, and reads of results. */
export type Windows = { runs: Window | null; results: Window | null };

export type StoredClaim = { id: string; claim: Claim };

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('open', 'settled')),
    fingerprint TEXT NOT NULL,
    since_ms INTEGER NOT NULL,            -- open: claimed at; settled: settled at
    attempt TEXT,                         -- open: whose lease it is
    lease_expires_at_ms INTEGER,          -- open
    answer_status INTEGER,                -- settled
    answer_body TEXT,                     -- settled
    due_at_ms INTEGER NOT NULL            -- when the alarm looks at it next
  ) WITHOUT ROWID`;

type ClaimRow = {
  id: string;
  status: string;
  fingerprint: string;
  since_ms: number;
  attempt: string | null;
  lease_expires_at_ms: number | null;
  answer_status: number | null;
  answer_body: string | null;
};

const COLUMNS = "id, status, fingerprint, since_ms, attempt, lease_expires_at_ms, answer_status, answer_body";

const PUT_CLAIM = `
  INSERT INTO claims (${COLUMNS}, due_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, fingerprint = excluded.fingerprint, since_ms = excluded.since_ms, attempt = excluded.attempt,
    lease_expires_at_ms = excluded.lease_expires_at_ms, answer_status = excluded.answer_status,
    answer_body = excluded.answer_body, due_at_ms = excluded.due_at_ms`;

export class GateStore {
  readonly #storage: DurableObjectStorage;
  #hasSchema: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasSchema = this.#requireKnownSchema(storage.kv.get<number>("schema"));
  }

  loadWindows(): Windows {
    return this.#storage.kv.get<Windows>("windows") ?? { runs: null, results: null };
  }

  /** One row. Answers already on their way do not wait for it. */
  async saveWindows(windows: Windows): Promise<void> {
    await this.#storage.put("windows", windows, { allowUnconfirmed: true });
  }

  claim(id: string): Claim | null {
    if (!this.#hasSchema) return null;
    const [row] = this.#storage.sql
      .exec<ClaimRow>(`SELECT ${COLUMNS} FROM claims WHERE id = ?`, id)
      .toArray();
    return row === undefined ? null : claimOf(row);
  }

  putClaim(id: string, claim: Claim, dueAtMs: number): void {
    this.#makeSchema();
    const open = claim.status === "open" ? claim : null;
    const settled = claim.status === "settled" ? claim : null;
    this.#storage.sql.exec(
      PUT_CLAIM,
      id,
      claim.status,
      claim.fingerprint,
      claim.status === "open" ? claim.claimedAtMs : claim.settledAtMs,
      open?.attempt ?? null,
      open?.leaseExpiresAtMs ?? null,
      settled?.answer.status ?? null,
      settled?.answer.body ?? null,
      dueAtMs,
    );
  }

  /** Deletes a claim if it still has the state that the caller saw; says whether it did. */
  dropClaim(id: string, status: Claim["status"]): boolean {
    const gone = this.#storage.sql.exec("DELETE FROM claims WHERE id = ? AND status = ?", id, status);
    return gone.rowsWritten > 0;
  }

  postponeClaim(id: string, dueAtMs: number): void {
    this.#storage.sql.exec("UPDATE claims SET due_at_ms = ? WHERE id = ?", dueAtMs, id);
  }

  dueClaims(nowMs: number, limit: number): StoredClaim[] {
    if (!this.#hasSchema) return [];
    const due = `SELECT ${COLUMNS} FROM claims WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`;
    return this.#storage.sql
      .exec<ClaimRow>(due, nowMs, limit)
      .toArray()
      .map((row) => ({ id: row.id, claim: claimOf(row) }));
  }

  /** When the earliest row is due, null without rows. */
  nextDueAtMs(): number | null {
    if (!this.#hasSchema) return null;
    return this.#storage.sql.exec<{ due: number | null }>("SELECT MIN(due_at_ms) AS due FROM claims").one()
      .due;
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

function claimOf(row: ClaimRow): Claim {
  const { fingerprint, since_ms: sinceMs, attempt, lease_expires_at_ms: leaseExpiresAtMs } = row;
  if (row.status === "open" && attempt !== null && leaseExpiresAtMs !== null) {
    return { status: "open", fingerprint, claimedAtMs: sinceMs, attempt, leaseExpiresAtMs };
  }
  if (row.status === "settled" && row.answer_status !== null && row.answer_body !== null) {
    const answer = { status: row.answer_status, body: row.answer_body };
    return { status: "settled", fingerprint, settledAtMs: sinceMs, answer };
  }
  throw new Error(`claim ${row.id} is stored in no known form`);
}
