// Numbers and times as operators read them. Times are UTC throughout: a log line, a ticket and a page then agree.
import type { Span } from "../../operators/views.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What stands where there is nothing to say. */
export const NOTHING = "–";

/** 12,345 */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** "1 run", "12,345 runs" */
export function counted(value: number, one: string): string {
  return `${count(value)} ${value === 1 ? one : `${one}s`}`;
}

/** "+11", "−3", "no change" */
export function change(now: number, before: number): string {
  if (now === before) return "no change";
  return now > before ? `+${count(now - before)}` : `−${count(before - now)}`;
}

/** "99.8 %"; never 100 while one is missing, never 0 while there is one. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return NOTHING;
  const value = (part / whole) * 100;
  if (part === whole || part === 0) return `${value} %`;
  return `${Math.min(99.9, Math.max(0.1, value)).toFixed(1)} %`;
}

/** "14 ms", "1.2 s", "3 min 5 s", "2 h 10 min", "3 d 4 h" */
export function duration(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return two(ms, MINUTE_MS, "min", SECOND_MS, "s");
  if (ms < DAY_MS) return two(ms, HOUR_MS, "h", MINUTE_MS, "min");
  return two(ms, DAY_MS, "d", HOUR_MS, "h");
}

function two(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  const head = `${Math.floor(ms / large)} ${largeUnit}`;
  return rest === 0 ? head : `${head} ${rest} ${smallUnit}`;
}

/** "3 min ago", "in 2 h" */
export function fromNow(at: string, nowMs: number): string {
  const apartMs = Date.parse(at) - nowMs;
  if (Number.isNaN(apartMs)) return NOTHING;
  if (Math.abs(apartMs) < SECOND_MS) return "now";
  const apart = largestUnit(Math.abs(apartMs));
  return apartMs < 0 ? `${apart} ago` : `in ${apart}`;
}

/** Of what is planned: "in 2 h", or "due now" once its time has come. */
export function whenDue(at: string, nowMs: number): string {
  return Date.parse(at) <= nowMs ? "due now" : fromNow(at, nowMs);
}

function largestUnit(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** "2026-11-25 20:14:03" */
export function dateTime(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? at : date.toISOString().slice(0, 19).replace("T", " ");
}

/** "25 Nov 20:14:03", or with its year where that is not this one's. */
export function shortDateTime(at: string, nowMs: number): string {
  const full = dateTime(at);
  const isThisYear = full.slice(0, 4) === new Date(nowMs).toISOString().slice(0, 4);
  return isThisYear ? `${day(at)} ${full.slice(11)}` : full;
}

/** "25 Nov" */
export function day(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

/** "20:14" */
export function timeOfDay(at: string): string {
  return dateTime(at).slice(11, 16);
}

/** When a bucket of a chart begins. */
export function bucketTime(at: string, span: Span): string {
  switch (span) {
    case "hour":
      return timeOfDay(at);
    case "day":
    case "week":
      return `${day(at)} ${timeOfDay(at)}`;
  }
}
