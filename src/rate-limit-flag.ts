// The switch of the rate limit: a Flagship flag, so that it can be rolled out by rule or by percentage.
import type { Caller } from "./auth/caller.ts";
import { within } from "./deadline.ts";
import { log } from "./observability/log.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
/** The flag is read beside other waits; one that hangs must not become the longest. */
const FLAG_TIMEOUT_MS = 500;

/** Whether the limit is on for this caller; `fallback` when the flag service does not answer or does not know the flag. Never throws. */
export async function rateLimitIsOn(
  flags: Flagship,
  fallback: boolean,
  { subject, issuer }: Pick<Caller, "subject" | "issuer">,
  storedActionId: string | null,
): Promise<boolean> {
  const context = { userId: subject, issuer, ...(storedActionId === null ? {} : { storedActionId }) };
  try {
    return await within(FLAG_TIMEOUT_MS, flags.getBooleanValue(FLAG, fallback, context));
  } catch (error) {
    log({ event: "flag.unavailable", error });
    return fallback;
  }
}
