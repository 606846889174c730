// npm run scale [-- --runs 10000 --seed 1]: a day at that many runs a second, simulated: one queue and one ledger, and
// then as many of both as it takes. The model and its assumptions are in bench/scale/day.ts.
import { parseArgs } from "node:util";
import { type Day, dayOf, HOUR_SECONDS, type Load, type Parts, splitOf } from "./scale/day.ts";
import { table, wholeNumber } from "./scale/print.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const load: Load = {
  runsASecond: wholeNumber("--runs", values.runs),
  burst: 2,
  failing: 0.01,
  outage: { fromSecond: 13 * HOUR_SECONDS, toSecond: 14 * HOUR_SECONDS },
  seed: wholeNumber("--seed", values.seed),
};
const calm: Load = { ...load, outage: { fromSecond: 0, toSecond: 0 } };

show({ queues: 1, ledgers: 1 });
show(splitOf(load));
const { queues, ledgers } = splitOf(calm);
console.log(`\nWithout the outage ${queues} queues and ${ledgers} ledgers would do.\n`);
table(
  ["runs a second", "queues", "ledgers", "GB a day"],
  [100, 1_000, 10_000, 100_000].map((runsASecond) => {
    const parts = splitOf({ ...load, runsASecond });
    const day = dayOf({ ...load, runsASecond }, parts);
    return [
      runsASecond.toLocaleString("en"),
      String(parts.queues),
      String(parts.ledgers),
      gigabytes(day.hours.at(-1)?.storedBytes ?? 0),
    ];
  }),
);

function show(parts: Parts): void {
  const day = dayOf(load, parts);
  console.log(`\nqueues: ${parts.queues}, ledgers: ${parts.ledgers}\n`);
  table(
    ["hour", "runs a second", "messages waiting", "D1 rows waiting", "GB stored"],
    day.hours.map(({ starts, messagesWaiting, rowsWaiting, storedBytes }, hour) => [
      String(hour).padStart(2, "0"),
      many(starts / HOUR_SECONDS),
      many(messagesWaiting),
      many(rowsWaiting),
      gigabytes(storedBytes),
    ]),
  );
  console.log(`\n${endOf(day)}`);
}

function endOf(day: Day): string {
  const events: [what: string, at: number | null][] = [
    ["the queue refuses a send", day.firstRefusedAt],
    ["the books are behind without an outage", day.booksBehindAt],
    ["the ledgers are full", day.ledgerFullAt],
    ["the account's 1 TB of D1 is full", day.accountFullAt],
  ];
  return events.map(([what, at]) => `- ${what}: ${at === null ? "never" : `at ${clock(at)}`}`).join("\n");
}

function clock(second: number): string {
  return new Date(second * 1000).toISOString().slice(11, 19);
}

function many(count: number): string {
  return Math.round(count).toLocaleString("en");
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(bytes < 1e11 ? 1 : 0);
}
