// How a run's callback stands, as its caller may see it.
import type { Attempt } from "../runs/attempt.ts";
import type { DeliveryState } from "../runs/delivery.ts";
import type { RunTarget } from "../runs/run-target.ts";
import { storedActionIdOf } from "../runs/terms.ts";
import type { RunRecord } from "./admission.ts";

export type DeliveryView = {
  callbackUrl: string;
  state: Exclude<DeliveryState, "none">;
  nextAttemptAtMs: number | null;
  attempts: readonly Attempt[];
};

/** Null when the run has no callback or is not the target's. */
export function deliveryView(target: RunTarget, { terms, run, state }: RunRecord): DeliveryView | null {
  const { callbackUrl } = terms;
  const isTargets = storedActionIdOf(terms) === storedActionIdOf({ target });
  if (callbackUrl === null || state === "none" || !isTargets) return null;
  const nextAttemptAtMs = run.delivery.kind === "pending" ? run.delivery.nextAtMs : null;
  return { callbackUrl, state, nextAttemptAtMs, attempts: run.attempts };
}

/** Why an attempt failed, in words; null when it was acknowledged. */
export function attemptError({ outcome }: Attempt): string | null {
  switch (outcome.kind) {
    case "acknowledged":
      return null;
    case "aborted":
      return "the receiver wants no more attempts";
    case "failed":
      return outcome.failure;
  }
}
