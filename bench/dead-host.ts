// npm run bench:dead-host [-- --days 7 --runs 10000]: what the runs of a receiver that is down cost until they are dead
// letters, by the gateway's own rules, simulated (bench/scale/dead-host.ts).
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { RETRY_SCHEDULE } from "../src/platform/settings.ts";
import { toDollars } from "./scale/bill.ts";
import { deadHost, dice } from "./scale/dead-host.ts";
import type { Use } from "./scale/prices.ts";
import { row } from "./scale/print.ts";

const DAY_MS = 86_400_000;
/** One message: an alarm, a take, a report and a breaker asked; the row, and the alarm for it and for its repetition. */
const MESSAGE: Use = {
  "object requests": 4,
  "queue operations": 3,
  "object rows written": 4,
};

const { values } = parseArgs({
  options: { days: { type: "string", default: "7" }, runs: { type: "string", default: "10000" } },
});
const [days = 0, maxRuns = 0] = [values.days, values.runs].map(Number);
if (!(days > 0 && maxRuns >= 1)) throw new Failure("--days is a number above 0, --runs one from 1");

row([
  "runs waiting",
  "messages in an hour",
  "dollars",
  "attempts in an hour",
  "in all",
  "dead letters",
  "the last after",
]);
row(["---:", "---:", "---:", "---:", "---:", "---:", "---:"]);
for (let runs = 1; runs <= maxRuns; runs *= 10) tell(runs);

function tell(runs: number): void {
  const seen = deadHost(runs, days * DAY_MS, RETRY_SCHEDULE, dice());
  const { messagesInAnHour, attemptsInAnHour, attempts, dead, lastDeadMs } = seen;
  const dollars = (messagesInAnHour * toDollars(MESSAGE)) / 1_000_000;
  const last =
    lastDeadMs === null || dead < runs
      ? `more than ${days} days`
      : `${(lastDeadMs / DAY_MS).toFixed(1)} days`;
  row([
    runs.toLocaleString("en"),
    messagesInAnHour.toLocaleString("en"),
    dollars.toFixed(4),
    String(attemptsInAnHour),
    attempts.toLocaleString("en"),
    dead.toLocaleString("en"),
    last,
  ]);
}
