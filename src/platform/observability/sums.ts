// What one isolate has done since it last reported to the metrics aggregator, as counts that can be added up: requests,
// attempts, runs, latencies, the busiest users and hosts. Plain data without clock or storage. There is no path, URL,
// token or body in it: labels are words of ours, patterns of routes, user keys and host names, and there is a bound to
// how many of them are kept.
import { type Histogram, recordLatency } from "./histogram.ts";
import { isWatching, type RequestServed } from "./log.ts";

/** Label to count. */
export type Counts = Map<string, number>;

export type Sums = {
  /** By `status|outcome|route`. */
  requests: Counts;
  /** By `outcome|failure`. */
  attempts: Counts;
  /** What attempts, and ends without one, made of a delivery: a DeliveryChange. */
  deliveries: Counts;
  /** Ends of runs, by `result|callback or none|charged or free`. */
  runs: Counts;
  /** By user key: requests; starts among them; those answered 429; and those answered with another error. */
  users: Counts;
  starts: Counts;
  limited: Counts;
  refused: Counts;
  /** By host name: attempts; those that were acknowledged; and how many ms these took in all. */
  hosts: Counts;
  acknowledged: Counts;
  acknowledgedMs: Counts;
  /** By host name: deliveries that became dead letters. */
  dead: Counts;
  /** By store, `kv` or `d1`: calls that failed. */
  storage: Counts;
  /** Until the head of the gateway's answer; without the console, /healthz and /readyz. */
  requestMs: Histogram;
  /** The same without waiting for the upstream. */
  gatewayMs: Histogram;
  upstreamMs: Histogram;
  /** Until the head of the receiver's answer. */
  attemptMs: Histogram;
  /** From the end of a run to its receiver's 2xx. */
  deliveryMs: Histogram;
  /** From when a message was sent to the queue to when the consumer took it. */
  queuedMs: Histogram;
};

/** `reopened`: a dead letter, or a delivery that had succeeded, is sent again. */
export type DeliveryChange = "delivered_at_once" | "delivered" | "retrying" | "dead" | "aborted" | "reopened";

export type CountedAttempt = {
  outcome: "acknowledged" | "aborted" | "failed";
  failure: string | null;
  /** How its delivery stands after it. */
  delivery: string;
  host: string;
  number: number;
  durationMs: number;
  sinceEndMs: number;
};

/** `abandoned`: the gateway has stopped polling it. */
export type CountedEnd = {
  result: "success" | "error" | "abandoned";
  hasCallback: boolean;
  charged: boolean;
};

const COUNTS = ["requests", "attempts", "deliveries", "runs", "storage"] as const;
const BUSIEST = ["users", "hosts", "dead"] as const;
/** Kept of the users and hosts that are kept in those. */
const OF_NAMES = {
  users: ["starts", "limited", "refused"],
  hosts: ["acknowledged", "acknowledgedMs"],
  dead: [],
} as const;
type NamesTable = (typeof BUSIEST)[number];
const ALL_OF_NAMES = BUSIEST.flatMap((name) => OF_NAMES[name]);
const HISTOGRAMS = ["requestMs", "gatewayMs", "upstreamMs", "attemptMs", "deliveryMs", "queuedMs"] as const;

/** More than there are routes and outcomes. What comes beyond is counted as `other`. */
const MAX_LABELS = 500;
const OTHER = "other";
/** A name of DNS has 253 characters, and a port five more. */
export const MAX_NAME_CHARS = 260;
/** Of users and of hosts: as many are held while sums grow, and as many kept of an interval, a minute, an hour. */
const MAX_NAMES = 1_000;
const KEPT_NAMES = 50;

export function emptySums(): Sums {
  return {
    requests: new Map(),
    attempts: new Map(),
    deliveries: new Map(),
    runs: new Map(),
    users: new Map(),
    starts: new Map(),
    limited: new Map(),
    refused: new Map(),
    hosts: new Map(),
    acknowledged: new Map(),
    acknowledgedMs: new Map(),
    dead: new Map(),
    storage: new Map(),
    requestMs: new Map(),
    gatewayMs: new Map(),
    upstreamMs: new Map(),
    attemptMs: new Map(),
    deliveryMs: new Map(),
    queuedMs: new Map(),
  };
}

export function countRequest(sums: Sums, served: RequestServed): void {
  const { status, outcome, route, user, total_ms: totalMs, upstream_ms: upstreamMs } = served;
  addLabel(sums.requests, `${status}|${outcome}|${route}`, 1);
  if (isWatching(route)) return;
  recordLatency(sums.requestMs, totalMs);
  recordLatency(sums.gatewayMs, totalMs - (upstreamMs ?? 0));
  if (upstreamMs !== null) recordLatency(sums.upstreamMs, upstreamMs);
  if (user !== null) countUser(sums, user, served);
}

/** Of a POST. */
const START_ROUTES = ["/actions/v1/stored-actions/:stored_action_id/run", "/actions/v1/runs"];

function countUser(sums: Sums, user: string, { method, route, status }: RequestServed): void {
  addName(sums, "users", user, 1);
  if (!sums.users.has(user)) return;
  if (method === "POST" && START_ROUTES.includes(route)) addCount(sums.starts, user, 1);
  if (status === 429) addCount(sums.limited, user, 1);
  else if (status >= 400) addCount(sums.refused, user, 1);
}

