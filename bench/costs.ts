// npm run costs: dollars per million runs at list prices, line by line, beside what they are meant to be. Operations are
// counted by test/bench/counted.test.ts; what is assumed stands in bench/scale/bill.ts.
import {
  ASSUMED,
  countOf,
  type Line,
  othersDollars,
  storageUse,
  sumOf,
  toBill,
  toDollars,
  toUse,
} from "./scale/bill.ts";
import * as counted from "./scale/counted.ts";
import { type Operation, OTHERS, PLAN_DOLLARS, PRICES, TARGET_DOLLARS, type Use } from "./scale/prices.ts";
import { row } from "./scale/print.ts";

const MONTHS = [100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
const BUSY = 10;
const { plain, idempotent, full, attempt, poll } = ASSUMED.cpuMs;

const KINDS: { name: string; of: counted.Counted; runs: number; cpuMs: number; target: number }[] = [
  { name: "plain, seldom", of: counted.PLAIN, runs: 1, cpuMs: plain, target: TARGET_DOLLARS.plain.seldom },
  { name: "busy", of: counted.PLAIN_BUSY, runs: BUSY, cpuMs: plain, target: TARGET_DOLLARS.plain.busy },
  {
    name: "with an id, seldom",
    of: counted.IDEMPOTENT,
    runs: 1,
    cpuMs: idempotent,
    target: TARGET_DOLLARS.idempotent.seldom,
  },
  {
    name: "busy",
    of: counted.IDEMPOTENT_BUSY,
    runs: BUSY,
    cpuMs: idempotent,
    target: TARGET_DOLLARS.idempotent.busy,
  },
  { name: "full, seldom", of: counted.FULL, runs: 1, cpuMs: full, target: TARGET_DOLLARS.full.seldom },
  { name: "busy", of: counted.FULL_BUSY, runs: BUSY, cpuMs: full, target: TARGET_DOLLARS.full.busy },
];

const DEAR: { name: string; of: counted.Counted; cpuMs: number }[] = [
  { name: "full, pushed", of: counted.FULL, cpuMs: full },
  { name: "full, its end found by the fifth poll", of: counted.POLLED, cpuMs: full + 4 * poll },
  { name: "full, ten failed attempts and a dead letter", of: counted.FAILED, cpuMs: full + 9 * attempt },
  { name: "a redelivery on top", of: counted.REDELIVERED, cpuMs: full },
  { name: "full, the only one of its user's day", of: counted.LATER_DAY, cpuMs: full },
  { name: "full, the first of a new user", of: counted.FIRST_DAY, cpuMs: full },
];

const uses = KINDS.map(({ of, runs, cpuMs }) => toUse(of, cpuMs, runs));
const bills = uses.map(toBill);
row(["dollars per million runs", ...KINDS.map(({ name }) => name)]);
row(["---", ...KINDS.map(() => "---:")]);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal's own keys
for (const what of Object.keys(PRICES) as Operation[]) {
  if (bills.some((lines) => lineOf(lines, what) !== null))
    row([what, ...bills.map((lines) => cell(lines, what))]);
}
row(["**all**", ...bills.map((lines) => `**${money(sumOf(lines))}**`)]);
row(["target", ...KINDS.map(({ target }) => money(target))]);
row(["", ...KINDS.map(({ target }, at) => against(uses[at] ?? {}, target))]);

console.log("");
row([
  "counted, for each run",
  "object calls and alarms",
  "rows in the gate",
  "KV reads",
  "KV writes",
  "messages",
  "rows in D1",
]);
row(["---", "---:", "---:", "---:", "---:", "---:", "---:"]);
for (const { name, of, runs } of withFullNames()) row([name, ...toCells(of, runs)]);
for (const { name, of } of DEAR.slice(1)) row([name, ...toCells(of, 1)]);

console.log("");
row(["the dear cases", "dollars per million", "beside a pushed one"]);
row(["---", "---:", "---:"]);
const notified = toDollars(toUse(counted.FULL, full));
for (const { name, of, cpuMs } of DEAR) {
  const dollars = toDollars(toUse(of, cpuMs));
  row([
    name,
    money(dollars),
    of === counted.FULL || of === counted.REDELIVERED ? "" : signed(dollars - notified),
  ]);
}
row(["its rows and its answer, as long as they are kept", money(toDollars(storageUse())), ""]);

console.log("");
row(["dollars a month, runs a month", ...MONTHS.map((runs) => runs.toLocaleString("en"))]);
row(["---", ...MONTHS.map(() => "---:")]);
row(["plain and seldom, here", ...MONTHS.map((runs) => here(runs, toUse(counted.PLAIN, plain)))]);
row(["a gateway and Redis on machines", ...MONTHS.map((runs) => whole(othersDollars(runs, 0)))]);
row(["full and seldom, here", ...MONTHS.map((runs) => here(runs, toUse(counted.FULL, full)))]);
for (const { name, dollars, inVolume } of OTHERS) {
  row([`the same machines, and ${name}`, ...MONTHS.map((runs) => whole(othersDollars(runs, dollars)))]);
  if (inVolume !== null)
    row(["the same at its price in volume", ...MONTHS.map((runs) => whole(othersDollars(runs, inVolume)))]);
}

function withFullNames(): typeof KINDS {
  return KINDS.map((kind, at) => ({
    ...kind,
    name: kind.name === "busy" ? `${KINDS[at - 1]?.name.replace(", seldom", "")}, busy` : kind.name,
  }));
}

function toCells(
  { calls, alarms, gateRows, breakerRows, kv, messages, d1Rows }: counted.Counted,
  runs: number,
): string[] {
  const objectCalls = countOf(calls, "USER_GATE.") + countOf(calls, "DESTINATION_BREAKER.") + alarms;
  const rows = countOf(gateRows) + countOf(breakerRows);
  return [objectCalls, rows, countOf(kv, "KV.get"), countOf(kv, "KV.put"), messages, d1Rows].map((count) =>
    String(count / runs),
  );
}

function lineOf(lines: readonly Line[], operation: Operation): Line | null {
  return lines.find(({ what }) => what === operation) ?? null;
}

function cell(lines: readonly Line[], operation: Operation): string {
  const line = lineOf(lines, operation);
  return line === null ? "" : money(line.dollars);
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

function signed(dollars: number): string {
  return `${dollars < 0 ? "−" : "+"}${money(Math.abs(dollars))}`;
}

function money(dollars: number): string {
  return dollars.toFixed(2);
}
