// Reads of results and of charges are counted in a window of their own, so that no one caller can keep the parts
// busy that all share.
import type { Caller } from "../auth/caller.ts";
import type { ReadCount } from "../gate/admission.ts";
import type { Unavailable } from "../gate/client.ts";
import { type Problem, problem } from "../platform/errors.ts";
import { limitMode } from "../rate-limit/flag.ts";
import { retryAfterSeconds, type WindowRule } from "../rate-limit/window.ts";
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
  const [mode, counted] = await Promise.all([
    limitMode(flags, settings.rateLimitFlagDefault, c.get("caller"), storedActionId),
    c.get("stopwatch").time("gate", askGate(c, rule)),
  ]);
  if (mode !== "on" || "kind" in counted) return UNCOUNTED;
  const { admitted, view, ...retry } = counted;
  const detail = "Rate limit exceeded. Too many reads of results.";
  return {
    refusal: admitted ? null : problem("too_many_requests", detail, retry),
    headers: limitHeaders(c, "results", view),
  };
}

/** Also how late an operator's reset of the window may be noticed. */
const REFUSED_MS = 1_000;

type Refused = { count: ReadCount; limit: number; atMs: number };

/** A caller that a known token stands for is the same object at each of its requests. */
const lastRefused = new WeakMap<Caller, Refused>();

// Who is beyond the limit is refused without the gate for a second: a flood of reads costs it one call in that time.
async function askGate(c: AppContext, rule: WindowRule): Promise<ReadCount | Unavailable> {
  const caller = c.get("caller");
  const known = lastRefused.get(caller);
  if (known?.limit === rule.limit && isRecent(known, Date.now()))
    return { ...known.count, retryAfterSeconds: retryAfterSeconds(known.count.view, Date.now()) };
  const count = await callersGate(c).countRead(rule);
  if (!("kind" in count || count.admitted))
    lastRefused.set(caller, { count, limit: rule.limit, atMs: Date.now() });
  return count;
}

function isRecent({ atMs, count }: Refused, nowMs: number): boolean {
  return atMs <= nowMs && nowMs < Math.min(atMs + REFUSED_MS, count.view.resetAtMs);
}
