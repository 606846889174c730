// Tables as the documents have them.

export function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

/** The first line of a table, and that which says that numbers stand to the right. */
export function head(cells: readonly string[]): void {
  row(cells);
  row(cells.map((_, at) => (at === 0 ? "---" : "---:")));
}
