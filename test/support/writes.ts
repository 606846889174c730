// What a meter of rows (rows.ts) shows, made comparable.

/** Of tables that there are one a period of: which period it was is left out. */
export function withoutPeriods(writes: readonly string[]): string[] {
  return writes.map((write) => write.replace(/_\d+ /, " "));
}

/** How many rows a list of writes is. */
export function sumOf(writes: readonly string[]): number {
  return writes.reduce((sum, write) => sum + Number(write.split(" ").at(-1)), 0);
}
