// A run in one line, as its gate has it.
import { parseHost } from "../../callbacks/destination.ts";
import type { RunRecord } from "../../gate/admission.ts";
import type { RunSummary } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { attemptsOf } from "../../runs/delivery.ts";
import { storedActionIdOf } from "../../runs/terms.ts";

export function toRunSummary({ run, terms, state }: RunRecord): RunSummary {
  const end = run.status === "ended" ? run : null;
  return {
    run_id: run.runId,
    user: terms.userKey,
    issuer: terms.issuer,
    subject: terms.subject,
    stored_action_id: storedActionIdOf(terms),
    callback_host: parseHost(terms.callbackUrl),
    accepted_at: formatTime(run.acceptedAtMs),
    status: run.status,
    ended_at: end && formatTime(end.endedAtMs),
    result: end && end.result,
    state,
    attempts: attemptsOf(run.delivery),
    next_attempt_at: run.delivery.kind === "pending" ? formatTime(run.delivery.nextAtMs) : null,
    charged: end !== null && end.chargedAtMs !== null,
  };
}
