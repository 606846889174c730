// A run's end is delivered again, or an abandoned run is asked for once more. Either makes the gateway send requests, so a
// caller's redelivery counts as a start does.
import type { OpenRun } from "../runs/open-run.ts";
import type { Redeliverer, Redelivery } from "./admission.ts";
import type { Parts } from "./admit.ts";
import { toRecord } from "./inspection.ts";

export function redeliver(
  { runs, counter, controls }: Pick<Parts, "runs" | "counter" | "controls">,
  runId: string,
  by: Redeliverer,
  nowMs: number,
): Redelivery {
  const { rule, ...allowed } =
    by.kind === "caller"
      ? controls.effectiveRule(by.window, nowMs)
      : { kind: "allowed" as const, rule: null };
  const started = (kind: "started" | "under_way", open: OpenRun): Redelivery => {
    const record = toRecord(runs, open);
    return record && { kind, record, view: rule && counter.peek(rule, nowMs) };
  };
  const found = runs.find(runId);
  if (found === null) return null;
  if (allowed.kind === "blocked") return allowed;
  if (found.open !== null) return started("under_way", found.open);
  const refused = rule && counter.refusal(rule, nowMs);
  if (refused !== null) return refused;
  const open = runs.reopen(found.ended, nowMs, by.kind === "operator" ? by.batch : null);
  if (open !== null && rule !== null) counter.take("runs", rule, nowMs);
  return open && started("started", open);
}
