// A claim on an idempotency id, as transitions over plain data. The first request takes it, forwards, and settles
// it with the upstream's answer; whoever comes meanwhile waits; whoever comes later is told the same answer.
// A holder that dies leaves a lease to run out, and the next one forwards again under the same upstream id.

/** The answer to the first request, given again byte for byte. */
export type Answer = { status: number; body: string };

/** What is known of an id whose run was accepted; KV keeps a copy of just this. */
export type Settled = { fingerprint: string; settledAtMs: number; answer: Answer };

export type Claim =
  | {
      status: "open";
      fingerprint: string;
      claimedAtMs: number;
      attempt: string;
      leaseExpiresAtMs: number;
      /** An earlier try ended with nobody knowing how. */
      mayHaveRun?: boolean;
    }
  | ({ status: "settled" } & Settled);

export type ClaimRequest = {
  /** UUID, lower case. */
  id: string;
  /** Names this request's try, so that a late one cannot undo a later one. */
  attempt: string;
  fingerprint: string;
  leaseMs: number;
  /** false: a malformed request, which may be told a known answer but starts nothing. */
  make: boolean;
};

export type ClaimDecision =
  | { kind: "take"; claim: Claim; mismatch: boolean }
  /** By this very try: the answer to its first call got lost. */
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
  const lease = { attempt: request.attempt, leaseExpiresAtMs: nowMs + request.leaseMs };
  const taken: Claim =
    known === null
      ? { status: "open", fingerprint: request.fingerprint, claimedAtMs: nowMs, ...lease }
      : // The first payload stays the one that later ones are compared with: it may be the one that ran.
        { ...known, ...lease, mayHaveRun: true };
  return { kind: "take", claim: taken, mismatch };
}

/** How a try ended: a run was started; the upstream refused it; or nobody knows. */
export type TryOutcome =
  | { kind: "accepted"; answer: Answer; runId: string }
  | { kind: "refused" }
  | { kind: "unknown" };

/** The claim after a try, null when it is released; one whose lease has ended is the next one's to take. An acceptance is a fact whoever reports it; anything else counts only from the current holder. */
export function settleClaim(
  claim: Claim | null,
  attempt: string,
  outcome: TryOutcome,
  nowMs: number,
): Claim | null {
  if (claim === null || claim.status === "settled") return claim;
  if (outcome.kind === "accepted") {
    return { status: "settled", fingerprint: claim.fingerprint, settledAtMs: nowMs, answer: outcome.answer };
  }
  if (claim.attempt !== attempt) return claim;
  const ended = { ...claim, leaseExpiresAtMs: nowMs };
  if (outcome.kind === "unknown") return { ...ended, mayHaveRun: true };
  // That this try started nothing says nothing of an earlier one, whose run still has its end to tell.
  return claim.mayHaveRun === true ? ended : null;
}

export function isExpired(claim: Claim, nowMs: number): boolean {
  return nowMs >= expiresAtMs(claim);
}

export function expiresAtMs(claim: Claim): number {
  return (claim.status === "settled" ? claim.settledAtMs : claim.claimedAtMs) + REPLAY_MS;
}
