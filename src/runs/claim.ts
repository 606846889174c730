// A claim on an idempotency id, as transitions over plain data. The first request takes it, forwards, and settles
// it with the upstream's answer; a request that comes meanwhile waits; one that comes later gets the same answer.
// A holder that dies leaves a lease to run out, and the next one forwards again under the same upstream id.

/** The answer to the first request, given again byte for byte. */
export type Answer = { status: number; body: string };

/** What is known of an id whose run was accepted; KV keeps a copy of just this. */
export type Settled = { fingerprint: string; settledAtMs: number; answer: Answer };

export type OpenClaim = {
  status: "open";
  fingerprint: string;
  /** What is started: the upstream's path. */
  path: string;
  claimedAtMs: number;
  attempt: string;
  leaseExpiresAtMs: number;
  /** How an earlier attempt ended is not known. */
  mayHaveRun?: boolean;
};

export type Claim = OpenClaim | ({ status: "settled" } & Settled);

export type ClaimRequest = {
  /** The idempotency id, in lower case. */
  runKey: string;
  /** Names this request's try, so that a late one cannot undo a later one. */
  attempt: string;
  fingerprint: string;
  path: string;
  leaseMs: number;
  /** false: a malformed request, which may get a known answer but starts nothing. */
  mayCreate: boolean;
};

export type ClaimDecision =
  | { kind: "take"; claim: OpenClaim; mismatch: boolean }
  /** For another action than the first request, whose answer is not known (contract, Idempotency: 409). */
  | { kind: "conflict" }
  /** By this very attempt: the answer to its first call got lost. */
  | { kind: "held"; mismatch: boolean }
  | { kind: "wait"; untilMs: number }
  | { kind: "replay"; answer: Answer; mismatch: boolean };

/** Contract, Idempotency: answers are given again for 72 hours after the first acceptance. */
export const REPLAY_MS = 72 * 60 * 60 * 1000;

export function decideClaim(claim: Claim | null, request: ClaimRequest, nowMs: number): ClaimDecision {
  const known = claim !== null && !isExpired(claim, nowMs) ? claim : null;
  const mismatch = known !== null && known.fingerprint !== request.fingerprint;
  if (known?.status === "settled") return { kind: "replay", answer: known.answer, mismatch };
  if (known !== null && nowMs < known.leaseExpiresAtMs) {
    return known.attempt === request.attempt
      ? { kind: "held", mismatch }
      : { kind: "wait", untilMs: known.leaseExpiresAtMs };
  }
  if (known !== null && request.mayCreate && known.path !== request.path) return { kind: "conflict" };
  const lease = { attempt: request.attempt, leaseExpiresAtMs: nowMs + request.leaseMs };
  const taken: OpenClaim =
    known === null
      ? {
          status: "open",
          fingerprint: request.fingerprint,
          path: request.path,
          claimedAtMs: nowMs,
          ...lease,
        }
      : // The first payload stays the one that later ones are compared with: it may be the one that ran.
        { ...known, ...lease, mayHaveRun: true };
  return { kind: "take", claim: taken, mismatch };
}

/** How an attempt at starting a run ended: a run was started; the upstream refused it; or that is not known. */
export type StartResult =
  | { kind: "accepted"; answer: Answer; runId: string }
  | { kind: "refused" }
  | { kind: "unknown" };

/** An open claim after an attempt that was not accepted, null when it is released. Only the holder's word counts. */
export function endAttempt(
  claim: OpenClaim,
  attempt: string,
  kind: "refused" | "unknown",
  nowMs: number,
): OpenClaim | null {
  if (claim.attempt !== attempt) return claim;
  const ended = { ...claim, leaseExpiresAtMs: nowMs };
  if (kind === "unknown") return { ...ended, mayHaveRun: true };
  // That this attempt started nothing says nothing of an earlier one, whose run still has its end to tell.
  return claim.mayHaveRun === true ? ended : null;
}

export function isExpired(claim: Claim, nowMs: number): boolean {
  return nowMs >= expiresAtMs(claim);
}

export function expiresAtMs(claim: Claim): number {
  return (claim.status === "settled" ? claim.settledAtMs : claim.claimedAtMs) + REPLAY_MS;
}
