import { validateUuid } from "../contract/schemas.ts";
import { type Problem, parameterFault } from "../platform/errors.ts";

/** What is run: a stored action, its id in lower case, or an action that the request itself describes. */
export type RunTarget = { kind: "stored"; storedActionId: string } | { kind: "one_off" };

/** The upstream's path for a start. */
export function buildStartPath(target: RunTarget): string {
  if (target.kind === "one_off") return "/actions/v1/runs";
  return `/actions/v1/stored-actions/${encodeURIComponent(target.storedActionId)}/run`;
}

/** The upstream's path for reading a run. An intent that was written down earlier may have its action's id in any case. */
export function buildRunPath(target: RunTarget, runId: string): string {
  const run = encodeURIComponent(runId.toLowerCase());
  if (target.kind === "one_off") return `/actions/v1/runs/${run}`;
  return `/actions/v1/stored-actions/${encodeURIComponent(target.storedActionId.toLowerCase())}/runs/${run}`;
}

/** What is wrong with a path's ids, if anything. */
export function targetFault(target: RunTarget): Problem | null {
  if (target.kind === "one_off" || validateUuid(target.storedActionId)) return null;
  return parameterFault("stored_action_id", "stored_action_id must be a UUID.");
}

export function idFault(target: RunTarget, runId: string): Problem | null {
  const fault = targetFault(target);
  if (fault !== null) return fault;
  return validateUuid(runId) ? null : parameterFault("run_id", "run_id must be a UUID.");
}
