// The decision behind an admission: is there room for a promise, does the window allow it, whose is the id. Between the
// reading and the writing there is no await.
import { log } from "../platform/observability/log.ts";
import type { WindowRule } from "../rate-limit/window.ts";
import { type ClaimDecision, REPLAY_MS, type Settled } from "../runs/claim.ts";
import { type Run, UNANSWERED_MS } from "../runs/run.ts";
import type { Admission, AdmitRequest, Foreseen, HeldClaim } from "./admission.ts";
import type { Claims } from "./claims.ts";
import { type Counter, toLimited } from "./counter.ts";
import type { Runs } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";
import { SPACE } from "./upkeep.ts";

const MAX_OPEN_RUNS = 100_000;
/** Unanswered starts that make room at a time. */
const DROPPED_AT_ONCE = 1_000;
/** No attempt at a start takes so long. */
const IN_FLIGHT_MS = 60 * 60_000;
const DAY_MS = 86_400_000;

/** Null: no idempotency id. */
export type Deciding = Extract<ClaimDecision, { kind: "take" | "conflict" }> | null;

/** `gate` names the object in the log. */
export type Parts = { gate: string; store: GateStore; runs: Runs; claims: Claims; counter: Counter };

/** Counts the request, and writes down its claim and what it is promised. A conflict counts too. */
export function admitNow(
  parts: Parts,
  request: AdmitRequest,
  decision: Deciding,
  nowMs: number,
  maxOpenRuns = MAX_OPEN_RUNS,
): Admission {
  const { counter, claims, store } = parts;
  const { claim, promise, window } = request;
  const askCache = claim !== null && mayBeInCache(store, decision, nowMs);
  if (promise !== null && isFull(parts, maxOpenRuns, nowMs))
    return { kind: "full", view: window && counter.peek(window, nowMs), askCache };
  const count = window && counter.take("runs", window, nowMs);
  if (count?.admitted === false) return { ...toLimited(count.view, nowMs), askCache };
  const view = count?.view ?? null;
  if (decision?.kind === "conflict") return { kind: "conflict", view, askCache };
  const taken =
    claim?.mayCreate && decision !== null ? { runKey: claim.runKey, taken: decision.claim } : null;
  claims.admit(taken, promise, nowMs);
  const isOverLimit = count?.isOver ?? false;
  return { kind: "admitted", view, mismatch: decision?.mismatch ?? false, askCache, isOverLimit };
}

/** `id`: of the start, if it has one. Counts nothing. Null: the start has to be judged. */
/** KV knew the answer to an id. False: the gate knows it, too, by now. */
export function learn(
  { claims, counter }: Parts,
  { runKey, attempt }: HeldClaim,
  settled: Settled,
  countedUntilMs: number | null,
  nowMs: number,
): boolean {
  if (claims.find(runKey, nowMs)?.status === "settled") return false;
  if (countedUntilMs !== null) counter.giveBack(countedUntilMs);
  claims.endAttempt(runKey, true, attempt, "refused", nowMs);
  claims.settle(runKey, settled, nowMs);
  return true;
}

export function foresee(
  { store, claims, counter }: Parts,
  window: WindowRule | null,
  id: string | null,
  nowMs: number,
): Foreseen | null {
  const claim = id === null ? null : claims.find(id, nowMs);
  if (claim?.status === "settled")
    return { kind: "known", settled: claim, view: window && counter.peek(window, nowMs) };
  const mayBeKnown = id !== null && (claim !== null || !isComplete(store, nowMs));
  return mayBeKnown ? null : window && counter.refusal(window, nowMs);
}

/** Of an earlier attempt KV may know more than this gate, which may have been away when it was answered. */
function mayBeInCache(store: GateStore, decision: Deciding, nowMs: number): boolean {
  const isRetried = decision?.kind === "conflict" || decision?.claim.mayHaveRun === true;
  return isRetried || !isComplete(store, nowMs);
}

function isFull(parts: Parts, maxOpenRuns: number, nowMs: number): boolean {
  const { gate, store, runs } = parts;
  if (runs.index.size >= maxOpenRuns) dropUnanswered(parts, nowMs);
  const open = runs.index.size;
  if (open < maxOpenRuns && store.bytes < SPACE.fullAt) return false;
  log({ event: "gate.full", gate, open_runs: open, bytes: store.bytes });
  return true;
}

// A start without an answer promises nothing: after an outage of the upstream the oldest of them make room. Those that a
// completion has named, or that are forgotten soon, are all due within a day.
function dropUnanswered({ gate, runs, claims }: Parts, nowMs: number): void {
  const startedBeforeMs = nowMs - IN_FLIGHT_MS;
  const unanswered = runs.index
    .nameless(nowMs + DAY_MS, startedBeforeMs + UNANSWERED_MS, DROPPED_AT_ONCE)
    .filter((indexed) => isUnnamed(runs.read(indexed).run));
  for (const { runKey } of unanswered) {
    claims.keepOpen(runKey, nowMs);
    runs.drop(runKey, nowMs);
  }
  if (unanswered.length > 0)
    log({ event: "gate.dropped_early", gate, what: "unanswered_starts", starts: unanswered.length });
}

function isUnnamed(run: Run): boolean {
  return run.status === "forwarding" && run.hintedRunId === null;
}

function isComplete(store: GateStore, nowMs: number): boolean {
  const sinceMs = store.mark("incomplete_since_ms");
  return sinceMs === undefined || nowMs >= sinceMs + REPLAY_MS;
}
