// npm run bench:gate [-- --ended 100000 --open 10000 --rounds 9]: what a gate's work costs with many runs in it beside what
// it costs with ten: rows read and written, as the runtime counts them, and time as a ratio, taken in turns in one run.
import { readWholeNumbers } from "../scripts/whole-number.ts";
import { ratios, spread } from "./harness/statistics.ts";
import { type Rows, startGates } from "./scale/metered-gate.ts";
import { head, row } from "./scale/print.ts";

const { ended, open, rounds } = readWholeNumbers({ ended: 100_000, open: 10_000, rounds: 9 });

const FEW = 10;
const [SMALL, LARGE] = ["small", "large"];
const TIMES = 200;
const WORK: { work: string; name: string; times: number; isPrepared?: boolean }[] = [
  { work: "wake", name: "the object starts", times: 1 },
  { work: "start", name: "a start: admit, settle", times: TIMES },
  { work: "poll", name: "a poll that finds it waiting: take, report", times: TIMES, isPrepared: true },
  { work: "end", name: "its end: take, report", times: TIMES, isPrepared: true },
  { work: "find", name: "a search for an unknown run", times: TIMES },
  { work: "usage", name: "a page of usage, 10 charges", times: TIMES },
  { work: "alarm", name: "an alarm, nothing due", times: TIMES },
];

const gates = await startGates();
try {
  await gates.fill(SMALL, FEW, FEW);
  await gates.fill(LARGE, ended, open);
  for (const gate of [SMALL, LARGE]) await gates.forget(gate);
  head([
    `${FEW} ended, ${FEW} open runs beside ${ended.toLocaleString("en")} and ${open.toLocaleString("en")}`,
    "rows read",
    "of many",
    "rows written",
    "of many",
    "time, many over few",
  ]);
  for (const each of WORK) row([each.name, ...(await compare(each))]);
} finally {
  await gates.close();
}

async function compare({ work, times, isPrepared = false }: (typeof WORK)[number]): Promise<string[]> {
  const took: Record<string, number[]> = { [SMALL]: [], [LARGE]: [] };
  const rows: Record<string, Rows> = {};
  // The first round compiles, and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const gate of round % 2 === 0 ? [SMALL, LARGE] : [LARGE, SMALL]) {
      if (isPrepared) await gates.prepare(gate, times);
      if (work === "wake") await gates.forget(gate);
      const { tookMs, ...counted } = await gates.perform(gate, work, times);
      rows[gate] = counted;
      if (round >= 0) took[gate]?.push(tookMs);
    }
  }
  const { median, min, max } = spread(ratios(took[LARGE] ?? [], took[SMALL] ?? []));
  const [few, many] = [SMALL, LARGE].map((gate) => rows[gate]);
  const counts = [few?.read, many?.read, few?.written, many?.written].map((count) => String(count));
  return [...counts, `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`];
}
