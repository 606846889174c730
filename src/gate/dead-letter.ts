import { attemptsOf } from "../runs/delivery.ts";
import type { KnownRun } from "../runs/run.ts";
import { storedActionIdOf } from "../runs/terms.ts";
import { ABANDONED, type DeadLetter } from "./index-event.ts";
import type { FinishedRun } from "./store/ended-runs.ts";

/** What operators see of a dead letter. */
export function toDeadLetter({ terms, run, finishedAtMs, dismissal }: FinishedRun): DeadLetter {
  const { status, reason } = readFailure(run);
  return {
    runId: run.runId,
    userKey: terms.userKey,
    issuer: terms.issuer,
    subject: terms.subject,
    storedActionId: storedActionIdOf(terms),
    callbackUrl: terms.callbackUrl,
    acceptedAtMs: run.acceptedAtMs,
    diedAtMs: finishedAtMs,
    result: run.status === "ended" ? run.result : null,
    attempts: attemptsOf(run.delivery),
    status,
    reason: reason ?? "abandoned before an attempt",
    dismissal: dismissal ?? null,
  };
}

/** The status of the last attempt, and why it failed, or why the run was abandoned. */
export function readFailure(run: KnownRun): { status: number | null; reason: string | null } {
  const last = run.attempts.at(-1)?.outcome;
  const failure = last?.kind === "failed" ? last.failure : null;
  return {
    status: last?.status ?? null,
    reason: run.status === "abandoned" ? ABANDONED[run.reason] : failure,
  };
}
