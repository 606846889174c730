// Searching one user's runs: the open ones first, then the finished ones, the one that finished last first. The gate lists
// them; what the search is for is judged here, over a bounded number of runs a page.
import type { GateClient } from "../../gate/client.ts";
import type { ListedRun } from "../../gate/inspection.ts";
import { type EndedPosition, positionBefore } from "../../gate/store/ended-runs.ts";
import type { RunSummary } from "../../operators/views.ts";
import { type Filter, type FinishedIn, isInSpan, passesFilter } from "./run-query.ts";
import { toRunSummary } from "./run-summary.ts";

export type Walk = {
  runs: RunSummary[];
  /** Where to go on; null: there are no more. */
  next: EndedPosition | null;
  /** When the last run that was looked at finished; null: none of them had. */
  searchedToMs: number | null;
};

export type Wanted = { filter: Filter; span: FinishedIn; nowMs: number };

export const RUNS_A_PAGE = 50;
/** The most that a gate lists at once, beside the open ones. */
const RUNS_A_LIST = 50;

/** Ends when it has found a page, has looked at `maxLists` lists of fifty, or has passed the beginning of the span. */
export async function walkGate(
  gate: GateClient,
  wanted: Wanted,
  start: EndedPosition | null,
  maxLists: number,
): Promise<Walk> {
  const walk: Walk = { runs: [], next: start ?? findStart(wanted), searchedToMs: null };
  for (let lists = 0; lists < maxLists; lists += 1) {
    const { runs, next } = await gate.listRuns(walk.next, RUNS_A_LIST);
    walk.runs.push(...runs.filter((run) => isWanted(run, wanted)).map(toRunSummary));
    const lastMs = runs.at(-1)?.finishedAtMs ?? null;
    walk.searchedToMs = lastMs ?? walk.searchedToMs;
    walk.next = lastMs !== null && lastMs < wanted.span.fromMs ? null : next;
    if (walk.next === null || walk.runs.length >= RUNS_A_PAGE) break;
  }
  return walk;
}

/** A span that has ended begins in the week in which it did: neither open runs nor later ones are in it. */
function findStart({ span: { toMs }, nowMs }: Wanted): EndedPosition | null {
  return toMs > nowMs ? null : positionBefore(toMs);
}

function isWanted(run: ListedRun, { filter, span, nowMs }: Wanted): boolean {
  return isInSpan(run, span, nowMs) && passesFilter(run, filter);
}
