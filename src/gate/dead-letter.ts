import { attemptsOf } from "../runs/delivery.ts";
import { storedActionIdOf } from "../runs/terms.ts";
import { ABANDONED, type DeadLetter } from "./index-event.ts";
import type { FinishedRun } from "./store/ended-runs.ts";

/** What operators see of a dead letter. */
export function toDeadLetter({ terms, run, finishedAtMs }: FinishedRun): DeadLetter {
  const last = run.attempts.at(-1)?.outcome;
  const failure = last?.kind === "failed" ? last.failure : "abandoned before an attempt";
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
    status: last?.status ?? null,
    reason: run.status === "abandoned" ? ABANDONED[run.reason] : failure,
  };
}
