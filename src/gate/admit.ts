// The decision behind an admission: is there room for a promise, does the window allow it, whose is the id. Between the
// reading and the writing there is no await.
import { log } from "../platform/observability/log.ts";
import { retryAfterSeconds } from "../rate-limit/window.ts";
import { type ClaimDecision, REPLAY_MS } from "../runs/claim.ts";
import type { Admission, AdmitRequest } from "./admission.ts";
import type { Claims } from "./claims.ts";
import type { Counter } from "./counter.ts";
import type { Runs } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";
import { SPACE } from "./upkeep.ts";

const MAX_OPEN_RUNS = 100_000;

/** Null: no idempotency id. */
export type Deciding = Extract<ClaimDecision, { kind: "take" | "conflict" }> | null;

/** `gate` names the object in the log. */
type Parts = { gate: string; store: GateStore; runs: Runs; claims: Claims; counter: Counter };

/** Counts the request, and writes down its claim and what it is promised. A conflict counts too. */
export function admitNow(parts: Parts, request: AdmitRequest, decision: Deciding, nowMs: number): Admission {
  const { counter, claims, store } = parts;
  const { claim, promise, window } = request;
  const askCache = claim !== null && mayBeInCache(store, decision, nowMs);
  if (promise !== null && isFull(parts))
    return { kind: "full", view: window && counter.peek(window, nowMs), askCache };
  const count = window && counter.take("runs", window, nowMs);
  if (count?.admitted === false)
    return {
      kind: "limited",
      view: count.view,
      retryAfterSeconds: retryAfterSeconds(count.view, nowMs),
      askCache,
    };
  const view = count?.view ?? null;
  if (decision?.kind === "conflict") return { kind: "conflict", view, askCache };
  const taken = claim?.mayCreate && decision !== null ? { id: claim.id, taken: decision.claim } : null;
  claims.admit(taken, promise, nowMs);
  return { kind: "admitted", view, mismatch: decision?.mismatch ?? false, askCache };
}

/** Of an earlier attempt KV may know more than this gate, which may have been away when it was answered. */
function mayBeInCache(store: GateStore, decision: Deciding, nowMs: number): boolean {
  const isRetried = decision?.kind === "conflict" || decision?.claim.mayHaveRun === true;
  return isRetried || !isComplete(store, nowMs);
}

function isFull({ gate, store, runs }: Parts): boolean {
  const open = runs.index.size;
  if (open < MAX_OPEN_RUNS && store.bytes < SPACE.fullAt) return false;
  log({ event: "gate.full", gate, open_runs: open, bytes: store.bytes });
  return true;
}

function isComplete(store: GateStore, nowMs: number): boolean {
  const sinceMs = store.mark("incomplete_since_ms");
  return sinceMs === undefined || nowMs >= sinceMs + REPLAY_MS;
}
