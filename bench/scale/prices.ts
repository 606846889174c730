// What the platform asks for a million of each, in dollars, beyond what an account has included.

export const PRICES = {
  "Worker requests": 0.3,
  "Worker CPU, ms": 0.02,
  "object requests": 0.15,
  "object duration, GB-s": 12.5,
  "object rows written": 1,
  "object rows read": 0.001,
  "KV reads": 0.5,
  "KV writes": 5,
  "KV kB for a month": 0.5,
  "queue operations": 0.4,
  "D1 rows written": 1,
  "D1 rows read": 0.001,
  "D1 kB for a month": 0.75,
  "log lines": 0.6,
  "metric points": 0.25,
} as const;

export type Operation = keyof typeof PRICES;

/** How often a run uses each. */
export type Use = Partial<Record<Operation, number>>;

/** What a webhook service lists for a million messages: only the callbacks, without a limit or safe retries. */
export const WEBHOOK_SERVICE_DOLLARS = 100;

/** Assumed, for what one would run instead: two machines with a gateway, two with Redis, a balancer; good for some 500 runs a second. */
export const MACHINES = { dollarsAMonth: 250, runsAMonth: 1_300_000_000 };

/** An account's monthly fee here. */
export const PLAN_DOLLARS = 5;

export const TARGET_DOLLARS = { plain: 1.1, full: 18 };
