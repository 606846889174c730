import { createApp } from "./app.ts";
import { sweepLedger } from "./ledger/retention.ts";
import { parseSettings } from "./settings.ts";

export { DestinationBreaker } from "./callbacks/destination-breaker.ts";
export { UserGate } from "./gate/user-gate.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled({ scheduledTime }, env) {
    await sweepLedger(env.LEDGER, parseSettings(env).ledgerRetentionDays, scheduledTime);
  },
} satisfies ExportedHandler<Env>;
