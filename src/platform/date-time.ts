// Moments as callers write them (RFC 3339).

export function dateTimeFault(parameter: string): string {
  return `${parameter} must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).`;
}

// Stricter than Date.parse, which takes other forms too, and 30 February for 2 March.
const DATE_TIME =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** Unix milliseconds; null for anything but an RFC 3339 date-time. */
export function parseDateTime(text: string): number | null {
  const [whole, year, month, day] = DATE_TIME.exec(text) ?? [];
  if (whole === undefined || Number(day) > daysIn(Number(year), Number(month))) return null;
  return whole.charAt(SECONDS_AT) === "6" ? parseLeapSecond(whole) : Date.parse(whole.toUpperCase());
}

const SECONDS_AT = "2026-11-01T00:00:".length;

/** It ends a month, in UTC. Unix time counts it as the first second of the next one. */
function parseLeapSecond(text: string): number | null {
  const secondBefore = `${text.slice(0, SECONDS_AT)}59${text.slice(SECONDS_AT + 2)}`;
  const ms = Date.parse(secondBefore.toUpperCase()) + 1000;
  return /-01T00:00:00\./.test(formatTime(ms)) ? ms : null;
}

function daysIn(year: number, month: number): number {
  // The last day of a month is day 0 of the next; 2000 more years change no calendar, and avoid years below 100.
  return new Date(Date.UTC(year + 2000, month, 0)).getUTCDate();
}

/** RFC 3339, in UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms);
}
