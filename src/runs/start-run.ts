// Starting a run: admit, forward, settle. This is the whole path, in order; each await is a place to die, and after
// each of them a retry with the same idempotency id ends with one run: the row is durable before the upstream hears of
// it, and every try carries the same id to an upstream that starts one run an id.
import type { Caller } from "../auth/caller.ts";
import type { Admission } from "../gate/admission.ts";
import type { ClaimRequest, Settled } from "../gate/claim.ts";
import type { GateClient, Unavailable } from "../gate/client.ts";
import type { WindowRule } from "../gate/window.ts";
import { recall, remember } from "../idempotency/memory.ts";
import { log } from "../observability/log.ts";
import type { Stopwatch } from "../observability/stopwatch.ts";
import { type Pointer, sendPointer } from "../progress/pointer.ts";
import type { Settings } from "../settings.ts";
import { type StartOutcome, startAtUpstream, type Upstream } from "../upstream/client.ts";
import { startHeaders } from "../upstream/headers.ts";
import type { ParsedRequest } from "./run-request.ts";
import { pathOf, type RunTarget } from "./run-target.ts";
import {
  type Admitted,
  accepted,
  NOTHING_CAN_BE_PROMISED,
  refusal,
  replay,
  STILL_IN_FLIGHT,
  type StartAnswer,
  tooManyRequests,
  upstreamRefusal,
} from "./start-answer.ts";
import { bodyForUpstream, planStart, type StartPlan } from "./start-plan.ts";

export type StartDeps = {
  caller: Caller;
  gate: GateClient;
  kv: KVNamespace;
  queue: Queue;
  upstream: Upstream;
  settings: Settings;
  publicUrl: string;
  /** Headers towards the upstream: identity, request id, trace. */
  upstreamHeaders: () => Promise<Record<string, string>>;
  waitUntil: (promise: Promise<unknown>) => void;
  stopwatch: Stopwatch;
};

type Accepted = Extract<StartOutcome, { kind: "accepted" }>;

const NO_GATE: Admitted = { view: null, mismatch: false };

export async function startRun(
  deps: StartDeps,
  target: RunTarget,
  parsed: ParsedRequest,
  window: WindowRule | null,
): Promise<StartAnswer> {
  const plan = await planStart(deps, target, parsed);
  const { claim, promise } = plan;
  const isPlain = claim === null && promise === null;
  // Nothing to count and nothing to remember: no agreement with anybody is needed.
  if (isPlain && window === null) return forward(deps, target, parsed, plan, NO_GATE);
  const recalling = claim === null ? null : recall(deps.kv, deps.gate.id, claim.id);
  const admission = await deps.stopwatch.time("gate", deps.gate.admit({ window, claim, promise }));
  if (admission.kind === "replay") return replay(admission.answer, admission);
  const known = await recalling;
  if (claim !== null && known !== null) return replayFromMemory(deps, claim, known, admission);
  switch (admission.kind) {
    case "unavailable":
      return isPlain
        ? gateOpen(await forward(deps, target, parsed, plan, NO_GATE))
        : refusal("gate_closed", NOTHING_CAN_BE_PROMISED, null);
    case "limited":
      return refusal("limited", tooManyRequests(admission.retryAfterSeconds), admission.view);
    case "busy":
      return refusal("busy", STILL_IN_FLIGHT, admission.view);
    case "admitted":
      return forward(deps, target, parsed, plan, admission);
  }
}

// The gate had forgotten this id, so it counted and claimed: that is taken back once the answer is out.
function replayFromMemory(
  { gate, waitUntil }: StartDeps,
  { id, attempt, fingerprint, make }: ClaimRequest,
  known: Settled,
  admission: Exclude<Admission, { kind: "replay" }> | Unavailable,
): StartAnswer {
  const view = admission.kind === "unavailable" ? null : admission.view;
  const mismatch = known.fingerprint !== fingerprint;
  if (admission.kind !== "admitted") return replay(known.answer, { view, mismatch });
  waitUntil(gate.withdraw(id, make ? attempt : null, view?.resetAtMs ?? null, admission.began));
  const uncounted = view && { ...view, remaining: view.remaining + 1 };
  return replay(known.answer, { view: uncounted, mismatch });
}

