// Tables as the documents have them.

export function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
