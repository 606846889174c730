// The switch of the rate limit: a Flagship flag, so that it can be rolled out by rule or by percentage.
import type { Caller } from "../auth/caller.ts";
import { log } from "../platform/observability/log.ts";
import { withTimeout } from "../platform/timeout.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
/** The flag is read beside other waits; one that hangs must not become the longest. */
const FLAG_TIMEOUT_MS = 500;

/** How late a change of the flag may be noticed. */
const KNOWN_MS = 5_000;
const MAX_KNOWN = 5_000;
/** A user key and a UUID; whatever else a path says is not kept. */
const MAX_KEY_CHARACTERS = 90;

type Known = { isOn: boolean; atMs: number };

/** By binding, then by what the flag is evaluated with; the oldest first. */
const known = new WeakMap<Flagship, Map<string, Known>>();

/**
 * Whether the limit is on for this caller, as of the last five seconds; `fallback` when the flag service does not answer
 * or does not know the flag. Never throws.
 */
export async function rateLimitIsOn(
  flags: Flagship,
  fallback: boolean,
  caller: Pick<Caller, "userKey" | "subject" | "issuer">,
  storedActionId: string | null,
): Promise<boolean> {
  const answers = known.get(flags) ?? new Map<string, Known>();
  known.set(flags, answers);
  const key = `${caller.userKey} ${storedActionId} ${fallback}`;
  const last = answers.get(key);
  if (last !== undefined && Math.abs(Date.now() - last.atMs) < KNOWN_MS) return last.isOn;
  const isOn = await ask(flags, fallback, caller, storedActionId);
  if (key.length > MAX_KEY_CHARACTERS) return isOn;
  answers.delete(key);
  answers.set(key, { isOn, atMs: Date.now() });
  for (const oldest of answers.keys()) {
    if (answers.size <= MAX_KNOWN) break;
    answers.delete(oldest);
  }
  return isOn;
}

async function ask(
  flags: Flagship,
  fallback: boolean,
  { subject, issuer }: Pick<Caller, "subject" | "issuer">,
  storedActionId: string | null,
): Promise<boolean> {
  const context = { userId: subject, issuer, ...(storedActionId === null ? {} : { storedActionId }) };
  try {
    return await withTimeout(FLAG_TIMEOUT_MS, flags.getBooleanValue(FLAG, fallback, context));
  } catch (error) {
    log({ event: "flag.unavailable", error });
    return fallback;
  }
}
