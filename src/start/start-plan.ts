// What a start will need of the gate and the upstream, decided before either is asked: a claim on its id, a promise to
// keep, and the id under which the upstream is to know it.
import { base64url } from "jose";
import type { Caller } from "../auth/caller.ts";
import type { AdmitRequest } from "../gate/admission.ts";
import { makeRef } from "../gate/completion-ref.ts";
import { sha256 } from "../platform/hash.ts";
import type { Jwk, Settings } from "../platform/settings.ts";
import { uuidV5 } from "../platform/uuid-v5.ts";
import type { ClaimRequest } from "../runs/claim.ts";
import { buildStartPath, type RunTarget } from "../runs/run-target.ts";
import type { Terms } from "../runs/terms.ts";
import { type Envelope, spliceEnvelope } from "../upstream/rewrite.ts";
import type { ParsedRequest, RunRequest } from "./run-request.ts";

export type StartPlan = {
  claim: ClaimRequest | null;
  promise: AdmitRequest["promise"];
  /** The key of the gate's row: the caller's idempotency id in lower case, or a random one. */
  runKey: string;
  /** The idempotency id in the upstream's body. */
  upstreamIdempotencyId: string;
  /** Names this attempt. */
  attempt: string;
};

type PlanDeps = { caller: Caller; settings: Settings; publicUrl: string };

/** Longer than the upstream's whole budget, so that a lease ends only when its holder is dead. */
const LEASE_MARGIN_MS = 5_000;
/** Fixed for ever: under another namespace, a retry of a start that is under way would be a second run. */
const UPSTREAM_IDS = "d61d1017-bf65-42a5-9d1a-9fee21c42bde";

export async function planStart(
  deps: PlanDeps,
  target: RunTarget,
  parsed: ParsedRequest,
): Promise<StartPlan> {
  const id = parsed.kind === "good" ? parsed.request.idempotencyId : parsed.idempotencyId;
  const runKey = id ?? crypto.randomUUID();
  const upstreamIdempotencyId =
    id === null ? runKey : await buildUpstreamIdempotencyId(deps.caller.userKey, id);
  const attempt = crypto.randomUUID();
  const claim = id === null ? null : await claimOn(id, attempt, deps, target, parsed);
  const terms = parsed.kind === "good" ? buildTerms(deps, target, parsed.request) : null;
  return { claim, promise: terms && { runKey, terms }, runKey, upstreamIdempotencyId, attempt };
}

/** The caller's text with the id, and with the gateway's own callback_url where something is promised. */
export async function bodyForUpstream(
  { text, envelope }: RunRequest,
  { upstreamIdempotencyId, promise }: StartPlan,
  { publicUrl, gate, signingKeys }: { publicUrl: string; gate: string; signingKeys: readonly Jwk[] },
): Promise<string> {
  if (promise === null) return spliceEnvelope(text, envelope, { idempotencyId: upstreamIdempotencyId });
  const ref = await makeRef({ gate, runKey: promise.runKey }, signingKeys);
  const callbackUrl = `${publicUrl}/completions/${ref}`;
  return spliceEnvelope(text, envelope, { idempotencyId: upstreamIdempotencyId, callbackUrl });
}

async function claimOn(
  id: string,
  attempt: string,
  { settings }: PlanDeps,
  target: RunTarget,
  parsed: ParsedRequest,
): Promise<ClaimRequest> {
  const mayCreate = parsed.kind === "good";
  const path = buildStartPath(target);
  const fingerprint = await (mayCreate
    ? fingerprintWithId(path, parsed.request, id)
    : buildFingerprint(path, parsed.text));
  const leaseMs = settings.upstreamTimeoutMs + LEASE_MARGIN_MS;
  return { runKey: id, attempt, fingerprint, path, leaseMs, mayCreate };
}

/** Null for a run that promises nothing. */
function buildTerms(
  { caller, publicUrl }: PlanDeps,
  target: RunTarget,
  { callbackUrl }: RunRequest,
): Terms | null {
  const { userKey, issuer, subject, scopes, billing } = caller;
  if (callbackUrl === null && !billing.is_billable) return null;
  return { v: 1, userKey, issuer, subject, scopes, billing, target, callbackUrl, publicUrl };
}

/**
 * The idempotency id under which the upstream knows a start: the same for the same two, different for any other, so that
 * two users' ids never meet at an upstream that keeps all ids together. `callersId` is in lower case.
 */
export function buildUpstreamIdempotencyId(userKey: string, callersId: string): Promise<string> {
  return uuidV5(UPSTREAM_IDS, `${userKey}:${callersId}`);
}

/** Of a start with an idempotency id, in lower case: its case is no difference. */
export function fingerprintWithId(
  path: string,
  { text, envelope }: { text: string; envelope: Envelope },
  idempotencyId: string,
): Promise<string> {
  return buildFingerprint(path, spliceEnvelope(text, envelope, { idempotencyId }));
}

/** base64url SHA-256 of what a run is made of: its path and the text of its body. A payload that differs in a byte differs here. */
export async function buildFingerprint(path: string, bodyText: string): Promise<string> {
  return base64url.encode(await sha256(`${path}\n${bodyText}`));
}
