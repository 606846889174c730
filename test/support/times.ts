/** `n` things, made one after the other. */
export function times<T>(n: number, make: (at: number) => T): T[] {
  return Array.from({ length: n }, (_, at) => make(at));
}

/** How many answers have each status. */
export function statuses(answers: readonly { status: number }[]): Record<number, number> {
  const count: Record<number, number> = {};
  for (const { status } of answers) count[status] = (count[status] ?? 0) + 1;
  return count;
}
