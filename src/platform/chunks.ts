/** `items` in their order, `size` at a time; the last chunk may be shorter. */
export function inChunks<T>(items: readonly T[], size: number): T[][] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, chunk) => chunk * size);
  return starts.map((start) => items.slice(start, start + size));
}
