// What a million runs of a kind cost at list prices: counted operations, and a few assumptions that are named here.
import { CALLBACK, FULL, IDEMPOTENT, PLAIN } from "./counted.ts";
import { MACHINES, type Operation, PRICES, type Use, WEBHOOK_SERVICE_DOLLARS } from "./prices.ts";

/** Not counted, but assumed. */
export const ASSUMED = {
  cpuMs: { plain: 0.5, idempotent: 1, callback: 2, full: 2.5 },
  /** How long a gate is at work on one call; it is billed for time, not for CPU. */
  gateCallSeconds: 0.005,
  rowsReadACall: 4,
  /** 7 when it is booked and 13 when it is removed (`npm run bench:growth`). */
  ledgerRowsReadARun: 20,
};

/** Kilobytes, for the part of a month that they are kept: a run 30 days (`npm run bench:growth` measures it), an answer of 600 bytes three. */
const KEPT = {
  ledger: 1.4,
  answer: 0.06,
};

/** The gate's timer (src/gate/counter.ts): the object is awake until it has written. */
const WRITE_BEHIND_SECONDS = 0.2;
export const OBJECT_GB = 0.128;
const OPERATIONS_A_MESSAGE = 3;

export type Line = { what: Operation; times: number; dollars: number };

/** Dollars per million runs, line by line. `logShare`: the share of log lines that are kept. */
export function billOf(use: Use, logShare = 1): Line[] {
  return entriesOf(PRICES).flatMap(([what, price]) => {
    const times = (use[what] ?? 0) * (what === "log lines" ? logShare : 1);
    return times === 0 ? [] : [{ what, times, dollars: times * price }];
  });
}

export function sumOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** `sharing`: how many of a user's runs come within one write-behind. */
export function plainUse(sharing = 1): Use {
  return {
    ...oneRequest(ASSUMED.cpuMs.plain),
    ...gateUse(callsOf("USER_GATE", PLAIN.calls), rowsIn(PLAIN.gateRows) / sharing, 1 / sharing),
  };
}

/** The whole life; the alarm that ends it looks into KV once more. */
export function idempotentUse(): Use {
  return {
    ...oneRequest(ASSUMED.cpuMs.idempotent),
    ...gateUse(callsOf("USER_GATE", IDEMPOTENT.calls) + 1, rowsIn(IDEMPOTENT.gateRows), 1),
    "KV reads": callsOf("KV.get", IDEMPOTENT.calls) + 1,
    "KV writes": callsOf("KV.put", IDEMPOTENT.calls),
    "KV kB for a month": KEPT.answer,
  };
}

/** Its row goes while the window is open, so the count is written once more by itself. */
export function callbackUse(): Use {
  return {
    ...endedRun(ASSUMED.cpuMs.callback, CALLBACK),
    ...gateUse(CALLBACK.gateCalls.length, rowsIn(CALLBACK.gateRows) + 1, 2),
  };
}

export function fullUse(): Use {
  const calls = [...FULL.startCalls, ...FULL.endCalls];
  return {
    ...endedRun(ASSUMED.cpuMs.full, FULL),
    ...gateUse(callsOf("USER_GATE", calls) + FULL.alarms, rowsIn(FULL.gateRows), 1),
    "KV reads": callsOf("KV.get", calls) + 1,
    "KV writes": callsOf("KV.put", calls),
    "KV kB for a month": KEPT.answer,
  };
}

/**
 * What the count costs per million runs of a user with that many runs a second, when its writing waits that long: the
 * row and the time awake are shared by all that come meanwhile.
 */
export function countDollars(runsASecond: number, waitSeconds: number): number {
  const awake = waitSeconds * OBJECT_GB * PRICES["object duration, GB-s"];
  return (PRICES["object rows written"] + awake) / (1 + runsASecond * waitSeconds);
}

/** What one would run instead, in dollars a month: machines, whether busy or not, and a webhook service. */
export function othersDollars(runsAMonth: number, callbacksARun: number): number {
  const sets = Math.max(1, Math.ceil(runsAMonth / MACHINES.runsAMonth));
  return sets * MACHINES.dollarsAMonth + (runsAMonth / 1_000_000) * callbacksARun * WEBHOOK_SERVICE_DOLLARS;
}

export function rowsIn(writes: readonly string[]): number {
  return writes.reduce((sum, write) => sum + Number(write.slice(write.lastIndexOf(" ") + 1)), 0);
}

function oneRequest(cpuMs: number): Use {
  return { "Worker requests": 1, "Worker CPU, ms": cpuMs, "log lines": 1, "metric points": 1 };
}

// The start, the push, and a batch of its own at the consumer, which is the dearest case; the push and the attempt
// have a line and a point each as well.
function endedRun(cpuMs: number, { ledgerRows, removedRows }: typeof FULL | typeof CALLBACK): Use {
  return {
    "Worker requests": 3,
    "Worker CPU, ms": cpuMs,
    "log lines": 3,
    "metric points": 3,
    "queue operations": FULL.messages * OPERATIONS_A_MESSAGE,
    "D1 rows written": ledgerRows + removedRows,
    "D1 rows read": ASSUMED.ledgerRowsReadARun,
    "D1 kB for a month": KEPT.ledger,
  };
}

function gateUse(calls: number, rows: number, timers: number): Use {
  const seconds = calls * ASSUMED.gateCallSeconds + timers * WRITE_BEHIND_SECONDS;
  return {
    "object requests": calls,
    "object duration, GB-s": seconds * OBJECT_GB,
    "object rows written": rows,
    "object rows read": calls * ASSUMED.rowsReadACall,
  };
}

function callsOf(name: string, calls: readonly string[]): number {
  return calls.filter((call) => call.startsWith(name)).length;
}

function entriesOf(prices: typeof PRICES): [Operation, number][] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal's own keys
  return Object.entries(prices) as [Operation, number][];
}
