// One attempt at a run's receiver: ask its host's breaker if the host has given trouble, sign, send, and tell the
// breaker what came of it. A healthy delivery asks nobody.
import { type Attempt } from "../callbacks/attempt.ts";
import { attemptDelivery } from "../callbacks/deliver.ts";
import { hostOf } from "../callbacks/destination.ts";
import { type BreakerNamespace, breakerOf, type HostPermission } from "../callbacks/destination-breaker.ts";
import { HostHealth, isHostTrouble } from "../callbacks/host-health.ts";
import { signCallback } from "../callbacks/signature.ts";
import { within } from "../deadline.ts";
import type { RunRules } from "../gate/run.ts";
import { log } from "../observability/log.ts";
import type { Sender } from "../outbound/guard.ts";
import type { Settings } from "../settings.ts";

export type DeliveryDeps = {
  settings: Settings;
  rules: RunRules;
  breakers: BreakerNamespace;
  network: Sender;
};

export type Parcel = {
  userKey: string;
  callbackUrl: string;
  publicUrl: string;
  runId: string;
  traceId: string;
  body: Uint8Array;
  made: number;
};

/** `told`: its host's breaker has been told, if it is to be. Never rejects. */
export type Delivered =
  | { kind: "attempted"; attempt: Attempt; told: Promise<void> }
  | { kind: "resting"; untilMs: number };

/** Of a breaker: it must not cost an attempt its turn. */
const ANSWERS_WITHIN_MS = 2_000;

const health = new HostHealth();

export async function deliverRun(deps: DeliveryDeps, parcel: Parcel): Promise<Delivered> {
  const host = hostOf(parcel.callbackUrl) ?? "";
  const consulted = health.shouldConsult(host, parcel.made, Date.now());
  if (consulted) {
    const untilMs = await askBreaker(deps, host, parcel.userKey, "mayTry");
    if (untilMs !== null) return { kind: "resting", untilMs };
  }
  const attempt = await send(deps, parcel);
  const trouble = isHostTrouble(attempt.outcome);
  if (trouble) health.noteFailure(host, Date.now());
  const told = trouble || consulted ? tellBreaker(deps, host, parcel.userKey, !trouble) : Promise.resolve();
  return { kind: "attempted", attempt, told };
}

async function send({ settings, network }: DeliveryDeps, parcel: Parcel): Promise<Attempt> {
  const { callbackUrl, publicUrl, runId, traceId, body, made } = parcel;
  const atMs = Date.now();
  const signed = { body, webhookId: webhookIdOf(runId), runId, issuer: publicUrl, nowMs: atMs };
  const { outcome, durationMs, error } = await attemptDelivery({
    callbackUrl,
    body,
    headers: await signCallback(signed, settings.signingKeys),
    rules: { allowPrivate: settings.allowPrivateCallbacks, ownHosts: ownHostsOf(settings, publicUrl) },
    timeoutMs: settings.callbackTimeoutMs,
    sender: network,
  });
  const number = made + 1;
  log({
    event: "callback.attempted",
    run_id: runId,
    trace_id: traceId,
    number,
    outcome: outcome.kind,
    status: outcome.status,
    duration_ms: durationMs,
    error,
  });
  return { number, atMs, durationMs, outcome };
}

/** Where the run was started, and where the gateway is now: it may have moved in between. */
function ownHostsOf({ publicUrl }: Settings, startedAt: string): string[] {
  return [startedAt, ...(publicUrl === null ? [] : [publicUrl])].map((url) => new URL(url).host);
}

/** The same for every attempt of a run: the receiver's key against duplicates. */
function webhookIdOf(runId: string): string {
  return `run_${runId.replace(/[^\w-]/g, "_")}`;
}

/** Until when a callback's host is left alone, for all that is known: it may rest when its attempt's turn comes, too. */
export function restUntilMs(
  deps: DeliveryDeps,
  callbackUrl: string,
  userKey: string,
): Promise<number | null> {
  return askBreaker(deps, hostOf(callbackUrl) ?? "", userKey, "wouldTry");
}

// A breaker that fails or hangs must not stop what it is there to protect.
async function askBreaker(
  { breakers }: DeliveryDeps,
  host: string,
  userKey: string,
  how: "mayTry" | "wouldTry",
): Promise<number | null> {
  const knownUntilMs = health.knownRest(host, Date.now());
  if (knownUntilMs !== null) return knownUntilMs;
  try {
    const asked: Promise<HostPermission> = breakerOf(breakers, host)[how](userKey);
    const permission = await within(ANSWERS_WITHIN_MS, asked);
    if (permission.kind === "go") return null;
    health.noteFailure(host, Date.now(), permission);
    return permission.untilMs;
  } catch (error) {
    log({ event: "breaker.unavailable", error });
    return null;
  }
}

async function tellBreaker(
  { breakers }: DeliveryDeps,
  host: string,
  userKey: string,
  ok: boolean,
): Promise<void> {
  try {
    await within(ANSWERS_WITHIN_MS, breakerOf(breakers, host).report(userKey, ok));
  } catch (error) {
    log({ event: "breaker.unavailable", error });
  }
}
