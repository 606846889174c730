// npm run costs: dollars per million runs at list prices, line by line, beside what they are meant to be. Operations are
// counted by test/bench/counted.test.ts; what is assumed stands in bench/scale/bill.ts.
import {
  ASSUMED,
  OPERATIONS_A_MESSAGE,
  othersDollars,
  storageUse,
  sumLines,
  toBill,
  toDollars,
  toUse,
} from "./scale/bill.ts";
import * as counted from "./scale/counted.ts";
import { type Operation, OTHERS, PLAN_DOLLARS, PRICES, TARGET_DOLLARS, type Use } from "./scale/prices.ts";
import { head, row } from "./scale/print.ts";

const MONTHS = [100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
const BUSY = 10;
const { plain, idempotent, full, attempt, poll } = ASSUMED.cpuMs;

const KINDS = [
  {
    name: "plain",
    seldom: counted.PLAIN,
    busy: counted.PLAIN_BUSY,
    cpuMs: plain,
    target: TARGET_DOLLARS.plain,
  },
  {
    name: "with an id",
    seldom: counted.IDEMPOTENT,
    busy: counted.IDEMPOTENT_BUSY,
    cpuMs: idempotent,
    target: TARGET_DOLLARS.idempotent,
  },
  { name: "full", seldom: counted.FULL, busy: counted.FULL_BUSY, cpuMs: full, target: TARGET_DOLLARS.full },
].flatMap(({ name, seldom, busy, cpuMs, target }) => [
  { name: `${name}, seldom`, use: toUse(seldom, cpuMs), target: target.seldom },
  { name: `${name}, busy`, use: toUse(busy, cpuMs, BUSY), target: target.busy },
]);

const DEAR: { name: string; use: counted.Counted; cpuMs: number }[] = [
  { name: "full, pushed", use: counted.FULL, cpuMs: full },
  { name: "full, its end found by the fifth poll", use: counted.POLLED, cpuMs: full + 4 * poll },
  { name: "full, ten failed attempts and a dead letter", use: counted.FAILED, cpuMs: full + 9 * attempt },
  { name: "a redelivery on top", use: counted.REDELIVERED, cpuMs: full },
  { name: "full, the only one of its user's day", use: counted.LATER_DAY, cpuMs: full },
  { name: "full, the first of a new user", use: counted.FIRST_DAY, cpuMs: full },
];

const bills = KINDS.map(({ use }) => toBill(use));
head(["dollars per million runs", ...KINDS.map(({ name }) => name)]);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal's own keys
for (const what of Object.keys(PRICES) as Operation[]) {
  const cells = bills.map((lines) =>
    lines
      .filter((line) => line.what === what)
      .map(({ dollars }) => money(dollars))
      .join(""),
  );
  if (cells.some((cell) => cell !== "")) row([what, ...cells]);
}
row(["**all**", ...bills.map((lines) => `**${money(sumLines(lines))}**`)]);
row(["target", ...KINDS.map(({ target }) => money(target))]);
row(["", ...KINDS.map(({ use, target }) => against(use, target))]);

console.log("");
head([
  "counted, for each run",
  "object calls and alarms",
  "rows in the gate",
  "KV reads",
  "KV writes",
  "messages",
  "rows in D1",
]);
for (const { name, use } of KINDS) row([name, ...toCells(use)]);
for (const { name, use } of DEAR.slice(1)) row([name, ...toCells(toUse(use, 0))]);

console.log("");
head(["the dear cases", "dollars per million", "beside a pushed one"]);
const notified = toDollars(toUse(counted.FULL, full));
for (const { name, use, cpuMs } of DEAR) {
  const dollars = toDollars(toUse(use, cpuMs));
  const isOther = use !== counted.FULL && use !== counted.REDELIVERED;
  row([name, money(dollars), isOther ? `+${money(dollars - notified)}` : ""]);
}
row(["its rows and its answer, as long as they are kept", money(toDollars(storageUse())), ""]);

console.log("");
head(["dollars a month, runs a month", ...MONTHS.map((runs) => runs.toLocaleString("en"))]);
row(["plain and seldom, here", ...MONTHS.map((runs) => here(runs, toUse(counted.PLAIN, plain)))]);
row(["a gateway and Redis on machines", ...MONTHS.map((runs) => whole(othersDollars(runs, 0)))]);
row(["full and seldom, here", ...MONTHS.map((runs) => here(runs, toUse(counted.FULL, full)))]);
for (const { name, dollars, inVolume } of OTHERS) {
  row([`the same machines, and ${name}`, ...MONTHS.map((runs) => whole(othersDollars(runs, dollars)))]);
  if (inVolume !== null)
    row(["the same at its price in volume", ...MONTHS.map((runs) => whole(othersDollars(runs, inVolume)))]);
}

function toCells(use: Use): string[] {
  const rows = [use["object requests"], use["object rows written"]];
  const others = [use["KV reads"], use["KV writes"], (use["queue operations"] ?? 0) / OPERATIONS_A_MESSAGE];
  return [...rows, ...others, use["D1 rows written"]].map((count) => String(count ?? 0));
}

function against(use: Use, target: number): string {
  const over = toDollars(use) - target;
  return over > 0 ? `missed by ${money(over)}` : `met by ${money(-over)}`;
}

function here(runs: number, use: Use): string {
  return whole(PLAN_DOLLARS + (runs / 1_000_000) * toDollars(use));
}

function whole(dollars: number): string {
  return Math.round(dollars).toLocaleString("en");
}

function money(dollars: number): string {
  return dollars.toFixed(2);
}
