// Reads of results and of charges are counted in a window of their own, so that no one caller can keep the parts
// busy that all share.
import { type Problem, problem } from "../platform/errors.ts";
import { rateLimitIsOn } from "../rate-limit/flag.ts";
import { callersGate, limitHeaders, readRule } from "./caller-deps.ts";
import type { AppContext } from "./context.ts";

/** `headers` belong on the answer, whatever it is. */
export type CountedRead = { refusal: Problem | null; headers: Record<string, string> };

const UNCOUNTED: CountedRead = { refusal: null, headers: {} };

// The flag and the gate are asked at once: a count that turns out to be unneeded does no harm.
export async function countRead(c: AppContext, storedActionId: string | null): Promise<CountedRead> {
  const rule = readRule(c);
  if (rule === null) return UNCOUNTED;
  const { flags, settings } = c.get("services");
  const [limited, counted] = await Promise.all([
    rateLimitIsOn(flags, settings.rateLimitFlagDefault, c.get("caller"), storedActionId),
    c.get("stopwatch").time("gate", callersGate(c).countRead(rule)),
  ]);
  if (!limited || "kind" in counted) return UNCOUNTED;
  const { admitted, view, retryAfterSeconds } = counted;
  const detail = "Rate limit exceeded. Too many reads of results.";
  return {
    refusal: admitted ? null : problem("too_many_requests", detail, { retryAfterSeconds }),
    headers: limitHeaders(c, "results", view),
  };
}
