// Latencies as counts in logarithmic buckets, eight to a doubling. Two histograms are merged by adding their counts, so
// a percentile of many isolates and many minutes is as exact as one of a single minute: it is the middle of its bucket,
// at most 4.5 % (2^(1/16)) away from the latency of that rank, and never more than half a millisecond worse.

/** Bucket to count. */
export type Histogram = Map<number, number>;

export const BUCKETS_A_DOUBLING = 8;

export function recordLatency(histogram: Histogram, latencyMs: number): void {
  const bucket = Math.floor(BUCKETS_A_DOUBLING * Math.log2(Math.max(1, latencyMs)));
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

/** The latency in ms of which that share is not slower (nearest rank); null: nothing was recorded. */
export function percentile(histogram: Histogram, share: number): number | null {
  const buckets = [...histogram].toSorted(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil(share * total);
  for (const [bucket, count] of buckets) {
    left -= count;
    if (left <= 0) return Math.round(2 ** ((bucket + 0.5) / BUCKETS_A_DOUBLING));
  }
  return null;
}
