// What was measured, as JSON and as Markdown. Ratios are of the same round, so that what slowed the machine down for a
// while slowed both.
import type { Load } from "./loads.ts";
import { quantile, ratios, spread, withSpread } from "./statistics.ts";
import { type Measured, type Throughput, targetLines } from "./targets.ts";

export type Run = {
  load: Load;
  rounds: number;
  seconds: number;
  connections: readonly number[];
  machine: string;
};

type LatencyMs = { p50: number; p99: number; p999: number };

/** The tables, in the order in which they are read. */
export function page(all: readonly Measured[], { load, rounds, seconds, connections, machine }: Run): string {
  const closed = connections.map(
    (count) => `Closed loop, connections: ${count}.\n\n${throughputTable(all, count)}`,
  );
  return [
    `Load: ${load.title}. ${rounds} rounds of ${seconds} s, median (lowest–highest). ${machine}.`,
    ...closed,
    ...openLoop(all),
    ...targets(all),
  ].join("\n\n");
}

function openLoop(all: readonly Measured[]): string[] {
  if (all.every(({ open }) => open.length === 0)) return [];
  const what = "Open loop, at a third of the capacity, or of the gateway's where that is less.";
  return [what, latencyTable(all)];
}

function targets(all: readonly Measured[]): string[] {
  const lines = targetLines(all);
  if (lines.length === 0) return [];
  const what = "Parts of the exact floor: throughput and CPU at 16 connections, latency in the open loop.";
  return [what, table(["", "target", "reached", ""], lines)];
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
  return table(["", "requests/s", "× exact floor", "CPU ms a request", "× exact floor"], lines);
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

function table(head: readonly string[], lines: readonly string[][]): string {
  const rows = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...lines];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
