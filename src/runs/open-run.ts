// A run that must still be polled or delivered, as the gate keeps it: a start in flight, one that has not ended, one whose
// delivery is pending.
import { expiresAtMs, isExpired, type OpenClaim } from "./claim.ts";
import type { Run, RunRules } from "./run.ts";
import { dueAtMs } from "./run-schedule.ts";
import type { Terms } from "./terms.ts";

export type OpenRun = {
  /** UUID, lower case: the caller's idempotency id, or one made here. */
  runKey: string;
  /** Until an answer is known; then the claim stands among the answers. */
  claim: OpenClaim | null;
  /** Of the attempt that was accepted; before that, of the latest one. */
  terms: Terms;
  /**
   * What each attempt of an open claim would be promised, the latest one last; null: nothing. Kept only where they differ,
   * for the case that the latest one turns out to have started nothing.
   */
  attempts?: readonly (Terms | null)[];
  run: Run;
  /** The redelivery batch that has sent it again, and is told what comes of it. */
  redelivery?: string;
  /** How often in a row a consumer took it and failed, or was not heard of again. */
  failures: number;
};

/** After so many failures a run is processed alone, where it takes no neighbours down with it. */
export const ALONE_AFTER_FAILURES = 2;
/** After so many it is abandoned. */
export const MAX_FAILURES = 5;
/** More attempts than this are known by the first and the latest of them. */
const MAX_ATTEMPTS = 20;

/** The run with one more attempt at its start. */
export function withAttempt(open: OpenRun, terms: Terms | null): OpenRun {
  const attempts = [...(open.attempts ?? [open.terms]), terms];
  return withAttempts(open, attempts.length > MAX_ATTEMPTS ? attempts.toSpliced(1, 1) : attempts) ?? open;
}

/** The latest attempt started nothing, so its terms hold for no run. Null: no other one would be promised anything. */
export function withoutLatestAttempt(open: OpenRun): OpenRun | null {
  return open.attempts === undefined ? open : withAttempts(open, open.attempts.slice(0, -1));
}

function withAttempts(
  { attempts: _attempts, ...open }: OpenRun,
  attempts: readonly (Terms | null)[],
): OpenRun | null {
  const terms = attempts.findLast((each) => each !== null) ?? null;
  if (terms === null) return null;
  const isOne = attempts.every((each) => promises(each) === promises(attempts[0] ?? null));
  return { ...open, terms, ...(!isOne && { attempts }) };
}

/** The run, when no answer to its start is waited for any more. */
export function withoutClaim({ attempts: _attempts, ...open }: OpenRun): OpenRun {
  return { ...open, claim: null };
}

/**
 * The answer to its start may still come, at the latest with a retry of its id. It says which attempt was accepted, and so
 * what the run is promised; until then its end is not read.
 */
export function isAwaitingAnswer({ run, claim }: OpenRun, nowMs: number): boolean {
  return run.status === "forwarding" && claim !== null && !isExpired(claim, nowMs);
}

/** When the run is due next; a run that is named, but awaits its answer, when that can come no more. */
export function openDueAtMs(open: OpenRun, rules: RunRules, nowMs: number): number {
  const { run, claim } = open;
  const isHinted = run.status === "forwarding" && run.hintedRunId !== null;
  if (isHinted && claim !== null && isAwaitingAnswer(open, nowMs)) return expiresAtMs(claim);
  return dueAtMs(run, rules, nowMs);
}

function promises(terms: Terms | null): string {
  return JSON.stringify([terms?.callbackUrl ?? null, terms?.billing ?? null]);
}
