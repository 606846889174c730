// One attempt at a run's receiver: ask its host's breaker if the host has given trouble, sign, send, and tell the
// breaker what came of it. A healthy delivery asks no breaker.

import { log } from "../platform/observability/log.ts";
import { buildDestinationRules } from "../platform/outbound/destination.ts";
import type { Sender } from "../platform/outbound/guard.ts";
import type { Settings } from "../platform/settings.ts";
import { type Timer, withTimeout } from "../platform/timeout.ts";
import type { AttemptOutcome } from "../runs/attempt.ts";
import type { CallbackBody } from "./callback-body.ts";
import { attemptDelivery } from "./deliver.ts";
import { parseHost } from "./destination.ts";
import { type BreakerNamespace, breakerOf, type HostPermission } from "./destination-breaker.ts";
import { HostHealth, isHostTrouble, isOwnFailure, isUnreachable } from "./host-health.ts";
import { signCallback } from "./signature.ts";
import { buildWebhookId } from "./webhook-v1.ts";

export type DeliveryDeps = {
  settings: Settings;
  breakers: BreakerNamespace;
  network: Sender;
  /** Of the run. */
  timer: Timer;
};

export type CallbackRequest = {
  userKey: string;
  /** Whose run it is, as the receiver knows them. */
  user: { issuer: string; subject: string };
  callbackUrl: string;
  publicUrl: string;
  runId: string;
  traceId: string;
  body: CallbackBody;
  /** From 1, over the whole life of the delivery. */
  attemptNumber: number;
};

/** `reported`: the host's breaker knows the outcome, if it needs it; never rejects. */
export type DeliveryResult =
  | {
      kind: "attempted";
      outcome: AttemptOutcome;
      durationMs: number;
      begunAtMs: number;
      reported: Promise<void>;
    }
  | { kind: "deferred"; forMs: number };

/** Of a breaker: it must not cost an attempt its turn. */
const ANSWERS_WITHIN_MS = 2_000;

const health = new HostHealth();

export async function deliverRun(deps: DeliveryDeps, request: CallbackRequest): Promise<DeliveryResult> {
  const host = parseHost(request.callbackUrl) ?? "";
  const consulted = health.shouldConsult(host, request.attemptNumber - 1, Date.now());
  if (consulted) {
    const untilMs = await askBreaker(deps, host, request.userKey, "acquire");
    if (untilMs !== null) return { kind: "deferred", forMs: Math.max(0, untilMs - Date.now()) };
  }
  const begunAtMs = Date.now();
  const { outcome, durationMs } = await send(deps, request);
  const trouble = isHostTrouble(outcome);
  if (trouble) health.noteFailure(host, Date.now());
  const speaks = trouble || (consulted && !isOwnFailure(outcome));
  const reported = speaks ? reportToBreaker(deps, host, request.userKey, outcome) : Promise.resolve();
  return { kind: "attempted", outcome, durationMs, begunAtMs, reported };
}

async function send(
  { settings, network, timer }: DeliveryDeps,
  request: CallbackRequest,
): Promise<{ outcome: AttemptOutcome; durationMs: number }> {
  const { callbackUrl, publicUrl, userKey, runId, traceId, body, attemptNumber } = request;
  const signed = {
    body,
    webhookId: buildWebhookId(runId),
    runId,
    userKey,
    issuer: publicUrl,
    audience: URL.parse(callbackUrl)?.origin ?? callbackUrl,
    user: request.user,
    nowMs: Date.now(),
  };
  const { outcome, durationMs, error } = await attemptDelivery({
    callbackUrl,
    body,
    headers: await signCallback(signed, settings.signingKeys),
    // Where the run was started, and where the gateway is now: it may have moved in between.
    rules: buildDestinationRules(settings, [publicUrl]),
    timeoutMs: settings.callbackTimeoutMs,
    sender: network,
    timer,
  });
  log({
    event: "callback.attempted",
    run_id: runId,
    trace_id: traceId,
    number: attemptNumber,
    outcome: outcome.kind,
    status: outcome.status,
    duration_ms: durationMs,
    error,
  });
  return { outcome, durationMs };
}

/** How long the breaker of a callback's host stays open, for all that is known; it may open again before the attempt. */
export async function openForMs(
  deps: DeliveryDeps,
  callbackUrl: string,
  userKey: string,
): Promise<number | null> {
  const untilMs = await askBreaker(deps, parseHost(callbackUrl) ?? "", userKey, "peek");
  return untilMs && Math.max(0, untilMs - Date.now());
}

// A breaker that fails or hangs must not stop what it is there to protect.
async function askBreaker(
  { breakers, timer }: DeliveryDeps,
  host: string,
  userKey: string,
  how: "acquire" | "peek",
): Promise<number | null> {
  const knownUntilMs = health.openUntilMs(host, Date.now());
  if (knownUntilMs !== null) return knownUntilMs;
  try {
    const asked: Promise<HostPermission> = breakerOf(breakers, host)[how](userKey);
    const permission = await withTimeout(ANSWERS_WITHIN_MS, asked, timer);
    if (permission.kind === "go") return null;
    health.noteFailure(host, Date.now(), permission);
    return permission.untilMs;
  } catch (error) {
    log({ event: "breaker.unavailable", error });
    return null;
  }
}

async function reportToBreaker(
  { breakers, timer }: DeliveryDeps,
  host: string,
  userKey: string,
  outcome: AttemptOutcome,
): Promise<void> {
  try {
    const breaker = breakerOf(breakers, host);
    const reported = breaker.report(userKey, !isHostTrouble(outcome), !isUnreachable(outcome), host);
    await withTimeout(ANSWERS_WITHIN_MS, reported, timer);
  } catch (error) {
    log({ event: "breaker.unavailable", error });
  }
}
