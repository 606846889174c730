// Handing runs to consumers: who gets a run that a message speaks of, and what becomes of one whose consumer failed or was
// not heard of again. The leases themselves are in the index, in memory.

import { attemptsOf } from "../runs/delivery.ts";
import { ALONE_AFTER_FAILURES, isAwaitingAnswer, MAX_FAILURES, type OpenRun } from "../runs/open-run.ts";
import { hintRun, type KnownRun, type Run } from "../runs/run.ts";
import type { Terms } from "../runs/terms.ts";
import type { LeasedRun } from "./admission.ts";
import type { IndexedRun } from "./run-index.ts";
import type { Runs } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";

/** A run that is taken so long after it was due was most likely taken before, by a consumer that is no more. */
const OVERDUE_MS = 3 * 60_000;
/** The same of a run that this object has read from its row: shorter than a consumer has it, longer than a queue takes. */
const LOADED_OVERDUE_MS = 20_000;
/** A completion without credentials hurries no more than one poll of a run in this time. */
const HURRY_PAUSE_MS = 60_000;
const SECOND_MS = 1_000;
/** After the first failure, the second and so on. */
const PAUSES_MS = [5, 60, 600, 3_600, 21_600].map((seconds) => seconds * SECOND_MS);

/** The runs of one user that consumers may have alone: a receiver may hold one for minutes, and others need some too. */
const MAX_ALONE = 4;
/** Until another run of the same user may be over. */
const CROWDED_MS = 5 * SECOND_MS;

/** What a message says, beside the run that it is about. */
export type TakeRequest = {
  runKey: string;
  /** The run is said to have ended. */
  notified: boolean;
  /** The run's id, from an upstream that proved itself, or an operator. */
  hintedRunId: string | null;
  /** The consumer has nothing else in its hands. */
  isAlone: boolean;
  /** So long the consumer needs at most. */
  leaseMs: number;
};

export type Taken =
  | { kind: "leased"; run: LeasedRun }
  /** Nothing to do, or another consumer has it. */
  | { kind: "none" }
  /** It has failed too often to share a batch with others. */
  | { kind: "alone"; runKey: string }
  /** Its user has as many runs alone as one may have. The alarm sends it again. */
  | { kind: "crowded" }
  /** It has failed so often that it was abandoned; `wasEnded`: only its delivery. */
  | { kind: "abandoned"; terms: Terms; wasEnded: boolean };

const NONE: Taken = { kind: "none" };

export function takeRun(runs: Runs, request: TakeRequest, nowMs: number): Taken {
  // A run that lost its key to a later one is found by its id.
  const { hintedRunId } = request;
  const byHint = hintedRunId === null ? null : runs.index.findByRunId(hintedRunId);
  const indexed = byHint ?? runs.index.get(request.runKey);
  if (indexed === null) return NONE;
  if (indexed.leasedUntilMs !== null && nowMs < indexed.leasedUntilMs) {
    indexed.notified ||= hurries(indexed, request, nowMs);
    return NONE;
  }
  const open = hinted(runs, runs.read(indexed), hintedRunId, nowMs);
  const runId = hintedOrKnownRunId(open.run);
  if (runId === null || isAwaitingAnswer(open, nowMs)) {
    // When the start is answered, the run is polled at once.
    indexed.notified ||= request.notified;
    return NONE;
  }
  if (!isWanted(open, indexed, request, nowMs)) return NONE;
  if (open.failures >= ALONE_AFTER_FAILURES && !request.isAlone)
    return { kind: "alone", runKey: indexed.runKey };
  if (request.isAlone && runs.index.leasedAlone(nowMs) >= MAX_ALONE) {
    sendLater(runs, indexed, nowMs);
    return { kind: "crowded" };
  }
  const counted = countTake(runs, open, indexed, request, nowMs);
  if (counted === null)
    return { kind: "abandoned", terms: open.terms, wasEnded: open.run.status === "ended" };
  const untilMs = nowMs + request.leaseMs;
  runs.index.lease(indexed.runKey, untilMs);
  if (request.isAlone) runs.index.leasedAlone(nowMs, indexed);
  if (counted.failures > 0) runs.index.actAt(indexed, untilMs + pauseMs(counted.failures));
  return { kind: "leased", run: toLeasedRun(counted, runId, nowMs) };
}

/** A completion brings an abandoned run back to be asked for; without proof only where its key is no other run's by now. */
export function askAbandoned(
  store: GateStore,
  runs: Runs,
  { runKey, hintedRunId }: TakeRequest,
  nowMs: number,
): void {
  // The usual completion is of a run that is open: then the rows of ended ones are not read.
  const isOpen = hintedRunId === null || runs.index.findByRunId(hintedRunId) !== null;
  const byHint = isOpen ? null : store.endedRuns.find(hintedRunId);
  const ended = byHint ?? (runs.index.get(runKey) === null ? store.endedRuns.findAbandoned(runKey) : null);
  if (ended?.run.status !== "abandoned") return;
  // A holder of the reference can say it any number of times.
  const isSoon = nowMs - ended.finishedAtMs < HURRY_PAUSE_MS;
  if (hintedRunId !== null || !isSoon) runs.reopen(ended, nowMs);
}

