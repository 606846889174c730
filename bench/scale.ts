// npm run scale [-- --runs 10000 --users 1000000 --days 30 --seed 1]: what so many full runs a second need of the little
// that users share, and a day of them, simulated, through two, three and four queues and one operators' index. The
// models are in bench/scale/day.ts and bench/scale/cells.ts, the limits in bench/scale/limits.ts.
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { toNeeds } from "./scale/cells.ts";
import { type Day, HOUR_SECONDS, type Hour, type Load, simulateDay } from "./scale/day.ts";
import { row } from "./scale/print.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    users: { type: "string", default: "1000000" },
    days: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
  },
});
const [runsASecond = 0, users = 0, keptDays = 0, seed = 0] = [
  values.runs,
  values.users,
  values.days,
  values.seed,
].map(Number);
if (!(runsASecond > 0 && users > 0 && keptDays > 0 && Number.isInteger(seed)))
  throw new Failure("--runs, --users and --days are numbers above 0, --seed a whole number");

const BARS = " ▁▂▃▄▅▆▇█";
const QUEUES = [2, 3, 4];
const load: Omit<Load, "queues"> = {
  runsASecond,
  users,
  burst: 2,
  lostPushes: 0.02,
  failing: { fromSecond: 8 * HOUR_SECONDS, toSecond: 11 * HOUR_SECONDS, share: 0.01 },
  indexAway: { fromSecond: 0, toSecond: 2 * HOUR_SECONDS },
  queuesAway: { fromSecond: 20 * HOUR_SECONDS, toSecond: 20.5 * HOUR_SECONDS },
  seed,
};

row([
  "full runs a second",
  "users a day",
  "queues",
  "rows a second in D1, in the first hour",
  `TB in all gates, ${keptDays} days`,
]);
row(Array.from({ length: 5 }, () => "---:"));
for (const runs of [100, 1_000, 10_000, 100_000]) {
  const usersThen = (users * runs) / runsASecond;
  const { queues, indexRowsASecond, terabytes } = toNeeds(runs, usersThen, keptDays);
  row([many(runs), many(usersThen), String(queues), many(indexRowsASecond), terabytes.toFixed(1)]);
}

const days = QUEUES.map((queues) => ({ queues, day: simulateDay({ ...load, queues }) }));
console.log(`\n${many(runsASecond)} full runs a second through so many queues\n`);
row([
  "queues",
  "messages refused",
  "the most that were late",
  "late at four in the afternoon",
  "finished by midnight",
  "still waiting",
]);
row(Array.from({ length: 6 }, () => "---:"));
for (const { queues, day } of days) row([String(queues), ...toSummary(day)]);
const last = days.at(-1);
if (last !== undefined) tell(last.queues, last.day);

function toSummary({ hours, finished, waitingAtEnd }: Day): string[] {
  const refused = hours.reduce((sum, hour) => sum + hour.refused, 0);
  const late = Math.max(...hours.map((hour) => hour.late));
  return [refused, late, hours[16]?.late ?? 0, finished, waitingAtEnd].map(many);
}

function tell(queues: number, { hours }: Day): void {
  console.log(`\nthe day through ${queues} of them\n`);
  row([
    "hour",
    "runs/s",
    "messages/s, most",
    "refused",
    "in queues",
    "host rests",
    "late",
    "outboxes",
    "gates, GB",
    "KV, GB",
  ]);
  row(["---", ...Array.from({ length: 9 }, () => "---:")]);
  for (const [at, hour] of hours.entries()) row([String(at).padStart(2, "0"), ...toCells(hour)]);
  console.log("");
  chart("messages/s", hours, ({ messages }) => messages);
  chart("host rests", hours, ({ deferred }) => deferred);
  chart("late      ", hours, ({ late }) => late);
  chart("outboxes  ", hours, ({ outbox }) => outbox);
}

function toCells({
  starts,
  messages,
  refused,
  queued,
  deferred,
  late,
  outbox,
  gateBytes,
  kvBytes,
}: Hour): string[] {
  const counts = [starts / HOUR_SECONDS, messages, refused, queued, deferred, late, outbox];
  return [...counts, gateBytes / 1e9, kvBytes / 1e9].map(many);
}

/** One column an hour. */
function chart(name: string, hours: readonly Hour[], numberOf: (hour: Hour) => number): void {
  const numbers = hours.map(numberOf);
  const top = Math.max(...numbers.map(Math.round), 1);
  const bars = numbers
    .map((one) => BARS[Math.ceil((Math.round(one) / top) * (BARS.length - 1))] ?? " ")
    .join("");
  console.log(`    ${name} |${bars}| ${many(top)} at most`);
}

function many(count: number): string {
  // A sum of shares may end below zero by a hair.
  return Math.max(0, Math.round(count)).toLocaleString("en");
}
