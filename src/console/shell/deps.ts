import { queueOf } from "../../gate/queues.ts";
import type { AppContext } from "../../http/context.ts";
import type { ConsoleDeps } from "../../operators/deps.ts";
import type { Destinations } from "../../operators/views.ts";
import { busiestHosts, destinations } from "../destinations/query.ts";

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

export function readDestinations(c: AppContext): Promise<Destinations> {
  const hosts = () => busiestHosts(c.env.METRICS_AGGREGATOR, Date.now());
  return destinations(hosts, c.env.DESTINATION_BREAKER);
}
