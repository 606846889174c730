// What the routes under /actions/ hand to the features: the caller's gate, the run's target, and the gateway's words to
// the upstream.
import { validateUuid } from "../contract/schemas.ts";
import { GateClient } from "../gate/client.ts";
import { limitMode } from "../rate-limit/flag.ts";
import { rateLimitHeaders, type WindowName } from "../rate-limit/headers.ts";
import type { WindowRule, WindowView } from "../rate-limit/window.ts";
import type { RunTarget } from "../runs/run-target.ts";
import { storedActionIdOf } from "../runs/terms.ts";
import type { Asserted } from "../upstream/headers.ts";
import { upstreamAuthorization } from "../upstream/identity.ts";
import type { TargetBase } from "../upstream/targets.ts";
import type { AppContext } from "./context.ts";

export function callersGate(c: AppContext): GateClient {
  return GateClient.ofUser(c.get("services").gates, c.get("caller").userKey, c.get("timer"));
}

/** What the path names: a stored action, or none. However it is spelt, one action has one name from here on. */
export function parseTarget(c: AppContext): RunTarget {
  const storedActionId = c.req.param("stored_action_id")?.toLowerCase();
  if (storedActionId === undefined) return { kind: "one_off" };
  // A path may say anything in its place.
  if (validateUuid(storedActionId)) c.get("notes").action = storedActionId;
  return { kind: "stored", storedActionId };
}

export async function assertedFor(c: AppContext): Promise<Asserted> {
  const authorization = await upstreamAuthorization(
    c.get("services").settings,
    c.get("publicUrl"),
    c.get("caller"),
    Date.now(),
  );
  const { traceparent, tracestate } = c.get("trace");
  return { authorization, requestId: c.get("requestId"), traceparent, tracestate };
}

/** What the targets in an answer to a request of this path are relative to. */
export function toTargetBase(c: AppContext, path: string): TargetBase {
  const { baseUrl } = c.get("services").upstream;
  return { requestUrl: baseUrl + path, baseUrl, publicUrl: c.get("publicUrl") };
}

/** As the token and the settings say; null when the token lifts it. */
function startRule(c: AppContext): WindowRule | null {
  const { rateLimit, rateLimitWindowMs: windowMs } = c.get("services").settings;
  const claim = c.get("caller").rateLimit;
  switch (claim.kind) {
    case "exempt":
      return null;
    case "override":
      return { limit: claim.limit, windowMs };
    case "default":
      return { limit: rateLimit, windowMs };
  }
}

/** The cap that applies to this caller's starts of an action now; null when there is none, or both flags are off. */
export async function limitOfStarts(c: AppContext, target: RunTarget): Promise<WindowRule | null> {
  const rule = startRule(c);
  if (rule === null) return null;
  const { flags, settings } = c.get("services");
  const actionId = storedActionIdOf({ target });
  const mode = await limitMode(flags, settings.rateLimitFlagDefault, c.get("caller"), actionId);
  if (mode === "off") return null;
  return mode === "on" ? rule : { ...rule, isShadow: true };
}

/** Contract, Rate limit: what an answer says of a window. */
export function limitHeaders(
  c: AppContext,
  name: WindowName,
  view: WindowView | null,
): Record<string, string> {
  return rateLimitHeaders(name, view, c.get("services").settings.rateLimitResetFormat, Date.now());
}

/** The cap on this caller's reads; null when there is none. */
export function readRule(c: AppContext): WindowRule | null {
  const { readLimit, rateLimitWindowMs: windowMs } = c.get("services").settings;
  if (readLimit === 0 || c.get("caller").rateLimit.kind === "exempt") return null;
  return { limit: readLimit, windowMs };
}
