// What the books keep of a run that owed somebody something. All of it may be written twice: run rows are replaced by
// newer ones, attempts and charges are ignored when they stand already.
import type { Billing } from "../auth/caller.ts";

/** Contract, Deliveries; `none`: the run has no callback. */
export type DeliveryState = "waiting" | "retrying" | "delivered" | "dead" | "aborted" | "none";

export type LedgerRun = {
  runId: string;
  userKey: string;
  /** Null for a one-off run. */
  storedActionId: string | null;
  callbackUrl: string | null;
  /** JSON of what a redelivery needs (see src/gate/run.ts, Intent); opaque here. */
  intent: string;
  acceptedAtMs: number;
  endedAtMs: number | null;
  result: "success" | "error" | null;
  state: DeliveryState;
  attempts: number;
  nextAttemptAtMs: number | null;
  /** Grows with every report of this run, so that a late write never overwrites a newer one. */
  revision: number;
};

export type LedgerAttempt = {
  runId: string;
  number: number;
  atMs: number;
  status: number | null;
  durationMs: number;
  /** In words; null when it was acknowledged. */
  error: string | null;
};

export type LedgerCharge = {
  runId: string;
  userKey: string;
  storedActionId: string | null;
  /** The same for every try to book it: it is part of the key. */
  chargedAtMs: number;
  billing: Billing;
};

export type LedgerEntry = { run: LedgerRun; attempt: LedgerAttempt | null; charge: LedgerCharge | null };
