/** RFC 3339. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms);
}
