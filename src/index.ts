import { createApp } from "./app.ts";
import { wakeRedeliveries } from "./console/redelivery.ts";
import { tendRollups } from "./console/rollups.ts";
import { sweepLedger } from "./ledger/retention.ts";
import { moveRunsOn } from "./progress/consumer.ts";
import { buryRuns } from "./progress/dead-letters.ts";
import { settingsOf } from "./settings.ts";

export { DestinationBreaker } from "./callbacks/destination-breaker.ts";
export { UserGate } from "./gate/user-gate.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async queue(batch, env, context) {
    // The dead-letter queue's name ends so in every environment (wrangler.toml).
    await (batch.queue.endsWith("-dead") ? buryRuns(batch, env) : moveRunsOn(batch, env, context));
  },
  async scheduled({ scheduledTime }, env) {
    const { LEDGER: ledger, USER_GATE: gates, RUNS: queue } = env;
    await sweepLedger(ledger, settingsOf(env).ledgerRetentionDays, scheduledTime);
    await tendRollups(ledger, scheduledTime);
    await wakeRedeliveries({ ledger, gates, queue }, scheduledTime);
  },
} satisfies ExportedHandler<Env>;
