// Nothing is done by an operator that is not written down: who, what and when before it is begun, what came of it
// after. When the first cannot be written, nothing is done; when the second cannot, the entry says so itself.
import type { Operator } from "../auth/operator.ts";
import { formatTime } from "../platform/date-time.ts";
import { log } from "../platform/observability/log.ts";
import { type AuditFilter, auditRows, type Noted, noteAction, noteOutcome } from "./audit-store.ts";
import { type Cursor, encodeCursor } from "./cursor.ts";
import type { AuditAction, AuditEntry, AuditPage } from "./views.ts";

const PAGE = 50;

/** What was to be done came to nothing, and why. */
export type Refusal = { kind: "refused"; detail: string };
export type Effect = { kind: "done"; detail?: string } | Refusal;

export type Acted = { outcome: "done" | "refused"; entry: AuditEntry };

export function newEntry<T extends string | null>(
  operator: Operator,
  action: AuditAction,
  target: T,
  detail: string | null = null,
): Noted & { target: T } {
  return {
    at_ms: Date.now(),
    id: crypto.randomUUID(),
    operator: operator.name,
    via: operator.via,
    action,
    target,
    detail,
  };
}

/** Throws what `perform` throws, or what kept it from being written down. */
export async function audited(db: D1Database, noted: Noted, perform: () => Promise<Effect>): Promise<Acted> {
  await noteAction(db, noted);
  let effect: Effect;
  try {
    effect = await perform();
  } catch (error) {
    await settle(db, noted, "failed", null);
    throw error;
  }
  const detail = effect.detail ?? null;
  await settle(db, noted, effect.kind, detail);
  return { outcome: effect.kind, entry: toEntry({ ...noted, detail: detail ?? noted.detail }, effect.kind) };
}

async function settle(
  db: D1Database,
  noted: Noted,
  outcome: "done" | "refused" | "failed",
  detail: string | null,
): Promise<void> {
  try {
    await noteOutcome(db, noted, outcome, detail);
  } catch (error) {
    // It has happened all the same.
    log({ event: "audit.outcome_unwritten", action: noted.action, error });
  }
}

/** Newest first. */
export async function auditPage(db: D1Database, filter: AuditFilter, after: Cursor): Promise<AuditPage> {
  const rows = await auditRows(db, filter, after, PAGE + 1);
  const shown = rows.slice(0, PAGE);
  const last = rows.length > PAGE ? shown.at(-1) : undefined;
  return {
    entries: shown.map((row) => toEntry(row, row.outcome ?? "unknown")),
    next_cursor: last === undefined ? null : encodeCursor({ atMs: last.at_ms, id: last.id }),
  };
}

function toEntry(noted: Noted, outcome: AuditEntry["outcome"]): AuditEntry {
  const { at_ms, operator, via, action, target, detail } = noted;
  return { at: formatTime(at_ms), operator, via, action, target, detail, outcome };
}
