import { createApp } from "./app.ts";
import { moveRunsOn } from "./consumer/consumer.ts";
import { wakeRedeliveries } from "./operators/redelivery.ts";
import { isolateSums } from "./platform/observability/isolate-sums.ts";

export { DestinationBreaker } from "./callbacks/destination-breaker.ts";
export { UserGate } from "./gate/user-gate.ts";
export { MetricsAggregator } from "./operators/metrics-aggregator.ts";

const app = createApp();

export default {
  async fetch(request, env, context) {
    const response = await app.fetch(request, env, context);
    isolateSums.flushSoon(context, env.METRICS_AGGREGATOR);
    return response;
  },
  async queue(batch, env, context) {
    await moveRunsOn(batch, env, context);
    isolateSums.flushSoon(context, env.METRICS_AGGREGATOR);
  },
  async scheduled({ scheduledTime }, env) {
    const { OPERATORS_DB: operatorsDb, USER_GATE: gates, RUNS: queue } = env;
    await wakeRedeliveries({ operatorsDb, gates, queue }, scheduledTime);
  },
} satisfies ExportedHandler<Env>;
