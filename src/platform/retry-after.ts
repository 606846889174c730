// Retry-After, as a receiver or an upstream writes it (RFC 9110, section 10.2.3): seconds or a date. Anything else is as good as none.

/** More than any schedule plans. */
const MAX_SECONDS = 14 * 24 * 60 * 60;

/** Whole seconds from 0; null when the field is missing or makes no sense. */
export function retryAfterSeconds(field: string | null, nowMs: number): number | null {
  const text = field?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_SECONDS);
  // Date.parse alone would take "-5" and "1.5" for years.
  const atMs = /^(?:mon|tue|wed|thu|fri|sat|sun)/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) return null;
  return Math.min(Math.max(0, Math.ceil((atMs - nowMs) / 1000)), MAX_SECONDS);
}
