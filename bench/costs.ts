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
  plainUse,
  sumOf,
} from "./scale/bill.ts";
import { type Operation, PRICES, TARGET_DOLLARS, type Use, WEBHOOK_SERVICE_DOLLARS } from "./scale/prices.ts";

const SAMPLED = 0.1;
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
    use: { ...fullUse(), "KV reads": 0, "KV writes": 0 },
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

console.log(`\nA webhook service lists ${money(WEBHOOK_SERVICE_DOLLARS)} per million messages.\n`);

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

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

function dollarsOf(lines: readonly Line[], operation: Operation): string {
  const line = lines.find(({ what }) => what === operation);
  return line === undefined ? "" : money(line.dollars);
}

function against(use: Use, logShare: number, target: number | null): string {
  if (target === null) return "";
  const over = sumOf(billOf(use, logShare)) - target;
  return over > 0 ? `missed by ${money(over)}` : `met by ${money(-over)}`;
}

function money(dollars: number): string {
  return dollars.toFixed(2);
}
