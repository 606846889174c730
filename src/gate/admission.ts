// What goes in and out of a gate. Refusals are values: an error loses its class on its way out of an object.
import type { Answer, ClaimRequest } from "./claim.ts";
import type { Intent } from "./intent.ts";
import type { EndedRun, Run, RunRules } from "./run.ts";
import type { WindowRule, WindowView } from "./window.ts";

export type AdmitRequest = {
  /** Null: the caller is exempt, or the flag is off. */
  window: WindowRule | null;
  /** Null: no idempotency id. */
  claim: ClaimRequest | null;
  /** Null: no callback and no charge. `key` is the claim's id when there is one. */
  promise: { key: string; intent: Intent; rules: RunRules } | null;
};

export type Admission =
  /** `began`: it was this admission that wrote down what is promised. */
  | { kind: "admitted"; view: WindowView | null; mismatch: boolean; began: boolean }
  | { kind: "limited"; view: WindowView; retryAfterSeconds: number }
  | { kind: "replay"; view: WindowView | null; mismatch: boolean; answer: Answer }
  /** The first request with this id is still in flight after the longest wait. */
  | { kind: "busy"; view: WindowView | null };

export type ReadCount = { admitted: boolean; view: WindowView; retryAfterSeconds: number };

/** A run in a consumer's hands. `runId` is only a hint while the run is `forwarding`. */
export type Work = { run: Run; intent: Intent; runId: string };

export type LiveEnd = { run: EndedRun; intent: Intent };

/** `key` names it to the gate. */
export type LiveRun = { key: string; run: Exclude<Run, { status: "forwarding" }>; intent: Intent };
