// Figures of the runs that were accepted in a time, as sums that can be added up, hour to day to week. Latencies are
// kept as a histogram of logarithmic bins, eight to a doubling: a percentile read from it is the middle of its bin, at
// most 4.5 % (2^(1/16)) above or below the latency that has that rank, and never more than half a millisecond worse.
import type { Figures } from "./views.ts";

/** What is counted. `bins`: how many latencies fell in which bin, in the order of the bins. */
export type Tally = Omit<Figures, "latency_p50_ms" | "latency_p99_ms"> & { bins: [bin: number, n: number][] };

/** Of the runs of one bucket and one bin (null: not delivered). */
export type CountedRow = Omit<Tally, "bins"> & { bucket: number; bin: number | null };

const BINS_A_DOUBLING = 8;

/** SQL for the bin of a latency in milliseconds. */
export function binSql(latencyMs: string): string {
  return `CAST(${BINS_A_DOUBLING} * log2(max(1, ${latencyMs})) AS INTEGER)`;
}

export function emptyTally(): Tally {
  return {
    runs: 0,
    errors: 0,
    callbacks: 0,
    delivered: 0,
    delivered_at_once: 0,
    retrying: 0,
    dead: 0,
    aborted: 0,
    charges: 0,
    bins: [],
  };
}

export function tallyOf(rows: readonly CountedRow[]): Tally {
  return sumOf(
    rows.map(({ bucket: _bucket, bin, ...counts }) => {
      return { ...counts, bins: bin === null ? [] : [[bin, counts.runs]] };
    }),
  );
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = emptyTally();
  const bins = new Map<number, number>();
  for (const tally of tallies) {
    for (const name of COUNTS) sum[name] += tally[name];
    for (const [bin, n] of tally.bins) bins.set(bin, (bins.get(bin) ?? 0) + n);
  }
  return { ...sum, bins: [...bins].toSorted(([a], [b]) => a - b) };
}

export function figuresOf({ bins, ...counts }: Tally): Figures {
  return { ...counts, latency_p50_ms: percentile(bins, 0.5), latency_p99_ms: percentile(bins, 0.99) };
}

/** The latency of which that share is not slower (nearest rank). */
function percentile(bins: Tally["bins"], share: number): number | null {
  const all = bins.reduce((n, [, more]) => n + more, 0);
  let left = Math.ceil(share * all);
  for (const [bin, n] of bins) {
    left -= n;
    if (left <= 0) return Math.round(2 ** ((bin + 0.5) / BINS_A_DOUBLING));
  }
  return null;
}

const COUNTS = [
  "runs",
  "errors",
  "callbacks",
  "delivered",
  "delivered_at_once",
  "retrying",
  "dead",
  "aborted",
  "charges",
] as const;
