// RFC 4180: a header row, CRLF after every row, quotes where a field needs them. Fields are written as they are, so
// that nothing is lost on the way: a text that a spreadsheet would take for a formula stays that text. Only half
// a surrogate pair, which JSON can have alone and UTF-8 cannot, becomes U+FFFD.

export type CsvRow = Record<string, string | number | null>;

/** Null is an empty field, and an empty text a quoted one. */
export function formatCsv(columns: readonly string[], rows: readonly CsvRow[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => field(row[column] ?? null)))];
  return lines.map((line) => `${line.join()}\r\n`).join("");
}

function field(value: string | number | null): string {
  if (value === null) return "";
  const text = String(value).toWellFormed();
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
