// A run that must still be polled or delivered, as the gate keeps it: a start in flight, one that has not ended, one whose
// delivery is pending.
import { isExpired, type OpenClaim } from "./claim.ts";
import type { Run } from "./run.ts";
import type { Terms } from "./terms.ts";

export type OpenRun = {
  /** UUID, lower case: the caller's idempotency id, or one made here. */
  runKey: string;
  /** Until an answer is known; then the claim stands among the answers. */
  claim: OpenClaim | null;
  /** Of the attempt that was accepted; before that, of the latest one. */
  terms: Terms;
  /**
   * What each attempt of an open claim would be promised, the latest one last; null: nothing. Kept only where they differ:
   * then the upstream's yes decides which one holds, and until it is heard the run's end is not read.
   */
  attempts?: readonly (Terms | null)[];
  run: Run;
  /** How often in a row a consumer took it and failed, or was not heard of again. */
  failures: number;
};

/** After so many failures a run is tried alone, where it takes no neighbours down with it. */
export const ALONE_AFTER_FAILURES = 2;
/** After so many it is abandoned. */
export const MAX_FAILURES = 5;
/** More attempts than this are known by the first and the latest of them. */
const MAX_ATTEMPTS = 20;

/** The run with one more attempt at its start. */
export function withAttempt(open: OpenRun, terms: Terms | null): OpenRun {
  const attempts = [...(open.attempts ?? [open.terms]), terms];
  return withAttempts(open, attempts.length > MAX_ATTEMPTS ? attempts.toSpliced(1, 1) : attempts);
}

/** The latest attempt started nothing, so its terms hold for no run. */
export function withoutLatestAttempt(open: OpenRun): OpenRun {
  return open.attempts === undefined ? open : withAttempts(open, open.attempts.slice(0, -1));
}

function withAttempts(
  { attempts: _attempts, ...open }: OpenRun,
  attempts: readonly (Terms | null)[],
): OpenRun {
  const latest = attempts.findLast((terms) => terms !== null) ?? open.terms;
  const terms = open.run.status === "forwarding" ? latest : open.terms;
  const isOne = attempts.every((each) => promises(each) === promises(attempts[0] ?? null));
  return { ...open, terms, ...(!isOne && { attempts }) };
}

/** Which of several attempts was accepted is not known yet, and they were promised different things. */
export function isUndecided({ attempts, claim }: OpenRun, nowMs: number): boolean {
  return attempts !== undefined && claim !== null && !isExpired(claim, nowMs);
}

function promises(terms: Terms | null): string {
  return JSON.stringify([terms?.callbackUrl ?? null, terms?.billing ?? null]);
}
