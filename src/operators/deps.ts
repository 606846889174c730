import type { BreakerNamespace } from "../callbacks/destination-breaker.ts";
import type { GateNamespace } from "../gate/address.ts";

/** The stores and objects that the console asks. */
export type ConsoleDeps = {
  operatorsDb: D1Database;
  gates: GateNamespace;
  breakers: BreakerNamespace;
  /** For redelivery batches. */
  queue: Queue;
  /** For messages about a gate's runs; `gate` is the object's id. */
  queueOfGate: (gate: string) => Queue;
  /** Starts a window, of callers whose token says nothing else. */
  defaultLimit: number;
  nowMs: number;
};
