// The ledger of the accounting, as a table of Markdown.
import { COLUMNS, type Facts, ledgerOf } from "./accounts.ts";
import type { Journal } from "./journal.ts";
import type { Plan } from "./plan.ts";

type Told = { plan: Plan; journal: Journal; kills: number; drainedMs: number; all: readonly Facts[] };

export function reportOf({ plan, journal, kills, drainedMs, all }: Told): string {
  const { seed, seconds, rate } = plan;
  return [
    `Seed ${seed}: ${seconds} s at ${rate} runs/s, drained in ${(drainedMs / 1000).toFixed(1)} s more.`,
    `The gateway was killed ${kills} times.`,
    `Faults of the upstream: ${journal.counts("upstream")}.`,
    `Faults of the receivers: ${journal.counts("receivers")}.`,
    "",
    row(["runs", ...COLUMNS]),
    row(["---", ...COLUMNS.map(() => "---:")]),
    ...ledgerOf(all).map(([name, counts]) => row([name, ...counts.map(String)])),
  ].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
