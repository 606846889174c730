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

/** The tables, in the order in which they are read. */
export function page(all: readonly Measured[], { rounds, seconds, connections, machine }: Run): string {
  const closed = connections.map(
    (count) => `Closed loop, connections: ${count}.\n\n${throughputTable(all, count)}`,
  );
  return [
    `${rounds} rounds of ${seconds} s, median (lowest–highest). ${machine}.`,
    ...closed,
    ...openLoop(all),
  ].join("\n\n");
}

function openLoop(all: readonly Measured[]): string[] {
  if (all.every(({ open }) => open.length === 0)) return [];
  const what = "Open loop, at a third of the capacity, or of the gateway's where that is less.";
  return [what, latencyTable(all), ...addition(all)];
}

/** What a plain run adds to the floor's latency, at the same rate, round by round. */
function addition(all: readonly Measured[]): string[] {
  const [floor] = all;
  const plain = all.find(({ name }) => name === "ours-plain");
  if (floor === undefined || plain === undefined) return [];
  const [at50, at99] = (["p50", "p99"] as const).map((share) => {
    const added = plain.open.map(
      (round, at) => toLatency([round])[share] - toLatency([floor.open[at] ?? []])[share],
    );
    return `${withSpread(spread(added), 2)} ms`;
  });
  return [`At one rate, a plain run takes longer than the floor by ${at50} (p50) and ${at99} (p99).`];
}

function throughputTable(all: readonly Measured[], connections: number): string {
  const lines = all.map(({ title, closed }) => {
    const columns = (what: keyof Throughput, digits: number) => {
      const [own = [], floors = []] = [closed, all[0]?.closed].map((rounds) =>
        (rounds?.get(connections) ?? []).map((round) => round[what]),
      );
      return [withSpread(spread(own), digits), withSpread(spread(ratios(own, floors)), 2)];
    };
    return [title, ...columns("perSecond", 0), ...columns("cpuMs", 2)];
  });
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

function withSpread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function table(head: readonly string[], lines: readonly string[][]): string {
  const rows = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...lines];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
