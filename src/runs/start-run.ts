// Starting a run: admit, forward, settle. This is the whole path, in order; each await is a place to die, and after
// each of them a retry with the same idempotency id ends with one run: the claim is durable before the upstream hears
// of it, and every try carries the same id to an upstream that starts one run an id.
import { type Problem, problem } from "../errors.ts";
import type { Answer, ClaimRequest, Settled, TryOutcome } from "../gate/claim.ts";
import type { GateClient, Unavailable } from "../gate/client.ts";
import type { Admission } from "../gate/user-gate.ts";
import type { WindowRule, WindowView } from "../gate/window.ts";
import { fingerprintOf } from "../idempotency/fingerprint.ts";
import { answerKey, recallAnswer, rememberAnswer } from "../idempotency/replay.ts";
import { log } from "../observability/log.ts";
import type { Stopwatch } from "../observability/stopwatch.ts";
import { type StartOutcome, startAtUpstream, type Upstream } from "../upstream/client.ts";
import { spliceEnvelope } from "../upstream/rewrite.ts";
import { ownProblem, type UpstreamProblem } from "../upstream/upstream-problem.ts";
import type { ParsedRequest, RunRequest } from "./run-request.ts";
import { pathOf, type RunTarget } from "./run-target.ts";

export type StartDeps = {
  gate: GateClient;
  kv: KVNamespace;
  upstream: Upstream;
  upstreamTimeoutMs: number;
  /** Headers towards the upstream: identity, request id, trace. */
  upstreamHeaders: () => Promise<Record<string, string>>;
  waitUntil: (promise: Promise<unknown>) => void;
  stopwatch: Stopwatch;
};

/** What the caller is told, and how it came about. */
export type StartAnswer = {
  outcome:
    | "accepted"
    | "replayed"
    | "limited"
    | "malformed"
    | "busy"
    | "gate_open"
    | "gate_closed"
    | "upstream_refused"
    | "upstream_failed";
  result: { kind: "run"; answer: Answer } | { kind: "problem"; problem: UpstreamProblem };
  /** Null: no limit applies, so no rate-limit headers either. */
  view: WindowView | null;
  replayed: boolean;
  mismatch: boolean;
};

type Admitted = { view: WindowView | null; mismatch: boolean };

/** Longer than the upstream's whole budget, so that a lease ends only when its holder is dead. */
const LEASE_MARGIN_MS = 5_000;
const NO_GATE: Admitted = { view: null, mismatch: false };

export async function startRun(
  deps: StartDeps,
  target: RunTarget,
  parsed: ParsedRequest,
  window: WindowRule | null,
): Promise<StartAnswer> {
  const claim = await claimRequest(deps, target, parsed);
  // Nothing to count and nothing to remember: no agreement with anybody is needed.
  if (window === null && claim === null) return forward(deps, target, parsed, null, NO_GATE);
  const recalling = claim === null ? null : recall(deps, claim.id);
  const admission = await deps.stopwatch.time("gate", deps.gate.admit({ window, claim }));
  if (admission.kind === "replay") return replay(admission.answer, admission);
  const known = await recalling;
  if (claim !== null && known !== null) return replayFromMemory(deps, claim, known, admission);
  switch (admission.kind) {
    case "unavailable":
      return gateUnavailable(deps, target, parsed, claim);
    case "limited":
      return refusal("limited", tooManyRequests(admission.retryAfterSeconds), admission.view);
    case "busy":
      return refusal("busy", STILL_IN_FLIGHT, admission.view);
    case "admitted":
      return forward(deps, target, parsed, claim, admission);
  }
}

async function claimRequest(
  { upstreamTimeoutMs }: StartDeps,
  target: RunTarget,
  parsed: ParsedRequest,
): Promise<ClaimRequest | null> {
  const good = parsed.kind === "good";
  const id = good ? parsed.request.idempotencyId : parsed.idempotencyId;
  if (id === null) return null;
  // With the id in lower case: its case is no difference.
  const text = good ? bodyFor(parsed.request, id) : parsed.text;
  const fingerprint = await fingerprintOf(pathOf(target), text);
  const leaseMs = upstreamTimeoutMs + LEASE_MARGIN_MS;
  return { id, attempt: crypto.randomUUID(), fingerprint, leaseMs, make: good };
}

async function recall({ gate, kv }: StartDeps, id: string): Promise<Settled | null> {
  try {
    return await recallAnswer(kv, answerKey(gate.id, id), Date.now());
  } catch (error) {
    // The gate's row answers for the first hour; after that the upstream's own memory of the id does.
    log({ event: "answer.recall_failed", gate: gate.id, error });
    return null;
  }
}

