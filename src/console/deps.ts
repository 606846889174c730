import type { BreakerNamespace } from "../callbacks/destination-breaker.ts";
import type { GateNamespace } from "../gate/address.ts";

/** Everybody whom the console asks. */
export type ConsoleDeps = {
  ledger: D1Database;
  gates: GateNamespace;
  breakers: BreakerNamespace;
  queue: Queue;
  /** Starts a window, of callers whose token says nothing else. */
  defaultLimit: number;
  nowMs: number;
};
