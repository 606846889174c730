const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** What a date-time control sends, which knows no zone and may leave out seconds, as the moment in UTC that it names. */
export function withSeconds(text: string): string {
  const [, seconds] = LOCAL.exec(text) ?? [null];
  if (seconds === null) return text;
  return seconds === undefined ? `${text}:00Z` : `${text}Z`;
}
