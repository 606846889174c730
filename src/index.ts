import { createApp } from "./app.ts";
import { moveRunsOn } from "./consumer/consumer.ts";
import { forgetOld } from "./operators/audit-store.ts";
import { wakeRedeliveries } from "./operators/redelivery.ts";
import { isolateSums } from "./platform/observability/isolate-sums.ts";
import { settingsOrNull } from "./platform/settings.ts";

export { DestinationBreaker } from "./callbacks/destination-breaker.ts";
export { UserGate } from "./gate/user-gate.ts";
export { MetricsAggregator } from "./operators/metrics-aggregator.ts";

const DAY_MS = 86_400_000;

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
    const settings = settingsOrNull(env);
    if (settings !== null)
      await forgetOld(operatorsDb, scheduledTime - settings.auditRetentionDays * DAY_MS, scheduledTime);
  },
} satisfies ExportedHandler<Env>;
