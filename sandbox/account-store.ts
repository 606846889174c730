// What one user owns besides runs: stored actions, the balance of tasks, and the last start that arrived.

import type { ActionDraft } from "./requests.ts";
import type { Texts } from "./texts.ts";

export type StoredAction = ActionDraft & {
  kind: "stored_action";
  id: string;
  /** RFC 3339; null for a built-in action. */
  createdAt: string | null;
  updatedAt: string | null;
};

/** A request as it arrived, without its credentials. */
export type Arrival = {
  method: string;
  path: string;
  headers: Record<string, string | boolean>;
  body: string;
};

const INITIAL_TASKS = 1000;
const LAST_START = "last-start";

type ActionRow = { id: string; title: string; action: string; created_at: string; updated_at: string };

export class AccountStore {
  readonly #sql: SqlStorage;
  readonly #texts: Texts;

  constructor(sql: SqlStorage, texts: Texts) {
    this.#sql = sql;
    this.#texts = texts;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS stored_actions (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, action TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS balance (only INTEGER PRIMARY KEY CHECK (only = 1), tasks INTEGER NOT NULL)`);
    sql.exec("INSERT OR IGNORE INTO balance VALUES (1, ?)", INITIAL_TASKS);
  }

  action(id: string): StoredAction | undefined {
    return this.#actions("WHERE id = ?", id)[0];
  }

  actions(): StoredAction[] {
    return this.#actions("ORDER BY rowid");
  }

  saveAction({ id, title, action, params, createdAt, updatedAt }: StoredAction): void {
    this.#sql.exec(
      `INSERT INTO stored_actions VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET title = excluded.title, action = excluded.action, updated_at = excluded.updated_at`,
      id,
      title,
      action,
      createdAt,
      updatedAt,
    );
    this.#texts.put(id, "params", params);
  }

  deleteAction(id: string): void {
    this.#sql.exec("DELETE FROM stored_actions WHERE id = ?", id);
    this.#texts.deleteAll(id);
  }

  tasks(): number {
    return this.#sql.exec<{ tasks: number }>("SELECT tasks FROM balance").one().tasks;
  }

  setTasks(tasks: number): void {
    this.#sql.exec("UPDATE balance SET tasks = ?", Math.max(0, tasks));
  }

  recordArrival({ body, ...head }: Arrival): void {
    this.#texts.put(LAST_START, "head", JSON.stringify(head));
    this.#texts.put(LAST_START, "body", body);
  }

  /** As JSON text; null before the first start. */
  lastArrival(): string | null {
    const head = this.#texts.get(LAST_START, "head");
    if (head === "") return null;
    return `${head.slice(0, -1)},"body":${JSON.stringify(this.#texts.get(LAST_START, "body"))}}`;
  }

  #actions(filter: string, ...bindings: string[]): StoredAction[] {
    const rows = this.#sql.exec<ActionRow>(`SELECT * FROM stored_actions ${filter}`, ...bindings).toArray();
    return rows.map((row) => ({
      kind: "stored_action",
      id: row.id,
      title: row.title,
      action: row.action,
      params: this.#texts.get(row.id, "params"),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
  }
}

/** The answer's text: `params` stand in it as they were sent. */
export function actionText({ id, title, action, params, createdAt, updatedAt }: StoredAction): string {
  const rest = { type: "stored_action", id, title, action, created_at: createdAt, updated_at: updatedAt };
  return `${JSON.stringify(rest).slice(0, -1)},"params":${params}}`;
}
