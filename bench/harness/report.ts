// What was measured, as JSON and as Markdown. Ratios are of the same round, so that what slowed the machine down for a
// while slowed both.
import type { Throughput } from "./measure.ts";
import { quantile, ratios, type Spread, spread } from "./statistics.ts";

export type Measured = {
  name: string;
  title: string;
  /** By the number of connections, one of each round. */
  closed: Map<number, Throughput[]>;
  /** At `openPerSecond`, the latencies of each round. */
  open: number[][];
  openPerSecond: number;
};

export type Run = { rounds: number; seconds: number; connections: readonly number[]; machine: string };

type LatencyMs = { p50: number; p99: number; p999: number };

type ContenderStats = {
  name: string;
  title: string;
  connections: number;
  perSecond: Spread;
  cpuMs: Spread;
  ofFloor: Spread;
  cpuOfFloor: Spread;
};

/** The tables, in the order in which they are read. */
export function page(all: readonly Measured[], { rounds, seconds, connections, machine }: Run): string {
  const closed = connections.map(
    (count) => `Closed loop, connections: ${count}.\n\n${throughputTable(statsByContender(all, count))}`,
  );
  return [
    `${rounds} rounds of ${seconds} s, median (lowest–highest). ${machine}.`,
    ...closed,
    ...openLoop(all),
  ].join("\n\n");
}

/** The same for programs: all statistics of each number of connections, and the latencies of each round. */
export function record(all: readonly Measured[], run: Run): object {
  const closed = run.connections.flatMap((count) => statsByContender(all, count));
  const open = all.map(({ name, openPerSecond, open: rounds }) => ({
    name,
    openPerSecond,
    rounds: rounds.map((round) => toLatency([round])),
  }));
  return { ...run, closed, open };
}

function openLoop(all: readonly Measured[]): string[] {
  if (all.every(({ open }) => open.length === 0)) return [];
  const what = "Open loop, at a third of the capacity, or of the gateway's where that is less.";
  return [what, latencyTable(all), ...addition(all)];
}

function addition(all: readonly Measured[]): string[] {
  const [floor] = all;
  const plain = all.find(({ name }) => name === "ours-plain");
  if (floor === undefined || plain === undefined) return [];
  const { p50, p99 } = added(plain, floor);
  const [at50, at99] = [p50, p99].map((ms) => `${withSpread(ms, 2)} ms`);
  return [`At one rate, a plain run takes longer than the floor by ${at50} (p50) and ${at99} (p99).`];
}

function statsByContender(all: readonly Measured[], connections: number): ContenderStats[] {
  const floor = all[0]?.closed.get(connections) ?? [];
  return all.map(({ name, title, closed }) => {
    const rounds = closed.get(connections) ?? [];
    return {
      name,
      title,
      connections,
      perSecond: spread(rounds.map(({ perSecond }) => perSecond)),
      cpuMs: spread(rounds.map(({ cpuMs }) => cpuMs)),
      ofFloor: spread(ratios(rounds.map(perSecondOf), floor.map(perSecondOf))),
      cpuOfFloor: spread(ratios(rounds.map(cpuOf), floor.map(cpuOf))),
    };
  });
}

const perSecondOf = ({ perSecond }: Throughput): number => perSecond;
const cpuOf = ({ cpuMs }: Throughput): number => cpuMs;

function throughputTable(rows: readonly ContenderStats[]): string {
  const lines = rows.map(({ title, perSecond, cpuMs, ofFloor, cpuOfFloor }) => [
    title,
    withSpread(perSecond, 0),
    withSpread(ofFloor, 2),
    withSpread(cpuMs, 2),
    withSpread(cpuOfFloor, 2),
  ]);
  return table(["", "requests/s", "× floor", "CPU ms a request", "× floor"], lines);
}

function toLatency(rounds: readonly number[][]): LatencyMs {
  const sorted = rounds.flat().toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), p999: quantile(sorted, 0.999) };
}

function latencyTable(all: readonly Measured[]): string {
  const lines = all.map(({ title, open, openPerSecond }) => {
    const { p50, p99, p999 } = toLatency(open);
    return [title, openPerSecond.toFixed(0), ...[p50, p99, p999].map((ms) => ms.toFixed(2))];
  });
  return table(["", "requests/s", "p50 ms", "p99 ms", "p99.9 ms"], lines);
}

/** What one adds to the latency of the other, at the same rate, round by round. */
function added(of: Measured, to: Measured): { p50: Spread; p99: Spread } {
  const differences = (share: "p50" | "p99") =>
    spread(of.open.map((round, at) => toLatency([round])[share] - toLatency([to.open[at] ?? []])[share]));
  return { p50: differences("p50"), p99: differences("p99") };
}

function withSpread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function table(head: readonly string[], lines: readonly string[][]): string {
  const rows = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...lines];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
