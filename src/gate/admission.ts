// What goes in and out of a gate. Refusals are values: an error loses its class on its way out of an object.

import type { WindowRule, WindowView } from "../rate-limit/window.ts";
import type { Attempt } from "../runs/attempt.ts";
import type { Answer, ClaimRequest, Settled, StartResult } from "../runs/claim.ts";
import type { DeliveryState } from "../runs/delivery.ts";
import type { KnownRun, RunResult } from "../runs/run.ts";
import type { Terms } from "../runs/terms.ts";
import type { Dismissal } from "./index-event.ts";

export type AdmitRequest = {
  /** Null: the caller is exempt, or the flag is off. An operator's limit takes its place. */
  window: WindowRule | null;
  /** Null: no idempotency id. */
  claim: ClaimRequest | null;
  /** Null: no callback and no charge. `runKey` is the claim's when there is one. */
  promise: { runKey: string; terms: Terms } | null;
};

export type Admission =
  /**
   * `askCache`, here and in the refusals: KV may know an answer that this gate does not. `isOverLimit`: without a shadow
   * over the limit, the start would have been refused.
   */
  | {
      kind: "admitted";
      view: WindowView | null;
      mismatch: boolean;
      askCache: boolean;
      isOverLimit: boolean;
    }
  | (Limited & { askCache: boolean })
  /** `view`: of the window that a replay from KV shows. */
  | (Blocked & { view: WindowView | null; askCache: boolean })
  | { kind: "replay"; view: WindowView | null; mismatch: boolean; answer: Answer }
  /** The first request with this id is still in flight after the longest wait. */
  | { kind: "busy"; view: WindowView | null }
  /** The id belongs to a start of another action, whose answer is not known. */
  | { kind: "conflict"; view: WindowView | null; askCache: boolean }
  /** The gate keeps no more promises: too many open runs, or too little space. */
  | { kind: "full"; view: WindowView | null; askCache: boolean };

/** What a start is answered whatever else its body says. */
export type Foreseen = Limited | Blocked | { kind: "known"; settled: Settled; view: WindowView | null };

/** How an attempt at starting a run ended. It says all that the gate needs, also one that lost the row meanwhile. */
export type Settlement = {
  runKey: string;
  attempt: string;
  claim: { fingerprint: string } | null;
  /** Of this attempt; null: it promised nothing. */
  terms: Terms | null;
  outcome: StartResult;
};

/** A settlement that a queue message can carry: the upstream's yes. */
export type Acceptance = Settlement & { outcome: Extract<StartResult, { kind: "accepted" }> };

/** An id, and the attempt that may have taken it. */
export type HeldClaim = Pick<ClaimRequest, "runKey" | "attempt">;

export type ReadCount = { admitted: boolean; view: WindowView; retryAfterSeconds: number };

/** A run in a consumer's hands. */
export type LeasedRun = {
  runKey: string;
  revision: number;
  runId: string;
  terms: Terms;
  /** The number of the attempt that may be made. */
  attemptNumber: number;
  /** `deliver`: its end was read. `wasDeferred`: the breaker of its host was open the last time. */
  task:
    | { kind: "poll" }
    | { kind: "deliver"; result: RunResult; endedAgoMs: number; bodyKept: boolean; wasDeferred: boolean };
};

/** What a consumer's report came to. */
export type Reported = {
  state: DeliveryState;
  /** As it is recorded; null: none was made. */
  attempt: Attempt | null;
  /** Read by this report for the first time. */
  ended: RunResult | null;
  isCharged: boolean;
  isAbandoned: boolean;
};

/** A run as its caller and operators may see it. */
export type RunRecord = {
  runKey: string;
  terms: Terms;
  run: KnownRun;
  state: DeliveryState;
  /** When it is polled or delivered next; null: nothing is owed any more. */
  dueAtMs: number | null;
  /** Of a dead letter; null: no operator has dismissed it. */
  dismissal: Dismissal | null;
};

/** A caller has used up its window. */
export type Limited = { kind: "limited"; view: WindowView; retryAfterSeconds: number };

/** Operators have blocked the user. */
export type Blocked = { kind: "blocked"; untilMs: number };

/** Who asks for a redelivery. `window`: where a caller's is counted as a start. `batch`: of many that an operator sends again. */
export type Redeliverer =
  | { kind: "caller"; window: WindowRule | null }
  | { kind: "operator"; batch: string | null };

/** The run as it is then; `view` of the window that a redelivery was counted in. Null: nothing is kept of it here, or it has no callback to send again. */
export type Redelivery =
  | { kind: "started" | "under_way"; record: RunRecord; view: WindowView | null }
  | Limited
  | Blocked
  | null;
