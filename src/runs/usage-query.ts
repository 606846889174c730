// The span of a usage report, as a caller gives it. Both ends are required: a report over a span that nobody named
// would look complete without being so.

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
  if (fromMs === null) return invalid("from", faultOf("from", given.from));
  const toMs = parseDateTime(given.to ?? "");
  if (toMs === null) return invalid("to", faultOf("to", given.to));
  if (fromMs > toMs) return invalid("from", "from must not be later than to.");
  return { kind: "ok", span: { fromMs, toMs, cursor: given.cursor || null } };
}

function invalid(parameter: "from" | "to", detail: string): UsageQuery {
  return { kind: "invalid", parameter, detail };
}

function faultOf(parameter: string, text: string | undefined): string {
  return text === undefined || text === "" ? `${parameter} is required.` : dateTimeFault(parameter);
}

export function dateTimeFault(parameter: string): string {
  return `${parameter} must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).`;
}

// Stricter than Date.parse, which takes other forms too, and 30 February for 2 March.
const DATE_TIME =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** Unix milliseconds; null for anything but an RFC 3339 date-time. A leap second is none here: Unix time has no place for it. */
export function parseDateTime(text: string): number | null {
  const [whole, year, month, day] = DATE_TIME.exec(text) ?? [];
  if (whole === undefined || Number(day) > daysIn(Number(year), Number(month))) return null;
  return Date.parse(whole.toUpperCase());
}

function daysIn(year: number, month: number): number {
  // The last day of a month is day 0 of the next; 2000 more years change no calendar, and avoid years below 100.
  return new Date(Date.UTC(year + 2000, month, 0)).getUTCDate();
}