// The gate had forgotten this id, so it counted and claimed: that is taken back once the answer is out.
function replayFromMemory(
  { gate, waitUntil }: StartDeps,
  { id, attempt, fingerprint }: ClaimRequest,
  known: Settled,
  admission: Exclude<Admission, { kind: "replay" }> | Unavailable,
): StartAnswer {
  const view = admission.kind === "unavailable" ? null : admission.view;
  const mismatch = known.fingerprint !== fingerprint;
  if (admission.kind !== "admitted") return replay(known.answer, { view, mismatch });
  waitUntil(gate.withdraw(id, attempt, view?.resetAtMs ?? null));
  const uncounted = view && { ...view, remaining: view.remaining + 1 };
  return replay(known.answer, { view: uncounted, mismatch });
}

async function gateUnavailable(
  deps: StartDeps,
  target: RunTarget,
  parsed: ParsedRequest,
  claim: ClaimRequest | null,
): Promise<StartAnswer> {
  if (claim !== null) return refusal("gate_closed", NO_CLAIM_POSSIBLE, null);
  const answer = await forward(deps, target, parsed, null, NO_GATE);
  return answer.outcome === "accepted" ? { ...answer, outcome: "gate_open" } : answer;
}

async function forward(
  deps: StartDeps,
  target: RunTarget,
  parsed: ParsedRequest,
  claim: ClaimRequest | null,
  { view, mismatch }: Admitted,
): Promise<StartAnswer> {
  if (parsed.kind === "malformed") return refusal("malformed", parsed.problem, view);
  const body = bodyFor(parsed.request, claim?.id ?? crypto.randomUUID());
  const headers = { ...(await deps.upstreamHeaders()), "content-type": "application/json" };
  const started = startAtUpstream(
    deps.upstream,
    { path: pathOf(target), headers, body },
    deps.upstreamTimeoutMs,
  );
  const outcome = await deps.stopwatch.time("upstream", started);
  const settled = claim === null ? null : await settle(deps, claim, outcome);
  const answer = settled?.answer ?? firstAnswer(outcome);
  if (answer !== null)
    return { outcome: "accepted", result: { kind: "run", answer }, view, replayed: false, mismatch };
  return upstreamRefusal(outcome, view);
}

async function settle(deps: StartDeps, claim: ClaimRequest, outcome: StartOutcome): Promise<Settled | null> {
  const { gate, kv, stopwatch, waitUntil } = deps;
  const settled = await stopwatch.time("gate", gate.settle(claim.id, claim.attempt, tryOutcome(outcome)));
  const answer = firstAnswer(outcome);
  const nowMs = Date.now();
  // A gate that did not answer leaves the memory of this run to KV and to the upstream.
  const known = settled ?? (answer && { answer, fingerprint: claim.fingerprint, settledAtMs: nowMs });
  if (known !== null) waitUntil(remember(gate, kv, claim.id, known, nowMs));
  return known;
}

async function remember(
  gate: GateClient,
  kv: KVNamespace,
  id: string,
  known: Settled,
  nowMs: number,
): Promise<void> {
  try {
    await rememberAnswer(kv, answerKey(gate.id, id), known, nowMs);
  } catch (error) {
    // The gate keeps the row, and its alarm writes the copy.
    log({ event: "answer.remember_failed", gate: gate.id, error });
  }
}

function tryOutcome(outcome: StartOutcome): TryOutcome {
  const answer = firstAnswer(outcome);
  if (answer !== null) return { kind: "accepted", answer };
  return { kind: outcome.kind === "refused" ? "refused" : "unknown" };
}

/** CONTRACT: an accepted start is a 202 with the upstream's own body. */
function firstAnswer(outcome: StartOutcome): Answer | null {
  return outcome.kind === "accepted" ? { status: 202, body: outcome.body } : null;
}

function bodyFor({ text, envelope }: RunRequest, upstreamId: string): string {
  return spliceEnvelope(text, envelope, { idempotencyId: upstreamId });
}

function upstreamRefusal(outcome: StartOutcome, view: WindowView | null): StartAnswer {
  if (outcome.kind === "accepted") throw new Error("an accepted run has an answer");
  const name = outcome.kind === "refused" ? "upstream_refused" : "upstream_failed";
  const result = { kind: "problem", problem: outcome.problem } as const;
  return { outcome: name, result, view, replayed: false, mismatch: false };
}

function replay(answer: Answer, { view, mismatch }: Admitted): StartAnswer {
  return { outcome: "replayed", result: { kind: "run", answer }, view, replayed: true, mismatch };
}

function refusal(outcome: StartAnswer["outcome"], of: Problem, view: WindowView | null): StartAnswer {
  const result = { kind: "problem", problem: ownProblem(of) } as const;
  return { outcome, result, view, replayed: false, mismatch: false };
}

function tooManyRequests(retryAfterSeconds: number): Problem {
  return problem("too_many_requests", "Rate limit exceeded. Too many requests.", { retryAfterSeconds });
}

const STILL_IN_FLIGHT = problem(
  "service_unavaiable",
  "The first request with this idempotency_id is still in flight.",
  { retryAfterSeconds: 1 },
);

const NO_CLAIM_POSSIBLE = problem(
  "service_unavaiable",
  "The idempotency_id cannot be claimed at this moment.",
  { retryAfterSeconds: 1 },
);
