// The decision behind an admission: is there room for a promise, does the window allow it, whose is the id. Between the
// reading and the writing there is no await.
import { log } from "../platform/observability/log.ts";
import type { WindowRule } from "../rate-limit/window.ts";
import { type ClaimDecision, decideClaim, REPLAY_MS, type Settled } from "../runs/claim.ts";
import { type Run, UNANSWERED_MS } from "../runs/run.ts";
import type { Admission, AdmitRequest, Foreseen, HeldClaim } from "./admission.ts";
import type { Claims } from "./claims.ts";
import type { Controls } from "./controls.ts";
import { type Counter, toLimited } from "./counter.ts";
import type { Runs } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";
import { SPACE } from "./upkeep.ts";
import type { Waiters } from "./waiters.ts";

/** Contract, Idempotency: a duplicate waits for the first one's answer this long at most. */
const MAX_WAIT_MS = 25_000;
const MAX_OPEN_RUNS = 100_000;
/** Unanswered starts that make room at a time. */
const DROPPED_AT_ONCE = 1_000;
/** No attempt at a start takes so long. */
const IN_FLIGHT_MS = 60 * 60_000;
const DAY_MS = 86_400_000;

/** Null: no idempotency id. */
export type Deciding = Extract<ClaimDecision, { kind: "take" | "conflict" }> | null;

/** `gate` names the object in the log. */
export type Parts = {
  gate: string;
  store: GateStore;
  runs: Runs;
  claims: Claims;
  counter: Counter;
  controls: Controls;
};

/** The one call before a run is forwarded: replay, refuse, or count it, claim its id and write down what is promised. */
export async function admit(parts: Parts, waiters: Waiters, request: AdmitRequest): Promise<Admission> {
  const { claim, promise } = request;
  const deadlineMs = Date.now() + MAX_WAIT_MS;
  for (;;) {
    const nowMs = Date.now();
    const { rule } = parts.controls.effectiveRule(request.window, nowMs);
    const view = () => rule && parts.counter.peek(rule, nowMs);
    const decision = claim && decideClaim(parts.claims.find(claim.runKey, nowMs), claim, nowMs);
    const isRepeated = claim === null && promise !== null && parts.runs.index.get(promise.runKey) !== null;
    // Counted and written down by its first call, whose answer got lost.
    if (isRepeated || decision?.kind === "held")
      return { kind: "admitted", view: view(), mismatch: false, askCache: false, isOverLimit: false };
    switch (decision?.kind) {
      case "replay":
        return { ...decision, view: view() };
      case "wait": {
        if (nowMs >= deadlineMs) return { kind: "busy", view: view() };
        await waiters.changed(claim?.runKey ?? "", Math.min(decision.untilMs, deadlineMs) - nowMs);
        continue;
      }
      case "take":
      case "conflict":
      case undefined:
        return admitNow(parts, request, decision ?? null, nowMs);
    }
  }
}

/** Counts the request, and writes down its claim and what it is promised. A conflict counts too. */
export function admitNow(
  parts: Parts,
  request: AdmitRequest,
  decision: Deciding,
  nowMs: number,
  maxOpenRuns = MAX_OPEN_RUNS,
): Admission {
  const { counter, claims, store, controls } = parts;
  const { claim, promise } = request;
  const askCache = claim !== null && mayBeInCache(store, decision, nowMs);
  const { rule, ...allowed } = controls.effectiveRule(request.window, nowMs);
  const view = () => rule && counter.peek(rule, nowMs);
  if (allowed.kind === "blocked") return { ...allowed, view: view(), askCache };
  if (promise !== null && isFull(parts, maxOpenRuns, nowMs)) return { kind: "full", view: view(), askCache };
  const count = rule && counter.take("runs", rule, nowMs);
  if (count?.admitted === false) return { ...toLimited(count.view, nowMs), askCache };
  const counted = count?.view ?? null;
  if (decision?.kind === "conflict") return { kind: "conflict", view: counted, askCache };
  const taken =
    claim?.mayCreate && decision !== null ? { runKey: claim.runKey, taken: decision.claim } : null;
  claims.admit(taken, promise, nowMs);
  const isOverLimit = count?.isOver ?? false;
  return { kind: "admitted", view: counted, mismatch: decision?.mismatch ?? false, askCache, isOverLimit };
}

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

/** `id`: of the start, if it has one. Counts nothing. Null: the start has to be judged. */
export function foresee(
  { store, claims, counter, controls }: Parts,
  window: WindowRule | null,
  id: string | null,
  nowMs: number,
): Foreseen | null {
  const claim = id === null ? null : claims.find(id, nowMs);
  const { rule, ...allowed } = controls.effectiveRule(window, nowMs);
  if (claim?.status === "settled")
    return { kind: "known", settled: claim, view: rule && counter.peek(rule, nowMs) };
  const mayBeKnown = id !== null && (claim !== null || !isComplete(store, nowMs));
  if (mayBeKnown) return null;
  return allowed.kind === "blocked" ? allowed : rule && counter.refusal(rule, nowMs);
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
