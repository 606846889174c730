// List prices of 2026-12-01, in dollars for a million of each, beyond what an account has included; and what others list.

/** A line with the platform's envelope: $0.25 a GB when it is written, $0.10 a GB and month, of which it stays seven days. */
const LOG_LINE_KB = 1.5;
const LOG_DOLLARS_A_GB = 0.25 + (0.1 * 7) / 30;

export const PRICES = {
  "Worker requests": 0.3,
  "Worker CPU, ms": 0.02,
  "object requests": 0.15,
  "object duration, GB-s": 12.5,
  "object rows written": 1,
  "object rows read": 0.001,
  "object kB for a month": 0.2,
  "KV reads": 0.5,
  "KV writes": 5,
  "KV kB for a month": 0.5,
  "queue operations": 0.4,
  "D1 rows written": 1,
  "log lines": LOG_LINE_KB * LOG_DOLLARS_A_GB,
  "metric points": 0.25,
} as const;

export type Operation = keyof typeof PRICES;

/** How often a run uses each. */
export type Use = Partial<Record<Operation, number>>;

/** What a million runs are meant to cost at most. Seldom: a run shares no alarm and no write; busy: ten share them. */
export const TARGET_DOLLARS = {
  plain: { seldom: 2.15, busy: 1.4 },
  idempotent: { seldom: 9.6, busy: 9 },
  full: { seldom: 19.5, busy: 17.5 },
} as const;

/** Lists of November 2026, for a million deliveries or runs. They deliver; none of them holds a caller's limit or ids. */
export const OTHERS = [
  { name: "Hookdeck Event Gateway, a delivery", dollars: 10, inVolume: 3.3 },
  { name: "QStash, an attempt", dollars: 10, inVolume: null },
  { name: "Trigger.dev, a run without its compute", dollars: 25, inVolume: null },
  { name: "Inngest, a run", dollars: 50, inVolume: null },
  { name: "Svix, a message", dollars: 100, inVolume: null },
] as const;

/** Assumed, for what one would run instead: two machines with a gateway, two with Redis, a balancer; good for some 500 runs a second. */
export const MACHINES = { dollarsAMonth: 250, runsAMonth: 1_300_000_000 };

/** An account's monthly fee here. */
export const PLAN_DOLLARS = 5;
