// The runs of one user. Time-based state is derived from `ends_at`; at `due_at` the alarm handles the row next:
//   post -> posting -> push -> kept (and deleted when due). The phases before `kept` are skipped where they do not apply.

import type { Task } from "./actions.ts";
import type { PartnerAnswer } from "./completions.ts";
import { pageOfItems, type RunReport, type RunState } from "./run-report.ts";
import type { Texts } from "./texts.ts";

const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

type Phase = "post" | "posting" | "push" | "kept";

type RunRow = {
  id: string;
  /** null: a one-off run. */
  action_id: string | null;
  created_at: number;
  /** null: not known yet, the run still waits for its partner. */
  ends_at: number | null;
  work: Task["kind"] | "posted";
  /** How many items or bytes. */
  amount: number;
  page: number;
  /** A failure's words, or a post's URL. */
  detail: string;
  charge: "none" | "owed" | "taken";
  callback_url: string | null;
  idempotency_id: string | null;
  phase: Phase;
  due_at: number;
  failed_attempts: number;
};

export type NewRun = {
  id: string;
  actionId: string | null;
  work: Task;
  lastsMs: number;
  inputs: string;
  billable: boolean;
  pushes: boolean;
  callbackUrl: string | null;
  idempotencyId: string | null;
  /** The id that the gateway's caller chose; null: none, or no gateway in between. */
  callersId: string | null;
};

/** A run that is due, in the phase in which it was found. */
export type DueRun =
  | { phase: "post"; id: string; url: string; body: string }
  | { phase: "push"; id: string; report: RunReport; callbackUrl: string; failedAttempts: number }
  | { phase: "posting" | "kept"; id: string };

export type RunSummary = {
  type: "run";
  id: string;
  status: RunState["status"];
  created_at: string;
  idempotency_id: string | null;
  /** What came as `X-Idempotency-Id`. */
  callers_idempotency_id: string | null;
  callback_url: string | null;
  /** How many starts arrived under this run's idempotency id. */
  starts: number;
};

export class RunStore {
  readonly #sql: SqlStorage;
  readonly #texts: Texts;

