import { createApp } from "./app.ts";
import { wakeRedeliveries } from "./console/redelivery.ts";
import { sweepLedger } from "./ledger/retention.ts";
import { isolateSums } from "./observability/isolate-sums.ts";
import { moveRunsOn } from "./progress/consumer.ts";
import { buryRuns } from "./progress/dead-letters.ts";
import { settingsOf } from "./settings.ts";

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
    // The dead-letter queue's name ends so in every environment (wrangler.toml).
    await (batch.queue.endsWith("-dead") ? buryRuns(batch, env) : moveRunsOn(batch, env, context));
    isolateSums.flushSoon(context, env.METRICS_AGGREGATOR);
  },
  async scheduled({ scheduledTime }, env) {
    const { LEDGER: ledger, USER_GATE: gates, RUNS: queue } = env;
    await allInTurn([
      async () => wakeRedeliveries({ ledger, gates, queue }, scheduledTime),
      async () => sweepLedger(ledger, settingsOf(env).ledgerRetentionDays, scheduledTime),
    ]);
  },
} satisfies ExportedHandler<Env>;

/** What somebody waits for comes first; one that fails does not stop the others, and the platform is told of it. */
async function allInTurn(chores: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const chore of chores)
    try {
      await chore();
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
}
