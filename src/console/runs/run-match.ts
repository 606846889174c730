// Which runs a search is for. Pure.
import type { RunRecord } from "../../gate/admission.ts";
import type { ListedRun } from "../../gate/inspection.ts";
import type { DeliveryState } from "../../runs/delivery.ts";
import { storedActionIdOf } from "../../runs/terms.ts";

/** Null: any. */
export type Filter = {
  storedActionId: string | null;
  state: DeliveryState | null;
  result: "success" | "error" | "none" | null;
};

/** By the time at which a run finished: delivered, given up, or ended without a callback. `toMs` is not part of it. */
export type FinishedIn = { fromMs: number; toMs: number };

export function passesFilter(
  { run, terms, state }: RunRecord,
  { storedActionId, state: wanted, result }: Filter,
): boolean {
  return (
    (storedActionId === null || storedActionIdOf(terms) === storedActionId) &&
    (wanted === null || state === wanted) &&
    (result === null || (run.status === "ended" ? run.result : "none") === result)
  );
}

/** An open run will finish later than now: it belongs to a span that has not ended. */
export function isInSpan({ finishedAtMs }: ListedRun, { fromMs, toMs }: FinishedIn, nowMs: number): boolean {
  return finishedAtMs === null ? toMs > nowMs : finishedAtMs >= fromMs && finishedAtMs < toMs;
}
