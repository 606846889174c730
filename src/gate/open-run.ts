// A run that must still be polled or delivered, as the gate keeps it: a start in flight, one that has not ended, one whose
// delivery is pending.
import type { OpenClaim } from "./claim.ts";
import type { Run } from "./run.ts";
import type { Terms } from "./terms.ts";

export type OpenRun = {
  /** UUID, lower case: the caller's idempotency id, or one made here. */
  runKey: string;
  /** Until an answer is known; then the claim stands among the answers. */
  claim: OpenClaim | null;
  /** Of the attempt that was accepted; before that, of the latest one. */
  terms: Terms;
  /** While another attempt is in flight: what the run had before it, which holds when that one is refused. */
  earlierTerms?: Terms;
  run: Run;
  /** How often in a row a consumer took it and failed, or was not heard of again. */
  failures: number;
};

/** After so many failures a run is tried alone, where it takes no neighbours down with it. */
export const ALONE_AFTER_FAILURES = 2;
/** After so many it is abandoned. */
export const MAX_FAILURES = 5;
