// npm run bench:dead-host [-- --days 7 --runs 10000]: what the runs of a receiver that is down cost until they are dead
// letters, by the gateway's own rules, simulated (bench/scale/dead-host.ts).
import { readWholeNumbers } from "../scripts/whole-number.ts";
import { RETRY_SCHEDULE } from "../src/platform/settings.ts";
import { toDollars } from "./scale/bill.ts";
import { makeDice } from "./scale/day.ts";
import { deadHost } from "./scale/dead-host.ts";
import type { Use } from "./scale/prices.ts";
import { head, row } from "./scale/print.ts";

const DAY_MS = 86_400_000;
/** One message: an alarm, a take, a report and a breaker asked; the row, and the alarm for it and for its repetition. */
const MESSAGE: Use = { "object requests": 4, "queue operations": 3, "object rows written": 4 };

const { days, runs: maxRuns } = readWholeNumbers({ days: 7, runs: 10_000 });

head([
  "runs waiting",
  "messages in an hour",
  "dollars",
  "attempts in an hour",
  "in all",
  "dead letters",
  "the last after",
]);
for (let runs = 1; runs <= maxRuns; runs *= 10) printRow(runs);

function printRow(runs: number): void {
  const seen = deadHost(runs, days * DAY_MS, RETRY_SCHEDULE, makeDice(1));
  const { messagesInAnHour, attemptsInAnHour, attempts, dead, lastDeadMs } = seen;
  const dollars = (messagesInAnHour * toDollars(MESSAGE)) / 1_000_000;
  const last = dead < runs ? `more than ${days}` : ((lastDeadMs ?? 0) / DAY_MS).toFixed(1);
  const [waiting, messages, ...counts] = [runs, messagesInAnHour, attemptsInAnHour, attempts, dead].map(
    (count) => count.toLocaleString("en"),
  );
  row([waiting ?? "", messages ?? "", dollars.toFixed(4), ...counts, `${last} days`]);
}
