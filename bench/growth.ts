// npm run bench:growth [-- --rows 100000]: how many bytes a gate's rows take, each with its index entries, with ever more
// of them. bench/scale/limits.ts has the numbers that other commands count with.
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { MeteredGates } from "./scale/metered-gate.ts";
import { row } from "./scale/print.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "100000" } } });
const maxRows = Number(values.rows);
if (!(maxRows >= 1_000)) throw new Failure("--rows is a number from 1000");

const TABLES = ["ended_runs", "charges", "answers", "open_runs"];

const gates = await MeteredGates.start();
try {
  row(["bytes a row, of so many", ...TABLES.map((table) => `\`${table}\``)]);
  row(["---:", ...TABLES.map(() => "---:")]);
  for (let rows = 1_000; rows <= maxRows; rows *= 10) {
    const bytes = await gates.fill(`of ${rows}`, rows, rows);
    row([rows.toLocaleString("en"), ...TABLES.map((table) => (bytes[table] ?? Number.NaN).toFixed(0))]);
  }
} finally {
  await gates.close();
}