function gateOpen(answer: StartAnswer): StartAnswer {
  return answer.outcome === "accepted" ? { ...answer, outcome: "gate_open" } : answer;
}

async function forward(
  deps: StartDeps,
  target: RunTarget,
  parsed: ParsedRequest,
  plan: StartPlan,
  admitted: Admitted,
): Promise<StartAnswer> {
  if (parsed.kind === "malformed") return refusal("malformed", parsed.problem, admitted.view);
  const { settings, publicUrl, gate, upstream, stopwatch } = deps;
  const body = await bodyForUpstream(parsed.request, plan, {
    publicUrl,
    gate: gate.id,
    signingKeys: settings.signingKeys,
  });
  const headers = { ...(await deps.upstreamHeaders()), ...startHeaders(plan.claim?.id ?? null) };
  const started = startAtUpstream(
    upstream,
    { path: pathOf(target), headers, body },
    settings.upstreamTimeoutMs,
  );
  const outcome = await stopwatch.time("upstream", started);
  const isPlain = plan.claim === null && plan.promise === null;
  const settled = isPlain ? null : await settle(deps, plan, outcome);
  if (settled === "lost") return refusal("gate_closed", NOTHING_CAN_BE_PROMISED, admitted.view);
  if (settled !== null) return accepted(settled.answer, admitted);
  return outcome.kind === "accepted"
    ? accepted(firstAnswer(outcome), admitted)
    : upstreamRefusal(outcome.problem, admitted.view);
}

/** What the id's callers are to be told, null when there is no id or no answer; `lost`: a promise could not be kept track of. */
async function settle(
  deps: StartDeps,
  plan: StartPlan,
  outcome: StartOutcome,
): Promise<Settled | "lost" | null> {
  const { gate, kv, stopwatch, waitUntil } = deps;
  const { claim } = plan;
  const tried =
    outcome.kind === "accepted"
      ? { kind: outcome.kind, answer: firstAnswer(outcome), runId: outcome.runId }
      : { kind: outcome.kind };
  const settling = gate.settle(plan.runKey, plan.attempt, tried, plan.rules);
  const settlement = await stopwatch.time("gate", settling);
  if (settlement.kind === "unavailable") return withoutSettlement(deps, plan, outcome);
  const { settled } = settlement;
  if (claim !== null && settled === null && outcome.kind === "accepted")
    return withoutClaim(deps, plan, claim, outcome);
  if (claim !== null && settled !== null) waitUntil(remember(kv, gate.id, claim.id, settled));
  return settled;
}

// The gate took the run and is gone: KV remembers the answer, and a pointer brings the gate the upstream's yes.
async function withoutSettlement(
  deps: StartDeps,
  plan: StartPlan,
  outcome: StartOutcome,
): Promise<Settled | "lost" | null> {
  if (outcome.kind !== "accepted") return null;
  if (plan.promise !== null && !(await pointTo(deps, plan.runKey, outcome.runId))) return "lost";
  return plan.claim && inMemoryOnly(deps, plan.claim, outcome);
}

// The gate is there and has let go of the id meanwhile: what was promised may have gone with it, and a retry with the
// id finds the same run. An answer that promises nothing is KV's to remember.
function withoutClaim(
  deps: StartDeps,
  { promise }: StartPlan,
  claim: ClaimRequest,
  outcome: Accepted,
): Settled | "lost" {
  return promise === null ? inMemoryOnly(deps, claim, outcome) : "lost";
}

function inMemoryOnly(
  { gate, kv, waitUntil }: StartDeps,
  { id, fingerprint }: ClaimRequest,
  outcome: Accepted,
): Settled {
  const settled = { answer: firstAnswer(outcome), fingerprint, settledAtMs: Date.now() };
  waitUntil(remember(kv, gate.id, id, settled));
  return settled;
}

async function pointTo({ gate, queue }: StartDeps, key: string, runId: string): Promise<boolean> {
  const pointer: Pointer = { v: 1, gate: gate.id, key, pushed: true, runId, accepted: true };
  try {
    await sendPointer(queue, pointer);
    return true;
  } catch (error) {
    log({ event: "queue.unavailable", gate: gate.id, error });
    return false;
  }
}

/** contract: an accepted start is a 202 with the upstream's own body. */
function firstAnswer({ body }: Accepted): Settled["answer"] {
  return { status: 202, body };
}
