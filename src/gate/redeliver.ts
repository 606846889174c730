// A run's end is delivered again, or an abandoned run is asked for once more. Either makes the gateway send requests, so a
// caller's redelivery counts as a start does.
import type { WindowRule } from "../rate-limit/window.ts";
import type { OpenRun } from "../runs/open-run.ts";
import type { Redelivery } from "./admission.ts";
import type { Counter } from "./counter.ts";
import { toRecord } from "./inspection.ts";
import type { Runs } from "./runs.ts";

export function redeliver(
  runs: Runs,
  counter: Counter,
  runId: string,
  window: WindowRule | null,
  batch: string | null,
  nowMs: number,
): Redelivery {
  const started = (kind: "started" | "under_way", open: OpenRun): Redelivery => {
    const record = toRecord(runs, open);
    return record && { kind, record, view: window && counter.peek(window, nowMs) };
  };
  const found = runs.find(runId);
  if (found === null) return null;
  if (found.open !== null) return started("under_way", found.open);
  const refused = window && counter.refusal(window, nowMs);
  if (refused !== null) return refused;
  const open = runs.reopen(found.ended, nowMs, batch);
  if (open !== null && window !== null) counter.take("runs", window, nowMs);
  return open && started("started", open);
}
