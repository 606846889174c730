// What may be repeated, and after how long: no clock, no network, no chance of its own.
export type RetryReason = "no_answer" | "rate_limited" | "unavailable" | "server_error";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** Null: a repetition would get the same answer. A status of null: no answer came. */
export function findRetryReason({ status }: { status: number | null }): RetryReason | null {
  if (status === null) return "no_answer";
  if (status === 429) return "rate_limited";
  if (status === 503) return "unavailable";
  return status >= 500 ? "server_error" : null;
}

/** RFC 9110: seconds, or a date. Null where there is neither. */
export function parseRetryAfter(text: string | null, nowMs: number): number | null {
  if (/^\d+$/.test(text ?? "")) return Number(text) * 1000;
  const atMs = Date.parse(text ?? "");
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/**
 * After the attempt with this number, from 1. It doubles up to half a minute, and `random` (0 to 1) takes away up to half
 * of it, so that callers that failed together do not return together. With `Retry-After` all of it comes on top of that.
 */
export function planDelay(attempt: number, retryAfterMs: number | null, random: number): number {
  const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return retryAfterMs === null ? longestMs - (random * longestMs) / 2 : retryAfterMs + random * longestMs;
}
