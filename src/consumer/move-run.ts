// One run in a consumer's hands, doing whatever it needs in one go: read its end, deliver it, say what came of it. It may
// be killed after any line. Nothing is lost then, because the gate still has the run as it was; an attempt may be made
// again, which a receiver tells by the webhook-id. It knows how long things took, and leaves the clock to the gate.

import type { CallbackBody } from "../callbacks/callback-body.ts";
import { findCallbackSecrets } from "../callbacks/callback-secret.ts";
import { deliverRun, openForMs } from "../callbacks/deliver-run.ts";
import { parseHost } from "../callbacks/destination.ts";
import { findPause, type HostPause } from "../callbacks/host-pauses.ts";
import { buildWebhookId, startV1 } from "../callbacks/webhook-v1.ts";
import type { LeasedRun } from "../gate/admission.ts";
import type { Reservation } from "../platform/memory-budget.ts";
import { beginTrace, type Trace } from "../platform/observability/trace.ts";
import type { Timer } from "../platform/timeout.ts";
import type { AttemptOutcome } from "../runs/attempt.ts";
import type { Deferral } from "../runs/delivery.ts";
import type { Observation, RunResult } from "../runs/run.ts";
import type { Services } from "../services/services.ts";
import type { InvocationBudget } from "./invocation-budget.ts";
import { dropBody, keepBody, keptBody } from "./kept-body.ts";
import { readLargeResult } from "./large-result.ts";
import { askForRun, type RunReader, readEnd, type Unread } from "./read-end.ts";

export type MoveDeps = Pick<Services, "settings" | "breakers" | "network" | "kv" | "upstream" | "memory"> & {
  /** The hosts that operators have paused. Never throws. */
  pauses: () => Promise<readonly HostPause[]>;
  budget: InvocationBudget;
  /** Nothing else is in this consumer's hands, and its handler waits: it may read a result that is too large to be held. */
  isAlone: boolean;
};

/** `timer`: of this run. */
export type RunDeps = MoveDeps & { timer: Timer };

/** `large`: it is for a consumer that is alone. */
export type Moved = Observation | { kind: "large" };

/** Until there may be room for a result, or a connection to its receiver, again. */
const CROWDED_MS = 5_000;

/** `pausedMs`: how long operators have paused the receiver's host still; null: they have not. It never rejects. */
type Reading = { reservation: Reservation; trace: Trace; pausedMs: Promise<number | null> };

/** A result that can be sent. `isKept`: KV has it. */
type Found = { kind: "ended"; result: RunResult; body: CallbackBody; isKept: boolean };

/** What came of a delivery, and what goes on beside the report. */
type Delivered = {
  kind: "delivered";
  attempt: { outcome: AttemptOutcome; durationMs: number; begunAtMs: number } | null;
  deferral: Deferral | null;
  bodyKept: Promise<boolean>;
  hostReported: Promise<void>;
};

const NOTHING: Delivered = {
  kind: "delivered",
  attempt: null,
  deferral: null,
  bodyKept: Promise.resolve(false),
  hostReported: Promise.resolve(),
};

/** What there is to report of the run. */
export async function moveRun(deps: RunDeps, leased: LeasedRun): Promise<Moved> {
  const reservation = deps.memory.enter(leased.terms.userKey, Date.now());
  try {
    // Beside the read of the run, so that a delivery at once waits for no list.
    const pausedMs = pausedForMs(deps, leased.terms.callbackUrl);
    return await observe(deps, leased, { reservation, trace: beginTrace(), pausedMs });
  } finally {
    reservation.leave();
  }
}

// The body of a run whose end is known is fetched only when its receiver is to be sent it.
async function observe(deps: RunDeps, leased: LeasedRun, reading: Reading): Promise<Moved> {
  const { task, runId } = leased;
  if (task.kind === "deliver")
    return deliver(deps, leased, task.result, () => readAgain(deps, leased, task.bodyKept, reading), reading);
  const end = await read(deps, leased, reading);
  if (end.kind === "waiting") return { ...end, runId };
  if (end.kind !== "ended") return end;
  return deliver(deps, leased, end.result, async () => end, reading);
}

async function read(deps: RunDeps, leased: LeasedRun, reading: Reading): Promise<Unread | Found> {
  const { budget, isAlone } = deps;
  const { terms, runId } = leased;
  const end = await budget.read(terms.userKey, (untilMs) =>
    readEnd(buildReader(deps, reading, untilMs), terms, runId, reading.reservation),
  );
  if (end === null) return { kind: "crowded" };
  if (end.kind === "large" && isAlone) return readLarge(deps, leased, false, reading);
  return end.kind === "ended" ? { ...end, isKept: false } : end;
}

async function readAgain(
  deps: RunDeps,
  leased: LeasedRun,
  isKept: boolean,
  reading: Reading,
): Promise<Unread | Found> {
  const { terms, runId, task } = leased;
  const kept = isKept ? await keptBody(deps.kv, terms.userKey, runId, reading.reservation) : null;
  if (kept === null || task.kind !== "deliver") return read(deps, leased, reading);
  if (kept === "crowded") return { kind: "crowded" };
  if (kept === "large") return deps.isAlone ? readLarge(deps, leased, true, reading) : { kind: "large" };
  return { kind: "ended", result: task.result, body: kept, isKept: true };
}