/** The consumer of a run threw. */
export function releaseRun(runs: Runs, runKey: string, revision: number, nowMs: number): void {
  const open = runs.get(runKey);
  if (open === null || open.run.revision !== revision) return;
  const failures = Math.max(1, open.failures);
  if (!abandonAtLast(runs, { ...open, failures }, nowMs))
    runs.put({ ...open, failures }, nowMs, nowMs + pauseMs(failures));
}

function hinted(runs: Runs, open: OpenRun, runId: string | null, nowMs: number): OpenRun {
  if (open.run.status !== "forwarding" || runId === null || runs.isElsewhere(runId, open.runKey)) return open;
  const run = hintRun(open.run, runId);
  if (run === open.run) return open;
  const next = { ...open, run };
  runs.put(next, nowMs, isAwaitingAnswer(next, nowMs) ? undefined : nowMs);
  return next;
}

function isWanted(open: OpenRun, indexed: IndexedRun, request: TakeRequest, nowMs: number): boolean {
  if (nowMs >= indexed.dueAtMs) return true;
  // Neither an ended run's next attempt nor one that failed is for a completion to hurry.
  return open.run.status !== "ended" && open.failures === 0 && hurries(indexed, request, nowMs);
}

function hurries(indexed: IndexedRun, { notified, hintedRunId }: TakeRequest, nowMs: number): boolean {
  if (!notified || (hintedRunId === null && nowMs - indexed.hurriedAtMs < HURRY_PAUSE_MS)) return false;
  indexed.hurriedAtMs = nowMs;
  return true;
}

// A take that looks as if an earlier one had failed is counted before it begins, because it may take the isolate, and this
// object's memory of it, with it. The report of a consumer that lived takes the count back. Null: it is abandoned.
function countTake(
  runs: Runs,
  open: OpenRun,
  indexed: IndexedRun,
  { leaseMs }: TakeRequest,
  nowMs: number,
): OpenRun | null {
  const isUnheardOf = indexed.leasedUntilMs !== null;
  const overdueMs = indexed.isLoaded ? LOADED_OVERDUE_MS : OVERDUE_MS;
  const isSuspect = open.failures > 0 || isUnheardOf || nowMs - indexed.dueAtMs >= overdueMs;
  if (!isSuspect) return open;
  if (abandonAtLast(runs, open, nowMs)) return null;
  const earlier = open.failures === 0 && isUnheardOf ? 1 : open.failures;
  const counted = { ...open, failures: earlier + 1 };
  runs.put(counted, nowMs, nowMs + leaseMs + pauseMs(counted.failures));
  return counted;
}

// Whether it has failed too often and is abandoned. One whose start was not answered is not for a consumer to end.
function abandonAtLast(runs: Runs, open: OpenRun, nowMs: number): boolean {
  return open.failures >= MAX_FAILURES && runs.abandon(open.runKey, "poison", nowMs);
}

// They grow, so that a version of the consumer that fails at every run has to fail for hours before runs are abandoned.
function pauseMs(failures: number): number {
  return PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0;
}

// The message is done with, so that there is one of this run at a time: what it said is kept here. A lease that ended
// unheard of stays, because it counts as a failure.
function sendLater(runs: Runs, indexed: IndexedRun, nowMs: number): void {
  indexed.dueAtMs = Math.min(indexed.dueAtMs, nowMs);
  runs.index.setAlone(indexed.runKey);
  runs.index.actAt(indexed, nowMs + CROWDED_MS);
}

function hintedOrKnownRunId(run: Run): string | null {
  return run.status === "forwarding" ? run.hintedRunId : run.runId;
}

function toLeasedRun({ runKey, terms, run }: OpenRun, runId: string, nowMs: number): LeasedRun {
  const attempts = run.status === "forwarding" ? 0 : attemptsOf(run.delivery);
  const common = { runKey, revision: run.revision, runId, terms, attemptNumber: attempts + 1 };
  return { ...common, task: run.status === "ended" ? deliveryTask(run, nowMs) : { kind: "poll" } };
}

function deliveryTask(run: KnownRun & { status: "ended" }, nowMs: number): LeasedRun["task"] {
  const { result, bodyKept, delivery } = run;
  const wasDeferred = delivery.kind === "pending" && delivery.deferredSinceMs !== null;
  return { kind: "deliver", result, endedAgoMs: Math.max(0, nowMs - run.endedAtMs), bodyKept, wasDeferred };
}
