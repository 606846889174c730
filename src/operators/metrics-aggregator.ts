// The sums of all isolates, by the minute for a day and by the hour for a week: what the console's charts are drawn from.
// It also keeps the latest errors. There is one object. Nothing but the console and notifications depends on it; while it is
// away, isolates keep their sums and try again.
//
// The current minute is held in memory and written every ten seconds at most, so an eviction costs an interval. An hour
// is made of its minutes once it is over. The object adds up and stores; what the sums mean is for the reader to say, so
// rows are handed out as they are written. With OPERATOR_WEBHOOK_URL its alarm drives the notifier, which reads them too.
import { DurableObject } from "cloudflare:workers";
import { AGGREGATOR } from "../platform/observability/isolate-sums.ts";
import {
  addErrors,
  decodeErrors,
  type ErrorKind,
  encodeErrors,
  MAX_KEPT,
  type RecentError,
  type RecentErrors,
} from "../platform/observability/recent-errors.ts";
import { addSums, decodeSums, encodeSums, type Sums, sumUp } from "../platform/observability/sums.ts";
import { hasOperatorWebhook } from "../platform/settings.ts";
import { findServices } from "../services/services.ts";
import { pace, startPace } from "./flush-pace.ts";
import { Notifier } from "./notifications/notifier.ts";

export type AggregatorNamespace = DurableObjectNamespace<MetricsAggregator>;

export type StoredSums = { atMs: number; sums: string };
export type KnownSums = { atMs: number; sums: Sums };

/** `rows`: what happened from `atMs` on, until the next row at the latest. `sinceMs`: since when anything is counted. */
export type AggregatedSums = { sinceMs: number; rows: StoredSums[] };

export type Unit = "minutes" | "hours";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MINUTES_KEPT_MS = 24 * HOUR_MS;
const HOURS_KEPT_MS = 7 * 24 * HOUR_MS;
const WRITE_EVERY_MS = 10_000;

type Row = { at_ms: number; sums: string };

const TABLES = [
  "CREATE TABLE IF NOT EXISTS minutes (at_ms INTEGER PRIMARY KEY, sums TEXT NOT NULL) STRICT",
  "CREATE TABLE IF NOT EXISTS hours (at_ms INTEGER PRIMARY KEY, sums TEXT NOT NULL) STRICT",
  "CREATE TABLE IF NOT EXISTS errors (kind TEXT PRIMARY KEY, latest TEXT NOT NULL) STRICT",
  // One row: since when anything is counted.
  "CREATE TABLE IF NOT EXISTS counting (since_ms INTEGER PRIMARY KEY) STRICT",
];

export function metricsAggregator(aggregators: AggregatorNamespace): DurableObjectStub<MetricsAggregator> {
  return aggregators.getByName(AGGREGATOR);
}

