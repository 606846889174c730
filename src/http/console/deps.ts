import type { ConsoleDeps } from "../../console/deps.ts";
import type { AppContext } from "../context.ts";

export function consoleDeps(c: AppContext): ConsoleDeps {
  return {
    ledger: c.env.LEDGER,
    gates: c.env.USER_GATE,
    breakers: c.env.DESTINATION_BREAKER,
    queue: c.env.RUNS,
    defaultLimit: c.get("settings").rateLimit,
    nowMs: Date.now(),
  };
}