async function readLarge(
  deps: RunDeps,
  { terms, runId }: LeasedRun,
  isKept: boolean,
  reading: Reading,
): Promise<Unread | Found> {
  const { kv, settings, budget } = deps;
  const { userKey, callbackUrl } = terms;
  const secrets = callbackUrl === null ? null : await findCallbackSecrets(settings.signingKeys, userKey);
  const sign =
    secrets &&
    (() => startV1(secrets, { webhookId: buildWebhookId(runId), timestamp: Math.floor(Date.now() / 1000) }));
  const large = await budget.read(userKey, (untilMs) => {
    const ask = () => askForRun(buildReader(deps, reading, untilMs), terms, runId, 1);
    const source = { kv, userKey, runId, isKept, sign, ask, untilMs };
    return readLargeResult({ ...source, blockTimeoutMs: settings.upstreamTimeoutMs });
  });
  return large ?? { kind: "crowded" };
}

function buildReader({ upstream, settings, timer }: RunDeps, { trace }: Reading, untilMs: number): RunReader {
  return { upstream, settings, trace, untilMs, timer };
}

async function deliver(
  deps: RunDeps,
  leased: LeasedRun,
  result: RunResult,
  body: () => Promise<Unread | Found>,
  reading: Reading,
): Promise<Moved> {
  const readAtMs = Date.now();
  const delivered = await attemptDelivery(deps, leased, body, reading);
  if (delivered.kind === "large") return delivered;
  const { attempt, deferral, hostReported } = delivered;
  const [bodyKept] = await Promise.all([delivered.bodyKept, hostReported]);
  return {
    kind: "ended",
    runId: leased.runId,
    result,
    readAgoMs: agoMs(readAtMs),
    bodyKept,
    attempt: attempt && {
      outcome: attempt.outcome,
      durationMs: attempt.durationMs,
      agoMs: agoMs(attempt.begunAtMs),
    },
    deferral,
  };
}

async function attemptDelivery(
  deps: RunDeps,
  { terms, runId, attemptNumber, task }: LeasedRun,
  body: () => Promise<Unread | Found>,
  reading: Reading,
): Promise<Delivered | { kind: "large" }> {
  const { callbackUrl, userKey, publicUrl } = terms;
  if (callbackUrl === null) return NOTHING;
  const { traceId } = reading.trace;
  // A breaker that was open at the last attempt is most likely open still: it is asked before the body is fetched.
  const wasDeferred = task.kind === "deliver" && task.wasDeferred;
  const [pausedMs, openMs] = await Promise.all([
    reading.pausedMs,
    wasDeferred ? openForMs(deps, callbackUrl, userKey) : null,
  ]);
  // A result that was read before is not read again for nothing. One that was read just now has to be kept.
  if (pausedMs !== null && task.kind === "deliver") return deferred("paused", pausedMs);
  if (openMs !== null) return deferred("breaker_open", openMs);
  const found = await body();
  if (found.kind === "large") return found;
  // Neither the receiver nor the upstream is to blame: it costs no attempt.
  if (found.kind === "crowded") return deferred("no_capacity", CROWDED_MS);
  if (found.kind !== "ended") return unreadable();
  // Later attempts, and redeliveries, must not depend on the upstream.
  const keep = () => keepFound(deps, userKey, runId, found);
  if (pausedMs !== null) return { ...deferred("paused", pausedMs), bodyKept: keep() };
  const { issuer, subject } = terms;
  const user = { issuer, subject };
  const request = { userKey, user, callbackUrl, publicUrl, runId, traceId, body: found.body, attemptNumber };
  const delivered = await deps.budget.attempt(userKey, () => deliverRun(deps, request));
  if (delivered === null) return { ...deferred("no_capacity", CROWDED_MS), bodyKept: keep() };
  if (delivered.kind === "deferred")
    return { ...deferred("breaker_open", delivered.forMs), bodyKept: keep() };
  const { outcome, durationMs, begunAtMs, reported: hostReported } = delivered;
  const bodyKept = outcome.kind === "failed" ? keep() : forget(deps, userKey, runId, found);
  return { ...NOTHING, attempt: { outcome, durationMs, begunAtMs }, bodyKept, hostReported };
}

async function keepFound(
  { kv }: MoveDeps,
  userKey: string,
  runId: string,
  { body, isKept }: Found,
): Promise<boolean> {
  return isKept || (body instanceof Uint8Array && (await keepBody(kv, userKey, runId, body)));
}

// The copy of a large result was made before it was known whether it would be needed.
async function forget(
  { kv }: MoveDeps,
  userKey: string,
  runId: string,
  { body, isKept }: Found,
): Promise<boolean> {
  if (isKept && !(body instanceof Uint8Array)) await dropBody(kv, userKey, runId);
  return false;
}

async function pausedForMs({ pauses }: RunDeps, callbackUrl: string | null): Promise<number | null> {
  if (callbackUrl === null) return null;
  const list = await pauses();
  const nowMs = Date.now();
  const pause = findPause(list, parseHost(callbackUrl) ?? "", nowMs);
  return pause && pause.untilMs - nowMs;
}

function agoMs(atMs: number): number {
  return Math.max(0, Date.now() - atMs);
}

function deferred(why: Deferral["why"], forMs: number): Delivered {
  return { ...NOTHING, deferral: { forMs, why } };
}

function unreadable(): Delivered {
  const outcome = {
    kind: "failed",
    status: null,
    failure: "result could not be read",
    retryAfterSeconds: null,
  } as const;
  return { ...NOTHING, attempt: { outcome, begunAtMs: Date.now(), durationMs: 0 } };
}
