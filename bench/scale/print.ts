// Tables as the documents have them, and numbers from a command line.

export function table(head: readonly string[], lines: readonly (readonly string[])[]): void {
  row(head);
  row(head.map((_, at) => (at === 0 ? "---" : "---:")));
  for (const line of lines) row(line);
}

export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} must be a whole number above 0`);
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
