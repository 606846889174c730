// npm run scale [-- --runs 10000 --days 30 --seed 1]: a day at that many runs a second, all of which owe somebody something:
// through one queue and one ledger, and through as many cells (a queue and its ledger each) as it takes. The models
// are in bench/scale/day.ts and bench/scale/cells.ts, the limits in bench/scale/limits.ts.
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { bytesKept, cellsFor, most } from "./scale/cells.ts";
import { type Day, dayOf, HOUR_SECONDS, type Hour, type Load } from "./scale/day.ts";
import { LIMITS } from "./scale/limits.ts";
import { row } from "./scale/print.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    days: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
  },
});
const [runsASecond = 0, keptDays = 0, seed = 0] = [values.runs, values.days, values.seed].map(Number);
if (!(runsASecond > 0 && keptDays > 0 && Number.isInteger(seed)))
  throw new Failure("--runs and --days are numbers above 0, --seed a whole number");

const BARS = " ▁▂▃▄▅▆▇█";
const load: Load = {
  runsASecond,
  burst: 2,
  lostPushes: 0.02,
  failing: { fromSecond: 8 * HOUR_SECONDS, toSecond: 11 * HOUR_SECONDS, share: 0.01 },
  outage: { fromSecond: 13 * HOUR_SECONDS, toSecond: 14 * HOUR_SECONDS },
  seed,
};

row([
  "runs a second that owe",
  "cells: queue",
  "writer",
  "retention",
  `size, ${keptDays} days`,
  "TB of ledgers",
]);
row(Array.from({ length: 6 }, () => "---:"));
for (const owing of [100, 1_000, 10_000, 100_000]) {
  const { queue, writer, retention, size } = cellsFor(owing, keptDays);
  const tera = (bytesKept(owing, keptDays) / 1e12).toFixed(2);
  row([owing.toLocaleString("en"), ...[queue, writer, retention, size].map(String), tera]);
}

const needed = most(cellsFor(runsASecond, 1));
for (const cells of [1, needed]) tell(cells, dayOf({ ...load, runsASecond: runsASecond / cells }));

function tell(cells: number, { hours, booked, waitingAtEnd }: Day): void {
  console.log(
    `\n${runsASecond.toLocaleString("en")} runs a second through ${cells} of each; all cells together\n`,
  );
  row([
    "hour",
    "runs/s",
    "messages/s, most",
    "refused",
    "in queues",
    "host rests",
    "not booked",
    "D1, GB",
    "gates, GB",
    "KV, GB",
  ]);
  row(["---", ...Array.from({ length: 9 }, () => "---:")]);
  for (const [at, hour] of hours.entries()) row([String(at).padStart(2, "0"), ...cellsOf(hour, cells)]);
  chart(
    "messages/s",
    hours.map(({ messages }) => messages * cells),
  );
  chart(
    "in queues ",
    hours.map(({ queued }) => queued * cells),
  );
  chart(
    "not booked",
    hours.map(({ unbooked }) => unbooked * cells),
  );
  chart(
    "D1, bytes ",
    hours.map(({ ledgerBytes }) => ledgerBytes * cells),
  );
  const looks = Math.max(...hours.map(({ putOff }) => putOff * cells));
  console.log(
    `\nBooked: ${many(booked * cells)}; waiting at midnight: ${many(waitingAtEnd * cells)}. Looks at runs whose receiver rests: ` +
      `${many(looks)} a second at most; one breaker answers ${many(LIMITS.requestsASecondAnObject)}.`,
  );
}

function cellsOf(hour: Hour, cells: number): string[] {
  const { starts, messages, refused, queued, resting, unbooked, ledgerBytes, gateBytes, kvBytes } = hour;
  return [
    ...[starts / HOUR_SECONDS, messages, refused, queued, resting, unbooked].map((one) => many(one * cells)),
    ...[ledgerBytes, gateBytes, kvBytes].map((bytes) => many((bytes * cells) / 1e9)),
  ];
}

/** One column an hour. */
function chart(name: string, numbers: readonly number[]): void {
  const top = Math.max(...numbers.map(Math.round), 1);
  const bars = numbers
    .map((one) => BARS[Math.ceil((Math.round(one) / top) * (BARS.length - 1))] ?? " ")
    .join("");
  console.log(`${name === "messages/s" ? "\n" : ""}    ${name} |${bars}| ${many(top)} at most`);
}

function many(count: number): string {
  return Math.round(count).toLocaleString("en");
}
