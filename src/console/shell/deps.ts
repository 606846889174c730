import { queueOf } from "../../gate/queues.ts";
import type { AppContext } from "../../http/context.ts";
import type { ConsoleDeps } from "../../operators/deps.ts";

export function consoleDeps(c: AppContext): ConsoleDeps {
  return {
    operatorsDb: c.env.OPERATORS_DB,
    gates: c.env.USER_GATE,
    breakers: c.env.DESTINATION_BREAKER,
    queue: c.env.RUNS,
    queueOfGate: (gate) => queueOf(c.env, gate),
    defaultLimit: c.get("settings").rateLimit,
    nowMs: Date.now(),
  };
}