export function countAttempt(sums: Sums, attempt: CountedAttempt): void {
  const { outcome, failure, delivery, host, number, durationMs, sinceEndMs } = attempt;
  addLabel(sums.attempts, `${outcome}|${failure ?? ""}`, 1);
  addLabel(sums.deliveries, delivery === "delivered" && number === 1 ? "delivered_at_once" : delivery, 1);
  countHost(sums, host.slice(0, MAX_NAME_CHARS), outcome === "acknowledged", durationMs);
  if (delivery === "dead") countDead(sums, host);
  recordLatency(sums.attemptMs, durationMs);
  if (delivery === "delivered") recordLatency(sums.deliveryMs, sinceEndMs + durationMs);
}

function countHost(sums: Sums, host: string, isAcknowledged: boolean, durationMs: number): void {
  addName(sums, "hosts", host, 1);
  if (!isAcknowledged || !sums.hosts.has(host)) return;
  addCount(sums.acknowledged, host, 1);
  addCount(sums.acknowledgedMs, host, durationMs);
}

export function countEnd(sums: Sums, { result, hasCallback, charged }: CountedEnd): void {
  addLabel(sums.runs, `${result}|${hasCallback ? "callback" : "none"}|${charged ? "charged" : "free"}`, 1);
}

/** A delivery that became a dead letter without an attempt. */
export function countDeadLetter(sums: Sums, host = ""): void {
  addLabel(sums.deliveries, "dead" satisfies DeliveryChange, 1);
  countDead(sums, host);
}

function countDead(sums: Sums, host: string): void {
  if (host !== "") addName(sums, "dead", host.slice(0, MAX_NAME_CHARS), 1);
}

export type Store = "kv" | "d1";

export function countStorageFailure(sums: Sums, store: Store): void {
  addLabel(sums.storage, store, 1);
}

/** A delivery that was over begins again. */
export function countReopened(sums: Sums): void {
  addLabel(sums.deliveries, "reopened" satisfies DeliveryChange, 1);
}

export function countMessage(sums: Sums, queuedMs: number): void {
  recordLatency(sums.queuedMs, queuedMs);
}

export function addSums(into: Sums, from: Sums): void {
  for (const name of COUNTS) for (const [label, n] of from[name]) addLabel(into[name], label, n);
  for (const name of BUSIEST) addNames(into, from, name);
  for (const name of HISTOGRAMS)
    for (const [bucket, n] of from[name]) into[name].set(bucket, (into[name].get(bucket) ?? 0) + n);
}

export function sumUp(all: Iterable<Sums>): Sums {
  const total = emptySums();
  for (const sums of all) addSums(total, sums);
  return total;
}

/** The labels with the largest counts, the largest first. */
export function busiest(counts: Counts, n: number): [label: string, count: number][] {
  return [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, n);
}

/** What is sent and what is stored: JSON, with only the busiest users and hosts. */
export function encodeSums(sums: Sums): string {
  const encoded: Record<string, unknown> = { v: 1 };
  for (const name of [...COUNTS, ...HISTOGRAMS]) if (sums[name].size > 0) encoded[name] = [...sums[name]];
  for (const name of BUSIEST) {
    const kept = new Map(busiest(sums[name], KEPT_NAMES));
    for (const part of [name, ...OF_NAMES[name]]) {
      const counts = part === name ? [...kept] : [...sums[part]].filter(([label]) => kept.has(label));
      if (counts.length > 0) encoded[part] = counts;
    }
  }
  return JSON.stringify(encoded);
}

type Encoded = { v: number } & {
  [Name in keyof Sums]?: Sums[Name] extends Map<infer Key, number> ? [Key, number][] : never;
};

/** Null: of another version, of a later gateway before a rollback. */
export function decodeSums(text: string): Sums | null {
  const { v, ...encoded }: Encoded = JSON.parse(text);
  if (v !== 1) return null;
  const sums = emptySums();
  for (const name of [...COUNTS, ...BUSIEST, ...ALL_OF_NAMES]) sums[name] = new Map(encoded[name]);
  for (const name of HISTOGRAMS) sums[name] = new Map(encoded[name]);
  return sums;
}

function addLabel(counts: Counts, label: string, n: number): void {
  const known = counts.get(label);
  if (known !== undefined) counts.set(label, known + n);
  else if (counts.size < MAX_LABELS) counts.set(label, n);
  else counts.set(OTHER, (counts.get(OTHER) ?? 0) + n);
}

function addNames(into: Sums, from: Sums, names: NamesTable): void {
  for (const [label, n] of from[names]) addName(into, names, label, n);
  for (const part of OF_NAMES[names])
    for (const [label, n] of from[part]) if (into[names].has(label)) addCount(into[part], label, n);
}

/**
 * A count of names is never too high. It lacks what a name did before the names were too many and it was not among the
 * busier half of them. What is counted beside it of a name goes with it: otherwise a name that comes again would have more
 * successes than attempts.
 */
function addName(sums: Sums, names: NamesTable, name: string, n: number): void {
  addCount(sums[names], name, n);
  if (sums[names].size <= MAX_NAMES) return;
  sums[names] = new Map(busiest(sums[names], MAX_NAMES / 2));
  for (const part of OF_NAMES[names])
    for (const label of sums[part].keys()) if (!sums[names].has(label)) sums[part].delete(label);
}

function addCount(counts: Counts, label: string, n: number): void {
  counts.set(label, (counts.get(label) ?? 0) + n);
}
