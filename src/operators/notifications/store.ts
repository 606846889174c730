// What the notifier keeps: what it knows of each topic, the messages that are still to be sent, and up to which minute the
// sums have been read. All of it is written in one transaction, so that an eviction at any moment loses no event.
import { type Delivery, firstAttempt } from "../../runs/delivery.ts";
import { HOST_TOPICS } from "./host-limits.ts";
import type { EventType, Topic } from "./topics.ts";

export type Notification = { seq: number; id: string; type: EventType; body: string; delivery: Delivery };

const TABLES = [
  "CREATE TABLE IF NOT EXISTS topics (name TEXT, subject TEXT, topic TEXT NOT NULL, PRIMARY KEY (name, subject)) STRICT, WITHOUT ROWID",
  `CREATE TABLE IF NOT EXISTS notifications (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, type TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL, body TEXT NOT NULL, delivery TEXT NOT NULL) STRICT`,
];
/** While the operators' webhook is down for days; the oldest go first. */
const MAX_WAITING = 1_000;
const READ_TO = "minutes_read_to_ms";

type Row = { seq: number; id: string; type: EventType; body: string; delivery: string };

export class NotificationStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    for (const table of TABLES) storage.sql.exec(table);
  }

  transact(change: () => void): void {
    this.#storage.transactionSync(change);
  }

  topics(): Topic[] {
    const rows = this.#storage.sql.exec<{ topic: string }>("SELECT topic FROM topics");
    return [...rows].map(({ topic }) => JSON.parse(topic));
  }

  topic(name: string, subject: string): Topic | undefined {
    const sql = "SELECT topic FROM topics WHERE name = ? AND subject = ?";
    const [row] = this.#storage.sql.exec<{ topic: string }>(sql, name, subject);
    return row && JSON.parse(row.topic);
  }

  countHostTopics(): number {
    const sql = "SELECT count(*) AS n FROM topics WHERE name IN (SELECT value FROM json_each(?))";
    return this.#storage.sql.exec<{ n: number }>(sql, JSON.stringify(HOST_TOPICS)).one().n;
  }

  putTopic(topic: Topic): void {
    const sql = "INSERT OR REPLACE INTO topics (name, subject, topic) VALUES (?, ?, ?)";
    this.#storage.sql.exec(sql, topic.name, topic.subject, JSON.stringify(topic));
  }

  dropTopic({ name, subject }: Topic): void {
    this.#storage.sql.exec("DELETE FROM topics WHERE name = ? AND subject = ?", name, subject);
  }

  /** Minutes before it have been read. */
  readToMs(): number | undefined {
    return this.#storage.kv.get<number>(READ_TO);
  }

  setReadToMs(atMs: number): void {
    this.#storage.kv.put(READ_TO, atMs);
  }

  /** To be sent at once. */
  add(id: string, type: EventType, body: string, nowMs: number): void {
    const { sql } = this.#storage;
    sql.exec(
      "INSERT INTO notifications (id, type, due_at_ms, body, delivery) VALUES (?, ?, ?, ?, ?)",
      id,
      type,
      nowMs,
      body,
      JSON.stringify(firstAttempt(0, nowMs)),
    );
    sql.exec(
      "DELETE FROM notifications WHERE seq <= (SELECT seq FROM notifications ORDER BY seq DESC LIMIT 1 OFFSET ?)",
      MAX_WAITING,
    );
  }

  /** The oldest first. */
  due(nowMs: number, limit: number): Notification[] {
    const rows = this.#storage.sql.exec<Row>(
      "SELECT seq, id, type, body, delivery FROM notifications WHERE due_at_ms <= ? ORDER BY seq LIMIT ?",
      nowMs,
      limit,
    );
    return [...rows].map((row) => ({ ...row, delivery: JSON.parse(row.delivery) }));
  }

  nextDueMs(): number | null {
    const sql = "SELECT min(due_at_ms) AS at FROM notifications";
    return this.#storage.sql.exec<{ at: number | null }>(sql).one().at;
  }

  /** After an attempt. One that is over is kept no more. */
  putDelivery(seq: number, delivery: Delivery): void {
    const { sql } = this.#storage;
    if (delivery.kind !== "pending") sql.exec("DELETE FROM notifications WHERE seq = ?", seq);
    else
      sql.exec(
        "UPDATE notifications SET due_at_ms = ?, delivery = ? WHERE seq = ?",
        delivery.nextAtMs,
        JSON.stringify(delivery),
        seq,
      );
  }
}
