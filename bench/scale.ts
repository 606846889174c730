// npm run scale [-- --runs 10000 --users 1000000 --days 30 --seed 1]: what so many full runs a second need of the little
// that users share, and a day of them, simulated, through two, three and four queues and one operators' index. The
// models are in bench/scale/day.ts and bench/scale/cells.ts, the limits in bench/scale/limits.ts.
import { readWholeNumbers } from "../scripts/whole-number.ts";
import { toNeeds } from "./scale/cells.ts";
import { type Day, HOUR_SECONDS, type Hour, type Load, simulateDay } from "./scale/day.ts";
import { head, row } from "./scale/print.ts";

const options = readWholeNumbers({ runs: 10_000, users: 1_000_000, days: 30, seed: 1 });
const { runs: runsASecond, users, days: keptDays, seed } = options;

const QUEUES = [2, 3, 4];
const load: Omit<Load, "queues"> = {
  runsASecond,
  users,
  burst: 2,
  missedNotices: 0.02,
  failing: { fromSecond: 8 * HOUR_SECONDS, toSecond: 11 * HOUR_SECONDS, share: 0.01 },
  indexAway: { fromSecond: 0, toSecond: 2 * HOUR_SECONDS },
  queuesAway: { fromSecond: 20 * HOUR_SECONDS, toSecond: 20.5 * HOUR_SECONDS },
  seed,
};

head([
  "full runs a second",
  "users a day",
  "queues",
  "rows a second in D1, in the first hour",
  `TB in all gates, ${keptDays} days`,
]);
for (const runs of [100, 1_000, 10_000, 100_000]) {
  const usersThen = (users * runs) / runsASecond;
  const { queues, indexRowsASecond, terabytes } = toNeeds(runs, usersThen, keptDays);
  row([many(runs), many(usersThen), String(queues), many(indexRowsASecond), terabytes.toFixed(1)]);
}

const days = QUEUES.map((queues) => ({ queues, day: simulateDay({ ...load, queues }) }));
console.log(`\n${many(runsASecond)} full runs a second through so many queues\n`);
head([
  "queues",
  "messages refused",
  "the most that were late",
  "late at four in the afternoon",
  "finished by midnight",
  "still waiting",
]);
for (const { queues, day } of days) row([String(queues), ...toSummary(day)]);
const last = days.at(-1);
if (last !== undefined) printDay(last.queues, last.day);

function toSummary({ hours, finished, waitingAtEnd }: Day): string[] {
  const refused = hours.reduce((sum, hour) => sum + hour.refused, 0);
  const late = Math.max(...hours.map((hour) => hour.late));
  return [refused, late, hours[16]?.late ?? 0, finished, waitingAtEnd].map(many);
}

function printDay(queues: number, { hours }: Day): void {
  console.log(`\nthe day through ${queues} of them\n`);
  head([
    "hour",
    "runs/s",
    "messages/s, most",
    "refused",
    "in queues",
    "breaker open",
    "late",
    "outboxes",
    "gates, GB",
    "KV, GB",
  ]);
  for (const [at, hour] of hours.entries()) row([String(at).padStart(2, "0"), ...toCells(hour)]);
}

function toCells({ starts, messages, refused, gateBytes, kvBytes, ...most }: Hour): string[] {
  const waiting = [most.queued, most.deferred, most.late, most.outbox];
  return [starts / HOUR_SECONDS, messages, refused, ...waiting, gateBytes / 1e9, kvBytes / 1e9].map(many);
}

function many(count: number): string {
  // A sum of shares may end below zero by a hair.
  return Math.max(0, Math.round(count)).toLocaleString("en");
}
