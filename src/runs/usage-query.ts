// The span of a usage report, as a caller gives it. Both ends are required: a report over a span that the caller did not name
// would look complete without being so.
import { dateTimeFault, parseDateTime } from "../platform/date-time.ts";

export type UsageSpan = {
  fromMs: number;
  /** Not part of it, so that one month's end can be the next one's beginning. */
  toMs: number;
  /** Null for the first page. */
  cursor: string | null;
};

export type UsageQuery =
  | { kind: "ok"; span: UsageSpan }
  | { kind: "invalid"; parameter: "from" | "to"; detail: string };

/** An empty parameter counts as one that was not sent. */
export function parseUsageQuery(given: { from?: string; to?: string; cursor?: string }): UsageQuery {
  const fromMs = parseDateTime(given.from ?? "");
  if (fromMs === null) return invalid("from", describeFault("from", given.from));
  const toMs = parseDateTime(given.to ?? "");
  if (toMs === null) return invalid("to", describeFault("to", given.to));
  if (fromMs > toMs) return invalid("from", "from must not be later than to.");
  return { kind: "ok", span: { fromMs, toMs, cursor: given.cursor || null } };
}

function invalid(parameter: "from" | "to", detail: string): UsageQuery {
  return { kind: "invalid", parameter, detail };
}

function describeFault(parameter: string, text: string | undefined): string {
  return text === undefined || text === "" ? `${parameter} is required.` : dateTimeFault(parameter);
}