export class MetricsAggregator extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #sinceMs: number;
  #minute: { atMs: number; sums: Sums };
  readonly #errors: RecentErrors = new Map();
  readonly #unwrittenErrors = new Set<ErrorKind>();
  /** The current minute has more than its row. */
  #isUnwritten = false;
  #writtenAtMs = 0;
  #isWritePlanned = false;
  #closedToMs = 0;
  #pace = startPace(Date.now());
  readonly #notifier: Notifier | null;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    for (const table of TABLES) this.#sql.exec(table);
    const nowMs = Date.now();
    this.#sinceMs = this.#countingSince(nowMs);
    this.#minute = this.#load(floor(nowMs, MINUTE_MS));
    for (const { latest } of this.#sql.exec<{ latest: string }>("SELECT latest FROM errors"))
      addErrors(this.#errors, decodeErrors(latest), MAX_KEPT);
    this.#notifier = hasOperatorWebhook(env)
      ? new Notifier(state.storage, (fromMs) => decodeRows(this.read("minutes", fromMs).rows))
      : null;
    if (this.#notifier !== null) state.waitUntil(this.#notifier.start());
  }

  override async alarm(): Promise<void> {
    await this.#notifier?.tick(findServices(this.env));
  }

  /** Of a host's breaker, when it has opened for all users or has closed again. */
  async observeHost(host: string, isDown: boolean): Promise<void> {
    await this.#notifier?.observeHost(host, isDown);
  }

  /** Adds an isolate's sums to the current minute, and its latest errors. Says when the isolate may call again, in ms. */
  add(text: string, errors?: string): number {
    const nowMs = Date.now();
    this.#addErrors(errors === undefined ? [] : decodeErrors(errors));
    const sums = decodeSums(text);
    if (sums !== null) {
      addSums(this.#minuteAt(nowMs).sums, sums);
      this.#writeSoon(nowMs);
    }
    this.#pace = pace(this.#pace, nowMs);
    return this.#pace.intervalMs;
  }

  /** Minutes that began in that time; not the current one. */
  readMinutes(fromMs: number, toMs: number): StoredSums[] {
    return this.#rows("minutes", fromMs, Math.min(toMs, this.#minuteAt(Date.now()).atMs));
  }

  /** Rows from then on, the current minute included. With hours, the current hour is there as its minutes. */
  read(unit: Unit, fromMs: number): AggregatedSums {
    const nowMs = Date.now();
    const { atMs, sums } = this.#minuteAt(nowMs);
    const hourMs = floor(nowMs, HOUR_MS);
    const hours = unit === "hours" ? this.#rows("hours", fromMs, hourMs) : [];
    const minutes = this.#rows("minutes", unit === "hours" ? hourMs : fromMs, atMs);
    return { sinceMs: this.#sinceMs, rows: [...hours, ...minutes, { atMs, sums: encodeSums(sums) }] };
  }

  /** The latest first, a hundred of each kind at most, and none older than a week. */
  errors(): RecentError[] {
    const fromMs = Date.now() - HOURS_KEPT_MS;
    const all = [...this.#errors.values()].flat().filter(({ atMs }) => atMs >= fromMs);
    return all.toSorted((a, b) => b.atMs - a.atMs);
  }

  #addErrors(errors: readonly RecentError[]): void {
    addErrors(this.#errors, errors, MAX_KEPT);
    for (const { kind } of errors) this.#unwrittenErrors.add(kind);
  }

  #minuteAt(nowMs: number): { atMs: number; sums: Sums } {
    const atMs = floor(nowMs, MINUTE_MS);
    if (this.#minute.atMs !== atMs) {
      this.#write();
      this.#minute = this.#load(atMs);
    }
    const hourMs = floor(nowMs, HOUR_MS);
    if (this.#closedToMs !== hourMs) this.#closeHours(hourMs);
    return this.#minute;
  }

  #load(atMs: number): { atMs: number; sums: Sums } {
    const [row] = this.#rows("minutes", atMs, atMs + MINUTE_MS);
    return { atMs, sums: sumRows(row === undefined ? [] : [row]) };
  }

  // At once when the last write is long ago, so that what a quiet gateway does is not lost with this object's memory.
  #writeSoon(nowMs: number): void {
    this.#isUnwritten = true;
    const waitMs = this.#writtenAtMs + WRITE_EVERY_MS - nowMs;
    if (waitMs <= 0 || waitMs > WRITE_EVERY_MS) return this.#writeNow();
    if (this.#isWritePlanned) return;
    this.#isWritePlanned = true;
    setTimeout(() => {
      this.#isWritePlanned = false;
      this.#writeNow();
    }, waitMs);
  }

  #writeNow(): void {
    this.#writtenAtMs = Date.now();
    this.#write();
  }

  #write(): void {
    if (this.#isUnwritten) this.#put("minutes", this.#minute.atMs, this.#minute.sums);
    this.#isUnwritten = false;
    for (const kind of this.#unwrittenErrors) {
      const latest = encodeErrors(new Map([[kind, this.#errors.get(kind) ?? []]]));
      this.#sql.exec("INSERT OR REPLACE INTO errors (kind, latest) VALUES (?, ?)", kind, latest);
    }
    this.#unwrittenErrors.clear();
  }

  /** Hours before `hourMs` are made of their minutes, and what is too old goes. */
  #closeHours(hourMs: number): void {
    const { last } = this.#sql.exec<{ last: number | null }>("SELECT max(at_ms) AS last FROM hours").one();
    const open = this.#rows("minutes", last === null ? 0 : last + HOUR_MS, hourMs);
    for (const [atMs, minutes] of Map.groupBy(open, (row) => floor(row.atMs, HOUR_MS)))
      this.#put("hours", atMs, sumRows(minutes));
    this.#sql.exec("DELETE FROM minutes WHERE at_ms < ?", hourMs - MINUTES_KEPT_MS);
    this.#sql.exec("DELETE FROM hours WHERE at_ms < ?", hourMs - HOURS_KEPT_MS);
    this.#closedToMs = hourMs;
  }

  #rows(unit: Unit, fromMs: number, toMs: number): StoredSums[] {
    const sql = `SELECT at_ms, sums FROM ${unit} WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms`;
    return [...this.#sql.exec<Row>(sql, fromMs, toMs)].map((row) => ({ atMs: row.at_ms, sums: row.sums }));
  }

  #put(unit: Unit, atMs: number, sums: Sums): void {
    this.#sql.exec(`INSERT OR REPLACE INTO ${unit} (at_ms, sums) VALUES (?, ?)`, atMs, encodeSums(sums));
  }

  #countingSince(nowMs: number): number {
    const [row] = this.#sql.exec<{ since_ms: number }>("SELECT since_ms FROM counting");
    if (row !== undefined) return row.since_ms;
    this.#sql.exec("INSERT INTO counting (since_ms) VALUES (?)", nowMs);
    return nowMs;
  }
}

/** Of rows from then on; without those of another version, which a later gateway wrote before a rollback. */
export function decodeRows(rows: readonly StoredSums[], fromMs = 0): KnownSums[] {
  return rows.flatMap(({ atMs, sums }) => {
    const decoded = atMs < fromMs ? null : decodeSums(sums);
    return decoded === null ? [] : [{ atMs, sums: decoded }];
  });
}

/** The same rows together. */
export function sumRows(rows: readonly StoredSums[], fromMs = 0): Sums {
  return sumUp(decodeRows(rows, fromMs).map(({ sums }) => sums));
}

function floor(ms: number, widthMs: number): number {
  return Math.floor(ms / widthMs) * widthMs;
}
