// The switch of the rate limit: a Flagship flag, so that it can be rolled out by rule or by percentage. Flagship's methods
// do not throw when an evaluation fails: they return the default, and only the details say so, in `errorCode`.
import type { Caller } from "../auth/caller.ts";
import { log } from "../platform/observability/log.ts";
import { withTimeout } from "../platform/timeout.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
/** Counts where the other is off, and refuses nothing. */
const SHADOW_FLAG = "edge_actions_api_rate_limiting_shadow";
/** The flag is read beside other waits; one that hangs must not become the longest. */
const FLAG_TIMEOUT_MS = 500;

/** How late a change of the flag may be noticed. */
const KNOWN_MS = 5_000;
const MAX_KNOWN = 5_000;
/** A user key and a UUID; whatever else a path says is not kept. */
const MAX_KEY_CHARACTERS = 90;

/** `shadow`: starts are counted, and none is refused. */
export type LimitMode = "on" | "shadow" | "off";

type Known = { mode: LimitMode; atMs: number };

/** By binding, then by what the flag is evaluated with; the oldest first. */
const known = new WeakMap<Flagship, Map<string, Known>>();

/**
 * Whether the limit is on for this caller, as of the last five seconds; `fallback` when the flag service does not answer
 * or does not know the flag. Never throws.
 */
export async function limitMode(
  flags: Flagship,
  fallback: boolean,
  caller: Pick<Caller, "userKey" | "subject" | "issuer">,
  storedActionId: string | null,
): Promise<LimitMode> {
  const answers = known.get(flags) ?? new Map<string, Known>();
  known.set(flags, answers);
  const key = `${caller.userKey} ${storedActionId} ${fallback}`;
  const last = answers.get(key);
  if (last !== undefined && Math.abs(Date.now() - last.atMs) < KNOWN_MS) return last.mode;
  const mode = await ask(flags, fallback, caller, storedActionId);
  if (key.length > MAX_KEY_CHARACTERS) return mode;
  answers.delete(key);
  answers.set(key, { mode, atMs: Date.now() });
  for (const oldest of answers.keys()) {
    if (answers.size <= MAX_KNOWN) break;
    answers.delete(oldest);
  }
  return mode;
}

/** Of an evaluation that failed. */
class FlagError extends Error {
  override readonly name = "FlagError";
}

/** Its value, or null: there is no such flag, as on a developer's machine. Throws when the evaluation fails. */
export async function evaluateFlag(
  flags: Flagship,
  fallback: boolean,
  context: FlagshipEvaluationContext,
  flag = FLAG,
): Promise<boolean | null> {
  const { value, errorCode } = await flags.getBooleanDetails(flag, fallback, context);
  if (errorCode === undefined) return value;
  if (errorCode === "FLAG_NOT_FOUND") return null;
  throw new FlagError(errorCode);
}

async function ask(
  flags: Flagship,
  fallback: boolean,
  { userKey, subject, issuer }: Pick<Caller, "userKey" | "subject" | "issuer">,
  storedActionId: string | null,
): Promise<LimitMode> {
  const context = {
    // Rollouts by percentage sort users by it; without it each evaluation would be a new throw of dice.
    targetingKey: userKey,
    userId: subject,
    issuer,
    ...(storedActionId === null ? {} : { storedActionId }),
  };
  const untilMs = Date.now() + FLAG_TIMEOUT_MS;
  const evaluate = async (flag: string, otherwise: boolean) => {
    const evaluation = evaluateFlag(flags, otherwise, context, flag);
    try {
      return (await withTimeout(Math.max(1, untilMs - Date.now()), evaluation)) ?? otherwise;
    } catch (error) {
      log({ event: "flag.unavailable", error });
      return otherwise;
    }
  };
  if (await evaluate(FLAG, fallback)) return "on";
  return (await evaluate(SHADOW_FLAG, false)) ? "shadow" : "off";
}
