// The accounting, as a table of Markdown.
import { COLUMNS, type Facts, toCounts } from "./accounts.ts";
import type { Plan } from "./plan.ts";
import type { Timeline } from "./timeline.ts";

type ReportInput = {
  plan: Plan;
  timeline: Timeline;
  kills: number;
  /** Null: the gateway was never killed. */
  indexDroppedAtMs: number | null;
  drainedMs: number;
  all: readonly Facts[];
};

export function buildReport({
  plan,
  timeline,
  kills,
  indexDroppedAtMs,
  drainedMs,
  all,
}: ReportInput): string {
  const { seed, seconds, rate } = plan;
  return [
    `Seed ${seed}: ${seconds} s at ${rate} runs/s, drained in ${(drainedMs / 1000).toFixed(1)} s more.`,
    `The gateway was killed ${kills} times.`,
    indexDroppedAtMs === null
      ? "The operators' index was there all the time."
      : `The operators' index was lost for good after ${(indexDroppedAtMs / 1000).toFixed(1)} s.`,
    `Faults of the upstream: ${timeline.counts("upstream")}.`,
    `Faults of the receivers: ${timeline.counts("receivers")}.`,
    "",
    row(["runs", ...COLUMNS]),
    row(["---", ...COLUMNS.map(() => "---:")]),
    ...toCounts(all).map(([name, counts]) => row([name, ...counts.map(String)])),
  ].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
