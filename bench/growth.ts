// npm run bench:growth [-- --rows 100000]: how many bytes a gate's rows take, each with its index entries, with ever more
// of them. bench/scale/limits.ts has the numbers that other commands count with.
import { readWholeNumbers } from "../scripts/whole-number.ts";
import { startGates } from "./scale/metered-gate.ts";
import { head, row } from "./scale/print.ts";

const { rows: maxRows } = readWholeNumbers({ rows: 100_000 });

const TABLES = ["ended_runs", "charges", "answers", "open_runs"];

const gates = await startGates();
try {
  head(["bytes a row, of so many", ...TABLES.map((table) => `\`${table}\``)]);
  for (let rows = 1_000; rows <= maxRows; rows *= 10) {
    const bytes = await gates.fill(`of ${rows}`, rows, rows);
    row([rows.toLocaleString("en"), ...TABLES.map((table) => (bytes[table] ?? Number.NaN).toFixed(0))]);
  }
} finally {
  await gates.close();
}
