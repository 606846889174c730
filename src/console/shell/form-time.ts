const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** What a date-time control sends, which knows no zone and may leave out seconds, as the moment in UTC that it names. */
export function withSeconds(text: string): string {
  const local = LOCAL.exec(text);
  if (local === null) return text;
  return local[1] === undefined ? `${text}:00Z` : `${text}Z`;
}
