// npm run bench:dead-host [-- --days 7 --runs 1000]: what the runs of a receiver that is down cost until they are dead
// letters, by the gateway's own rules, simulated (bench/scale/dead-host.ts).
import { parseArgs } from "node:util";
import { billOf, sumOf } from "./scale/bill.ts";
import { deadHost, dice, GROWING, NONE, type Patience } from "./scale/dead-host.ts";
import type { Use } from "./scale/prices.ts";
import { row } from "./scale/print.ts";

const DAY_MS = 86_400_000;
/** One look: an alarm, a take, a report and a breaker asked; a message; the row and the alarm written; the body read; the books told. */
const LOOK: Use = {
  "object requests": 4,
  "queue operations": 3,
  "object rows written": 2,
  "KV reads": 1,
  "D1 rows written": 1,
};

const { values } = parseArgs({
  options: { days: { type: "string", default: "7" }, runs: { type: "string", default: "1000" } },
});
const [days = 0, maxRuns = 0] = [values.days, values.runs].map(Number);
if (!(days > 0 && maxRuns >= 1)) throw new Error("--days is a number above 0, --runs one from 1");

row(["runs waiting", "looks in an hour", "dollars", "attempts in an hour", "dead letters", "the last after"]);
row(["---:", "---:", "---:", "---:", "---:", "---:"]);
for (let runs = 1; runs <= maxRuns; runs *= 10) tell(runs, "", NONE);
tell(maxRuns, ", as proposed", GROWING);

function tell(runs: number, how: string, patience: Patience): void {
  const { looksInAnHour, attemptsInAnHour, dead, lastDeadMs } = deadHost(
    runs,
    days * DAY_MS,
    dice(),
    patience,
  );
  const dollars = (looksInAnHour * sumOf(billOf(LOOK))) / 1_000_000;
  const last =
    lastDeadMs === null || dead < runs
      ? `more than ${days} days`
      : `${(lastDeadMs / DAY_MS).toFixed(1)} days`;
  row([
    `${runs.toLocaleString("en")}${how}`,
    looksInAnHour.toLocaleString("en"),
    dollars.toFixed(4),
    String(attemptsInAnHour),
    String(dead),
    last,
  ]);
}
