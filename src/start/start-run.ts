// Starting a run: admit, forward, settle. This is the whole path, in order; each await is a place to die, and after
// each of them a retry with the same idempotency id ends with one run: the row is durable before the upstream hears of
// it, and every try carries the same id to an upstream that starts one run an id.
import type { Caller } from "../auth/caller.ts";
import type { Acceptance, Admission, HeldClaim, Settlement } from "../gate/admission.ts";
import type { GateClient } from "../gate/client.ts";
import { runMessage, sendMessage } from "../gate/run-message.ts";
import { log } from "../platform/observability/log.ts";
import type { Stopwatch } from "../platform/observability/stopwatch.ts";
import type { Timer } from "../platform/timeout.ts";
import type { WindowRule } from "../rate-limit/window.ts";
import type { Answer, ClaimRequest, Settled } from "../runs/claim.ts";
import { buildStartPath, type RunTarget } from "../runs/run-target.ts";
import type { Services } from "../services/services.ts";
import { type StartOutcome, startAtUpstream } from "../upstream/client.ts";
import { startHeaders } from "../upstream/headers.ts";
import { getAnswer, putAnswer } from "./answer-cache.ts";
import { type ParsedRequest, type ScannedBody, scannedId } from "./run-request.ts";
import {
  type Admitted,
  accepted,
  blocked,
  NOTHING_CAN_BE_PROMISED,
  OTHER_ACTION,
  refusal,
  replay,
  STILL_IN_FLIGHT,
  type StartAnswer,
  tooManyRequests,
  upstreamRefusal,
} from "./start-answer.ts";
import { bodyForUpstream, fingerprintWithId, planStart, type StartPlan } from "./start-plan.ts";

/** `queue`: of the caller's gate. */
export type StartDeps = Pick<Services, "kv" | "queue" | "upstream" | "settings"> & {
  caller: Caller;
  gate: GateClient;
  publicUrl: string;
  /** Headers towards the upstream: identity, request id, trace. */
  upstreamHeaders: () => Promise<Record<string, string>>;
  waitUntil: (promise: Promise<unknown>) => void;
  stopwatch: Stopwatch;
  timer: Timer;
};

type Accepted = Extract<StartOutcome, { kind: "accepted" }>;

/** Characters; a queue message holds 128 KB in all, and a character up to three bytes. */
const MAX_MESSAGE_BODY = 32_000;
/** Characters; a parse of more costs more than a call of the gate. */
const LARGE_BODY = 256 * 1024;
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
  // Also asked where there is nothing to count and nothing to keep: the user may be blocked.
  const admission = await deps.stopwatch.time("gate", deps.gate.admit({ window, claim, promise }));
  switch (admission.kind) {
    case "unavailable":
      // What its own user can cause must not lift the user's limit; one in the shadow must not refuse.
      return isPlain && (!admission.isOverloaded || window === null || window.isShadow)
        ? failedOpen(await forward(deps, target, parsed, plan, NO_GATE))
        : withoutGate(deps, claim);
    case "replay":
      return replay(admission.answer, admission);
    case "limited":
      return unlessKnown(
        deps,
        claim,
        admission,
        refusal("limited", tooManyRequests(admission.retryAfterSeconds), admission.view),
      );
    case "blocked":
      return unlessKnown(deps, claim, admission, refusal("blocked", blocked(admission.untilMs), null));
    case "busy":
      return refusal("busy", STILL_IN_FLIGHT, admission.view);
    case "conflict":
      return unlessKnown(deps, claim, admission, refusal("conflict", OTHER_ACTION, admission.view));
    case "full":
      return unlessKnown(deps, claim, admission, refusal("full", NOTHING_CAN_BE_PROMISED, admission.view));
    case "admitted": {
      const known =
        admission.askCache && claim !== null
          ? await getAnswer(deps.kv, deps.gate.id, claim.runKey, deps.timer)
          : null;
      return claim !== null && known !== null
        ? replayLearnt(deps, claim, known, admission)
        : forward(deps, target, parsed, plan, admission);
    }
  }
}

/** What a large body is answered whatever else it says: it is not parsed then. Null: it has to be judged. */
export async function answerUnparsed(
  gate: GateClient,
  target: RunTarget,
  body: ScannedBody,
  window: WindowRule | null,
): Promise<StartAnswer | null> {
  if (body.kind !== "text" || body.text.length <= LARGE_BODY) return null;
  const { text, envelope } = body;
  const id = scannedId(text, envelope);
  const foreseen = await gate.foresee(window, id);
  if (foreseen?.kind === "limited")
    return refusal("limited", tooManyRequests(foreseen.retryAfterSeconds), foreseen.view);
  if (foreseen?.kind === "blocked") return refusal("blocked", blocked(foreseen.untilMs), null);
  if (foreseen === null || id === null) return null;
  const { settled, view } = foreseen;
  const path = buildStartPath(target);
  // Any other is malformed, so it is not what was accepted.
  const isSame =
    envelope.kind === "envelope" &&
    settled.fingerprint === (await fingerprintWithId(path, { text, envelope }, id));
  return replay(settled.answer, { view, mismatch: !isSame });
}

// KV answers when the gate cannot.
async function withoutGate({ kv, gate, timer }: StartDeps, claim: ClaimRequest | null): Promise<StartAnswer> {
  const known = claim && (await getAnswer(kv, gate.id, claim.runKey, timer));
  if (claim === null || known === null) return refusal("failed_closed", NOTHING_CAN_BE_PROMISED, null);
  return replay(known.answer, { view: null, mismatch: known.fingerprint !== claim.fingerprint });
}

