// npm run costs: dollars per million runs at list prices, line by line, beside what they are meant to be. Everything
// but the assumptions of bench/scale/bill.ts is counted by the tests.
import {
  ASSUMED,
  billOf,
  callbackUse,
  countDollars,
  fullUse,
  idempotentUse,
  type Line,
  OBJECT_GB,
  othersDollars,
  plainUse,
  sumOf,
} from "./scale/bill.ts";
import { FULL } from "./scale/counted.ts";
import { type Operation, PLAN_DOLLARS, PRICES, TARGET_DOLLARS, type Use } from "./scale/prices.ts";
import { row } from "./scale/print.ts";

const SAMPLED = 0.1;
/** Itself and two indexes; when it goes, itself. */
const ROWS_OF_A_RUN = 3;
const MONTHS = [100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
const WAITS_SECONDS = [0, 0.2, 1, 5];

const KINDS: { name: string; use: Use; target: number | null }[] = [
  { name: "plain, seldom", use: plainUse(), target: TARGET_DOLLARS.plain },
  { name: "plain, 1 a second", use: plainUse(), target: TARGET_DOLLARS.plain },
  { name: "plain, 10 in 200 ms", use: plainUse(10), target: TARGET_DOLLARS.plain },
  { name: "plain, 50 in 200 ms", use: plainUse(50), target: TARGET_DOLLARS.plain },
  { name: "with an id", use: idempotentUse(), target: null },
  { name: "with a callback", use: callbackUse(), target: null },
  { name: "full", use: fullUse(), target: TARGET_DOLLARS.full },
];

/** What would change a bill, had we built it. */
const AT_ONCE = { "object duration, GB-s": ASSUMED.gateCallSeconds * OBJECT_GB };
const IDEAS: { name: string; use: Use; target: number }[] = [
  {
    name: "full, without KV's copy of the answer",
    use: { ...fullUse(), "KV reads": 0, "KV writes": 0, "KV kB for a month": 0 },
    target: TARGET_DOLLARS.full,
  },
  {
    name: "full, the ledger's tables dropped by the month",
    use: { ...fullUse(), "D1 rows written": FULL.ledgerRows },
    target: TARGET_DOLLARS.full,
  },
  {
    name: "full, attempts and charges in the run's row",
    use: { ...fullUse(), "D1 rows written": ROWS_OF_A_RUN + 1 },
    target: TARGET_DOLLARS.full,
  },
  {
    name: "full, without KV's copy, attempts and charges in the run's row",
    use: {
      ...fullUse(),
      "KV reads": 0,
      "KV writes": 0,
      "KV kB for a month": 0,
      "D1 rows written": ROWS_OF_A_RUN + 1,
    },
    target: TARGET_DOLLARS.full,
  },
  {
    name: "plain and seldom, the count written at once",
    use: { ...plainUse(), ...AT_ONCE },
    target: TARGET_DOLLARS.plain,
  },
  {
    name: "plain and seldom, the count in memory only",
    use: { ...plainUse(), ...AT_ONCE, "object rows written": 0 },
    target: TARGET_DOLLARS.plain,
  },
];

const bills = KINDS.map(({ use }) => billOf(use));
row(["dollars per million runs", ...KINDS.map(({ name }) => name)]);
row(["---", ...KINDS.map(() => "---:")]);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal's own keys
for (const what of Object.keys(PRICES) as Operation[])
  row([what, ...bills.map((lines) => dollarsOf(lines, what))]);
row(["**all, every log line kept**", ...bills.map((lines) => money(sumOf(lines)))]);
row(["against the target", ...KINDS.map(({ use, target }) => against(use, 1, target))]);
row(["**all, one log line in ten kept**", ...KINDS.map(({ use }) => money(sumOf(billOf(use, SAMPLED))))]);
row(["against the target", ...KINDS.map(({ use, target }) => against(use, SAMPLED, target))]);

console.log("");
row(["dollars a month, runs a month", ...MONTHS.map((runs) => runs.toLocaleString("en"))]);
row(["---", ...MONTHS.map(() => "---:")]);
row(["plain and seldom, here", ...MONTHS.map((runs) => here(runs, plainUse()))]);
row(["a gateway and Redis on machines", ...MONTHS.map((runs) => whole(othersDollars(runs, 0)))]);
row(["full, here", ...MONTHS.map((runs) => here(runs, fullUse()))]);
row(["the same machines, and a webhook service", ...MONTHS.map((runs) => whole(othersDollars(runs, 1)))]);
console.log("");

row(["on paper only", "every line kept", "one in ten", "against the target, one in ten"]);
row(["---", "---:", "---:", "---:"]);
for (const { name, use, target } of IDEAS)
  row([
    name,
    ...[1, SAMPLED].map((share) => money(sumOf(billOf(use, share)))),
    against(use, SAMPLED, target),
  ]);

console.log("");
row(["the count, runs a second of a user", ...WAITS_SECONDS.map((wait) => `written after ${wait} s`)]);
row(["---", ...WAITS_SECONDS.map(() => "---:")]);
for (const rate of [0.01, 1, 2, 10, 50])
  row([String(rate), ...WAITS_SECONDS.map((wait) => money(countDollars(rate, wait)))]);

function dollarsOf(lines: readonly Line[], operation: Operation): string {
  const line = lines.find(({ what }) => what === operation);
  return line === undefined ? "" : money(line.dollars);
}

function against(use: Use, logShare: number, target: number | null): string {
  if (target === null) return "";
  const over = sumOf(billOf(use, logShare)) - target;
  return over > 0 ? `missed by ${money(over)}` : `met by ${money(-over)}`;
}

function here(runs: number, use: Use): string {
  return whole(PLAN_DOLLARS + (runs / 1_000_000) * sumOf(billOf(use)));
}

function whole(dollars: number): string {
  return Math.round(dollars).toLocaleString("en");
}

function money(dollars: number): string {
  return dollars.toFixed(2);
}
