// One Analytics Engine point for each request and for each callback attempt. Sent and forgotten: nobody waits for it, and
// nothing that is wrong with it reaches a request. What a point may hold is a closed list, as a log line's: words of
// ours, numbers and hashes; no token, host, path, URL or body. docs/metrics.md explains the columns.
import { log } from "./log.ts";

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

/** The sampling key of requests without a verified caller: a flood of them thins out nobody else's points. */
const ANONYMOUS = "anonymous";
/** A column of numbers has no NULL. */
const NOTHING = -1;

type Point = Record<(typeof BLOBS)[number], string> & Record<(typeof DOUBLES)[number], number>;

export type RequestPoint = {
  user: string | null;
  method: string;
  /** The route's pattern, never the path. */
  route: string;
  status: number;
  outcome: string;
  totalMs: number;
  authMs: number | null;
  gateMs: number | null;
  upstreamMs: number | null;
};

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

export function countRequest(dataset: Dataset, request: RequestPoint): void {
  write(dataset, request.user ?? ANONYMOUS, {
    kind: "request",
    outcome: request.outcome,
    status_class: classOf(request.status),
    method: request.method,
    route: request.route,
    delivery: "",
    failure: "",
    host: "",
    status: request.status,
    duration_ms: request.totalMs,
    auth_ms: request.authMs ?? NOTHING,
    gate_ms: request.gateMs ?? NOTHING,
    upstream_ms: request.upstreamMs ?? NOTHING,
    attempt: NOTHING,
    since_end_ms: NOTHING,
    queued_ms: NOTHING,
  });
}

export function countAttempt(dataset: Dataset, attempt: AttemptPoint): void {
  write(dataset, attempt.user, {
    kind: "attempt",
    outcome: attempt.outcome,
    status_class: classOf(attempt.status),
    method: "",
    route: "",
    delivery: attempt.delivery,
    failure: attempt.failure ?? "",
    host: attempt.hostHash,
    status: attempt.status ?? NOTHING,
    duration_ms: attempt.durationMs,
    auth_ms: NOTHING,
    gate_ms: NOTHING,
    upstream_ms: NOTHING,
    attempt: attempt.number,
    since_end_ms: attempt.sinceEndMs,
    queued_ms: attempt.queuedMs,
  });
}

/**
 * The first half of the host's SHA-256: tells hosts apart without naming them, because some carry a secret in their
 * name. Whoever knows a host can make it (docs/metrics.md).
 */
export async function hostHashOf(host: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(host));
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function write(dataset: Dataset, user: string, point: Point): void {
  if (dataset === undefined) return;
  try {
    dataset.writeDataPoint({
      indexes: [user],
      blobs: BLOBS.map((name) => point[name]),
      doubles: DOUBLES.map((name) => point[name]),
    });
  } catch (error) {
    // Whatever it is: a request must not fail because it could not be counted.
    log({ event: "metrics.refused", error });
  }
}

function classOf(status: number | null): string {
  return status === null ? "none" : `${Math.floor(status / 100)}xx`;
}
