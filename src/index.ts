import { createApp } from "./app.ts";
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
    await sweepLedger(env.LEDGER, settingsOf(env).ledgerRetentionDays, scheduledTime);
  },
} satisfies ExportedHandler<Env>;