  constructor(sql: SqlStorage, texts: Texts) {
    this.#sql = sql;
    this.#texts = texts;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS runs (
        id TEXT PRIMARY KEY, action_id TEXT, created_at INTEGER NOT NULL, ends_at INTEGER,
        work TEXT NOT NULL, amount INTEGER NOT NULL, page INTEGER NOT NULL, detail TEXT NOT NULL,
        charge TEXT NOT NULL, callback_url TEXT, idempotency_id TEXT,
        phase TEXT NOT NULL, due_at INTEGER NOT NULL, failed_attempts INTEGER NOT NULL DEFAULT 0
      );
      CREATE INDEX IF NOT EXISTS runs_due ON runs (due_at);
      CREATE INDEX IF NOT EXISTS runs_owed ON runs (ends_at) WHERE charge = 'owed';
      CREATE TABLE IF NOT EXISTS starts (
        idempotency_id TEXT PRIMARY KEY, run_id TEXT, starts INTEGER NOT NULL, created_at INTEGER NOT NULL
      )`);
  }

  /** What is known under an id: how often it arrived, and its run unless every start was refused. */
  knownStart(idempotencyId: string): { runId: string | null; starts: number } {
    type Row = { run_id: string | null; starts: number };
    const query = "SELECT run_id, starts FROM starts WHERE idempotency_id = ?";
    const row = this.#sql.exec<Row>(query, idempotencyId).toArray()[0];
    return { runId: row?.run_id ?? null, starts: row?.starts ?? 0 };
  }

  countStart(idempotencyId: string, runId: string | null, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO starts VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET starts = starts + 1, run_id = coalesce(excluded.run_id, run_id)`,
      idempotencyId,
      runId,
      nowMs,
    );
  }

  add(run: NewRun, nowMs: number): void {
    const endsAt = run.work.kind === "post" ? null : nowMs + run.lastsMs;
    const phase = firstPhase(run);
    const { amount, page, detail } = workColumns(run.work);
    this.#sql.exec(
      `INSERT INTO runs (id, action_id, created_at, ends_at, work, amount, page, detail, charge, callback_url,
         idempotency_id, phase, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      run.id,
      run.actionId,
      nowMs,
      endsAt,
      run.work.kind,
      amount,
      page,
      detail,
      run.billable && run.work.kind !== "failure" ? "owed" : "none",
      run.callbackUrl,
      run.idempotencyId,
      phase,
      phase === "kept" ? nowMs + KEPT_MS : (endsAt ?? nowMs),
    );
    this.#texts.put(run.id, "inputs", run.inputs);
    this.#texts.put(run.id, "callers id", run.callersId ?? "");
    if (run.work.kind === "post") this.#texts.put(run.id, "body", run.work.body);
  }

  read(id: string, actionId: string | null, nowMs: number): RunReport | null {
    const query = "SELECT * FROM runs WHERE id = ? AND action_id IS ?";
    const row = this.#sql.exec<RunRow>(query, id, actionId).toArray()[0];
    return row ? this.#report(row, nowMs) : null;
  }

  list(actionId: string | null, nowMs: number): RunSummary[] {
    return this.#sql
      .exec<RunRow & { starts: number | null }>(
        "SELECT runs.*, starts FROM runs LEFT JOIN starts USING (idempotency_id) WHERE action_id IS ? ORDER BY runs.rowid",
        actionId,
      )
      .toArray()
      .map((row) => ({
        type: "run",
        id: row.id,
        status: toStatus(row, nowMs),
        created_at: new Date(row.created_at).toISOString(),
        idempotency_id: row.idempotency_id,
        callers_idempotency_id: this.#texts.get(row.id, "callers id") || null,
        callback_url: row.callback_url,
        starts: row.starts ?? 1,
      }));
  }

  /** Ends a post that is under way, once; otherwise nothing changes. */
  endPost(id: string, end: PartnerAnswer, nowMs: number): void {
    const posted = end.kind === "posted";
    const moved = this.#sql
      .exec<{ id: string }>(
        `UPDATE runs SET ends_at = ?1, work = ?2, detail = ?3, charge = iif(?2 = 'posted', charge, 'none'),
           phase = iif(callback_url IS NULL, 'kept', 'push'), due_at = iif(callback_url IS NULL, created_at + ?4, ?1)
         WHERE id = ?5 AND phase = 'posting' RETURNING id`,
        nowMs,
        posted ? "posted" : "failure",
        posted ? "" : end.detail,
        KEPT_MS,
        id,
      )
      .toArray();
    if (moved.length > 0 && posted) this.#texts.put(id, "result", end.result);
  }

  /** The completion is tried again at `nextAtMs`; null: it was taken, or given up. */
  settlePush(id: string, nextAtMs: number | null): void {
    const retry =
      "UPDATE runs SET failed_attempts = failed_attempts + 1, due_at = ? WHERE id = ? AND phase = 'push'";
    const keep = "UPDATE runs SET phase = 'kept', due_at = created_at + ? WHERE id = ? AND phase = 'push'";
    this.#sql.exec(nextAtMs === null ? keep : retry, nextAtMs ?? KEPT_MS, id);
  }

  /** Runs that are due, leased: each must be done by `leaseUntilMs`, then it is due again. */
  takeDue(limit: number, nowMs: number, leaseUntilMs: number): DueRun[] {
    const query = "SELECT * FROM runs WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql
      .exec<RunRow>(query, nowMs, limit)
      .toArray()
      .map((row) => {
        const next: Phase = row.phase === "post" ? "posting" : row.phase;
        this.#sql.exec("UPDATE runs SET phase = ?, due_at = ? WHERE id = ?", next, leaseUntilMs, row.id);
        return this.#due(row, nowMs);
      });
  }

  nextDueAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT min(due_at) AS at FROM runs").one().at;
  }

  delete(id: string, nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM starts WHERE idempotency_id = (SELECT idempotency_id FROM runs WHERE id = ?)",
      id,
    );
    this.#sql.exec("DELETE FROM starts WHERE run_id IS NULL AND created_at <= ?", nowMs - KEPT_MS);
    this.#sql.exec("DELETE FROM runs WHERE id = ?", id);
    this.#texts.deleteAll(id);
  }

  /** Marks the charges of ended runs as taken, each once, and says how many there were. */
  takeCharges(nowMs: number): number {
    const query = "UPDATE runs SET charge = 'taken' WHERE charge = 'owed' AND ends_at <= ? RETURNING id";
    return this.#sql.exec<{ id: string }>(query, nowMs).toArray().length;
  }

  #due(row: RunRow, nowMs: number): DueRun {
    const { id, phase, callback_url: callbackUrl, failed_attempts: failedAttempts } = row;
    if (phase === "post") return { phase, id, url: row.detail, body: this.#texts.get(id, "body") };
    if (phase === "posting") return { phase, id };
    if (phase === "kept" || callbackUrl === null) return { phase: "kept", id };
    return { phase, id, report: this.#report(row, nowMs), callbackUrl, failedAttempts };
  }

  #report(row: RunRow, nowMs: number): RunReport {
    const wrapped = row.action_id === null;
    const state: RunState = toStatus(row, nowMs) === "waiting" ? { status: "waiting" } : this.#end(row);
    return { kind: "report", id: row.id, wrapped, state };
  }

  #end(row: RunRow): RunState {
    switch (row.work) {
      case "echo":
        return succeeded(this.#texts.get(row.id, "inputs"));
      case "posted":
        return succeeded(this.#texts.get(row.id, "result"));
      case "items":
        return pageOfItems(row.amount, row.page);
      case "filler":
        return { status: "success", results: { as: "filler", bytes: row.amount }, nextPage: null };
      case "failure":
        return { status: "error", detail: row.detail };
      case "post":
        return { status: "waiting" };
    }
  }
}

function firstPhase({ work, pushes, callbackUrl }: NewRun): Phase {
  if (work.kind === "post") return "post";
  return pushes && callbackUrl !== null ? "push" : "kept";
}

function succeeded(items: string): RunState {
  return { status: "success", results: { as: "text", items }, nextPage: null };
}

function toStatus(row: RunRow, nowMs: number): RunState["status"] {
  if (row.ends_at === null || row.ends_at > nowMs) return "waiting";
  return row.work === "failure" ? "error" : "success";
}

function workColumns(work: Task): Pick<RunRow, "amount" | "page" | "detail"> {
  const none = { amount: 0, page: 0, detail: "" };
  switch (work.kind) {
    case "echo":
      return none;
    case "items":
      return { ...none, amount: work.count, page: work.page };
    case "filler":
      return { ...none, amount: work.bytes };
    case "failure":
      return { ...none, detail: work.detail };
    case "post":
      return { ...none, detail: work.url };
  }
}