// A replay is given before any of these refusals (contract, Order of the checks). A conflict was counted, and stays it.
async function unlessKnown(
  { kv, gate, waitUntil, timer }: StartDeps,
  claim: ClaimRequest | null,
  { askCache, view }: Extract<Admission, { kind: "limited" | "blocked" | "conflict" | "full" }>,
  refused: StartAnswer,
): Promise<StartAnswer> {
  const known = askCache && claim !== null ? await getAnswer(kv, gate.id, claim.runKey, timer) : null;
  if (claim === null || known === null) return refused;
  waitUntil(gate.learn(held(claim), known, null));
  return replay(known.answer, { view, mismatch: known.fingerprint !== claim.fingerprint });
}

// The gate did not know this id, so it counted and claimed: that is taken back once the answer is out.
function replayLearnt(
  { gate, waitUntil }: StartDeps,
  claim: ClaimRequest,
  known: Settled,
  { view }: Extract<Admission, { kind: "admitted" }>,
): StartAnswer {
  waitUntil(gate.learn(held(claim), known, view?.resetAtMs ?? null));
  const uncounted = view && { ...view, remaining: view.remaining + 1 };
  return replay(known.answer, { view: uncounted, mismatch: known.fingerprint !== claim.fingerprint });
}

function held({ runKey, attempt }: ClaimRequest): HeldClaim {
  return { runKey, attempt };
}

function failedOpen(answer: StartAnswer): StartAnswer {
  return answer.outcome === "accepted" ? { ...answer, outcome: "failed_open" } : answer;
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
  const headers = { ...(await deps.upstreamHeaders()), ...startHeaders(plan.claim?.runKey ?? null) };
  const started = startAtUpstream(
    upstream,
    { path: buildStartPath(target), headers, body },
    settings.upstreamTimeoutMs,
    deps.timer,
  );
  const outcome = await stopwatch.time("upstream", started);
  const isPlain = plan.claim === null && plan.promise === null;
  const settled = isPlain ? null : await settle(deps, plan, outcome);
  if (settled === "unrecorded") return refusal("failed_closed", NOTHING_CAN_BE_PROMISED, admitted.view);
  if (settled !== null) return accepted(settled.answer, admitted);
  return outcome.kind === "accepted"
    ? accepted(firstAnswer(outcome), admitted)
    : upstreamRefusal(outcome.problem, admitted.view);
}

/** What the id's callers are answered; null: there is no id, or no answer. `unrecorded`: the gate may not know it. */
async function settle(
  deps: StartDeps,
  plan: StartPlan,
  outcome: StartOutcome,
): Promise<Settled | "unrecorded" | null> {
  const { gate, kv, stopwatch, waitUntil, timer } = deps;
  const { claim } = plan;
  const settlement = buildSettlement(plan, outcome);
  const answer = await stopwatch.time("gate", gate.settle(settlement));
  if (answer.kind === "unavailable") return withoutSettlement(deps, plan, settlement);
  const { settled } = answer;
  if (claim !== null && settled !== null) waitUntil(putAnswer(kv, gate.id, claim.runKey, settled, timer));
  return settled;
}

function buildSettlement({ claim, promise, runKey, attempt }: StartPlan, outcome: StartOutcome): Settlement {
  return {
    runKey,
    attempt,
    claim: claim && { fingerprint: claim.fingerprint },
    terms: promise?.terms ?? null,
    outcome:
      outcome.kind === "accepted"
        ? { kind: outcome.kind, answer: firstAnswer(outcome), runId: outcome.runId }
        : { kind: outcome.kind },
  };
}

// The gate admitted the run and is gone: KV has the answer, and a message brings the gate the upstream's yes.
async function withoutSettlement(
  deps: StartDeps,
  { claim, promise }: StartPlan,
  { outcome, ...rest }: Settlement,
): Promise<Settled | "unrecorded" | null> {
  if (outcome.kind !== "accepted") return null;
  const isSent = await sendAcceptance(deps, { ...rest, outcome });
  if (promise !== null && !isSent) return "unrecorded";
  return claim && cacheAnswerOnly(deps, claim, outcome.answer);
}

function cacheAnswerOnly(
  { gate, kv, waitUntil, timer }: StartDeps,
  { runKey, fingerprint }: ClaimRequest,
  answer: Answer,
): Settled {
  const settled = { answer, fingerprint, settledAtMs: Date.now() };
  waitUntil(putAnswer(kv, gate.id, runKey, settled, timer));
  return settled;
}

async function sendAcceptance({ gate, queue }: StartDeps, acceptance: Acceptance): Promise<boolean> {
  // Of an answer too long for a message only the run goes along: KV has the answer.
  const claim = acceptance.outcome.answer.body.length > MAX_MESSAGE_BODY ? null : acceptance.claim;
  const carried = {
    ...acceptance,
    claim,
    outcome: claim === null ? shortened(acceptance.outcome) : acceptance.outcome,
  };
  try {
    await sendMessage(queue, runMessage(gate.id, acceptance.runKey, { notified: true, acceptance: carried }));
    return true;
  } catch (error) {
    log({ event: "queue.unavailable", gate: gate.id, error });
    return false;
  }
}

function shortened(outcome: Acceptance["outcome"]): Acceptance["outcome"] {
  return { ...outcome, answer: { ...outcome.answer, body: "" } };
}

/** contract: an accepted start is a 202 with the upstream's own body. */
function firstAnswer({ body }: Accepted): Settled["answer"] {
  return { status: 202, body };
}
