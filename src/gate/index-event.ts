// What a gate reports to the operators' index (D1). Reports may be late and the index may be lost: nothing is decided by it.
import type { AbandonReason, RunResult } from "../runs/run.ts";

/** A dead letter: of a delivery, or of an abandoned run. */
export type DeadLetter = {
  runId: string;
  userKey: string;
  issuer: string;
  subject: string;
  storedActionId: string | null;
  /** Null: it has no callback, and the run was abandoned. */
  callbackUrl: string | null;
  acceptedAtMs: number;
  diedAtMs: number;
  /** Null: its end was not read. */
  result: RunResult | null;
  attempts: number;
  /** Of the last attempt. */
  status: number | null;
  /** In words: why the last attempt failed, or why the run was abandoned. */
  reason: string;
  dismissal: Dismissal | null;
};

/** An operator has dismissed a dead letter: it is not to be worked on any more. */
export type Dismissal = { atMs: number; operator: string; reason: string };

export type DismissalOutcome = "dismissed" | "dismissed_before" | "no_dead_letter";

export type IndexEvent =
  /** Counted from 1970 in UTC: on this day a run ended or was charged. */
  | { kind: "active_day"; userKey: string; day: number }
  | { kind: "dead_letter"; deadLetter: DeadLetter }
  /** It is no dead letter any more: it is being delivered again. */
  | { kind: "resolved"; runId: string }
  /** The delivery of a run that a redelivery batch has sent again is over. */
  | { kind: "redelivered"; redelivery: string; runId: string; delivered: boolean }
  /** Dead letters of before are kept no more, and cannot be sent again. */
  | { kind: "expired"; beforeMs: number };

export const ABANDONED: Record<AbandonReason, string> = {
  unknown_upstream: "the upstream does not know the run",
  unreachable: "the upstream could not be reached",
  operator: "an operator abandoned it",
  poison: "the run made the consumer fail",
};
