// One POST of a result to a caller's callback_url, as everything around it speaks of it.

/** Why an attempt failed, in words for the caller who reads its deliveries and for the operator. */
export type AttemptFailure =
  | "destination refused"
  | "no connection"
  | "no answer in time"
  | "redirect not followed"
  | "status is no 2xx"
  /** A 2xx ended the connection before the receiver had been sent everything. */
  | "answered before the end"
  /** Nothing was sent, or not all of it: neither the upstream nor KV gave the result. */
  | "result could not be read"
  /** Not all of it was sent: the result was no longer the one that was signed. */
  | "result changed between reads"
  /** Nothing was sent either: the breaker of its host has been open since the attempt was due, and the next one is due now. */
  | "host stayed down";

export type AttemptOutcome =
  | { kind: "acknowledged"; status: number }
  /** 410, or `webhook-delivery: abort-message`: the receiver wants no more of it. */
  | { kind: "aborted"; status: number }
  | { kind: "failed"; status: number | null; failure: AttemptFailure; retryAfterSeconds: number | null };

export type Attempt = {
  /** From 1, over the whole life of the delivery. */
  number: number;
  atMs: number;
  durationMs: number;
  outcome: AttemptOutcome;
};
