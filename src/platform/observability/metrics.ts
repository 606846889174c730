// One Analytics Engine point for each request and for each callback attempt. Sent and forgotten: no request waits for it, and
// nothing that is wrong with it reaches a request. What a point may hold is a closed list, as a log line's: words of
// ours, numbers and hashes; no token, host, path, URL or body. docs/metrics.md explains the columns.
import { sha256, toHex } from "../hash.ts";
import { log, type RequestServed } from "./log.ts";

/**
 * What is where in the dataset: the first of BLOBS is `blob1`, the first of DOUBLES `double1`. Only ever appended to,
 * because rows of three months ago are read by the same queries; anything else takes a dataset of the next version
 * (wrangler.toml).
 */
export const BLOBS = [
  "kind",
  "outcome",
  "status_class",
  "method",
  "route",
  "delivery",
  "failure",
  "host",
] as const;
export const DOUBLES = [
  "status",
  "duration_ms",
  "auth_ms",
  "gate_ms",
  "upstream_ms",
  "attempt",
  "since_end_ms",
  "queued_ms",
] as const;

/** The sampling key of requests without a verified caller: a flood of them does not thin out the points of others. */
const ANONYMOUS = "anonymous";
/** A column of numbers has no NULL. */
const NOTHING = -1;

/** One value per column, in their order: written as they stand, so that a point costs nothing but itself. */
type Row<Columns extends readonly string[], Value> = { -readonly [Column in keyof Columns]: Value };

export type AttemptPoint = {
  user: string;
  outcome: "acknowledged" | "aborted" | "failed";
  status: number | null;
  failure: string | null;
  /** How its delivery stands after it. */
  delivery: string;
  hostHash: string;
  number: number;
  durationMs: number;
  sinceEndMs: number;
  queuedMs: number;
};

/** A deployment may do without the dataset. */
type Dataset = AnalyticsEngineDataset | undefined;

export function countRequest(dataset: Dataset, served: Omit<RequestServed, "event">): void {
  const { status, total_ms, auth_ms, gate_ms, upstream_ms } = served;
  write(
    dataset,
    served.user ?? ANONYMOUS,
    ["request", served.outcome, toStatusClass(status), served.method, served.route, "", "", ""],
    [
      status,
      total_ms,
      auth_ms ?? NOTHING,
      gate_ms ?? NOTHING,
      upstream_ms ?? NOTHING,
      NOTHING,
      NOTHING,
      NOTHING,
    ],
  );
}

export function countAttempt(dataset: Dataset, attempt: AttemptPoint): void {
  const { outcome, status, delivery, failure, hostHash, durationMs, number, sinceEndMs, queuedMs } = attempt;
  write(
    dataset,
    attempt.user,
    ["attempt", outcome, toStatusClass(status), "", "", delivery, failure ?? "", hostHash],
    [status ?? NOTHING, durationMs, NOTHING, NOTHING, NOTHING, number, sinceEndMs, queuedMs],
  );
}

/**
 * The first half of the host's SHA-256: tells hosts apart without naming them, because some carry a secret in their
 * name. It can be made of a known host (docs/metrics.md).
 */
export async function hashHost(host: string): Promise<string> {
  return toHex((await sha256(host)).subarray(0, 8));
}

function write(
  dataset: Dataset,
  user: string,
  blobs: Row<typeof BLOBS, string>,
  doubles: Row<typeof DOUBLES, number>,
): void {
  try {
    dataset?.writeDataPoint({ indexes: [user], blobs, doubles });
  } catch (error) {
    // Whatever it is: a request must not fail because it could not be counted.
    log({ event: "metrics.refused", error });
  }
}

function toStatusClass(status: number | null): string {
  return status === null ? "none" : `${Math.floor(status / 100)}xx`;
}
