// What a million runs of a kind cost at list prices: counted operations, and a few assumptions that are named here.
import type { Counted, Counts } from "./counted.ts";
import { ASSUMED_BYTES, MEASURED_BYTES } from "./limits.ts";
import { MACHINES, type Operation, PRICES, type Use } from "./prices.ts";

/** Not counted, but assumed. */
export const ASSUMED = {
  cpuMs: { plain: 0.5, idempotent: 1, full: 2.5, attempt: 1, poll: 0.5 },
  /** How long an object is at work on one call; it is billed for time, not for CPU. */
  callSeconds: 0.005,
  rowsReadACall: 4,
} as const;

/** Of a gate's bytes, and how many days they stay by default. */
const KEPT = [
  { bytes: MEASURED_BYTES.endedRun, days: 30 },
  { bytes: MEASURED_BYTES.charge, days: 400 },
  { bytes: MEASURED_BYTES.answer, days: 7 },
] as const;

export const OPERATIONS_A_MESSAGE = 3;
/** The gate's timer (src/gate/counter.ts): what is written behind keeps the object awake so long. */
const WRITE_BEHIND_SECONDS = 0.2;
const OBJECT_GB = 0.128;
const DAYS_A_MONTH = 30;

export type Line = { what: Operation; times: number; dollars: number };

/** Dollars per million runs, line by line. */
export function toBill(use: Use): Line[] {
  return toEntries(PRICES).flatMap(([what, price]) => {
    const times = use[what] ?? 0;
    return times === 0 ? [] : [{ what, times, dollars: times * price }];
  });
}

export function sumLines(lines: readonly Line[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

export function toDollars(use: Use): number {
  return sumLines(toBill(use));
}

/** What one of `runs` counted runs uses. */
export function toUse(counted: Counted, cpuMs: number, runs = 1): Use {
  const { calls, gateRows, breakerRows, kv, alarms } = counted;
  const objectCalls = sumCounts(calls, "USER_GATE.") + sumCounts(calls, "DESTINATION_BREAKER.") + alarms;
  // The first one is written at once.
  const writtenBehind = Math.max(0, sumCounts(gateRows, "put windows") - 1);
  const objectSeconds = objectCalls * ASSUMED.callSeconds + writtenBehind * WRITE_BEHIND_SECONDS;
  const all: Use = {
    "Worker requests": counted.requests,
    "Worker CPU, ms": cpuMs * runs,
    "object requests": objectCalls,
    "object duration, GB-s": objectSeconds * OBJECT_GB,
    "object rows written": sumCounts(gateRows) + sumCounts(breakerRows),
    "object rows read": objectCalls * ASSUMED.rowsReadACall,
    "KV reads": sumCounts(kv, "KV.get"),
    "KV writes": sumCounts(kv, "KV.put"),
    "queue operations": counted.messages * OPERATIONS_A_MESSAGE,
    "D1 rows written": counted.d1Rows,
    "log lines": counted.logLines,
    "metric points": counted.points,
  };
  return Object.fromEntries(toEntries(all).map(([what, times]) => [what, times / runs]));
}

/** What a full run's rows and its answer cost for as long as they are kept. */
export function storageUse(): Use {
  const ofGate = KEPT.reduce((sum, { bytes, days }) => sum + (bytes / 1000) * (days / DAYS_A_MONTH), 0);
  return {
    "object kB for a month": ofGate,
    "KV kB for a month": (ASSUMED_BYTES.kvAnswer / 1000) * (3 / DAYS_A_MONTH),
  };
}

/** What one would run instead, in dollars a month: machines, whether busy or not, and a service that delivers. */
export function othersDollars(runsAMonth: number, serviceDollars: number): number {
  const sets = Math.max(1, Math.ceil(runsAMonth / MACHINES.runsAMonth));
  return sets * MACHINES.dollarsAMonth + (runsAMonth / 1_000_000) * serviceDollars;
}

function sumCounts(counts: Counts, prefix = ""): number {
  return Object.entries(counts).reduce(
    (sum, [name, count]) => sum + (name.startsWith(prefix) ? count : 0),
    0,
  );
}

function toEntries(by: Use | typeof PRICES): [Operation, number][] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal's own keys
  return Object.entries(by) as [Operation, number][];
}
