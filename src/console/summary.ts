// A run in one line, from the books and, while it is under way, from its gate, which knows better.
import { hostOf } from "../callbacks/destination.ts";
import type { LiveRun } from "../gate/admission.ts";
import { isFinished } from "../gate/run.ts";
import type { DeliveryState } from "../ledger/entry.ts";
import { deliveryStateOf, storedActionIdOf } from "../progress/ledger-entries.ts";
import type { SummaryRow } from "./store.ts";
import { timeOf, timeOrNull } from "./times.ts";
import type { RunSummary } from "./views.ts";

export function summaryOf(row: SummaryRow, live: LiveRun | null): RunSummary {
  return {
    run_id: row.run_id,
    user: row.user_key,
    issuer: row.issuer,
    subject: row.subject,
    stored_action_id: row.stored_action_id,
    callback_host: hostOf(row.callback_url),
    accepted_at: timeOf(row.accepted_at_ms),
    ended_at: timeOrNull(row.ended_at_ms),
    result: row.result,
    ...standingIn(row, live),
    charged: row.charged_at_ms !== null,
  };
}

/** Of a run that is not in the books yet. */
export function summaryOfLive({ run, intent }: LiveRun): RunSummary {
  return {
    run_id: run.runId,
    user: intent.userKey,
    issuer: intent.issuer,
    subject: intent.subject,
    stored_action_id: storedActionIdOf(intent),
    callback_host: hostOf(intent.callbackUrl),
    accepted_at: timeOf(run.acceptedAtMs),
    ended_at: run.status === "ended" ? timeOf(run.endedAtMs) : null,
    result: run.status === "ended" ? run.result : null,
    ...liveStanding(run),
    charged: false,
  };
}

type Standing = Pick<RunSummary, "state" | "attempts" | "next_attempt_at">;

function standingIn(row: SummaryRow, live: LiveRun | null): Standing {
  if (live !== null && !isFinished(live.run)) return liveStanding(live.run);
  return {
    state: row.state,
    attempts: row.attempts,
    next_attempt_at: timeOrNull(row.state === "retrying" ? row.next_attempt_at_ms : null),
  };
}

function liveStanding(run: LiveRun["run"]): Standing {
  if (run.status === "accepted") return { state: "waiting", attempts: 0, next_attempt_at: null };
  const { delivery } = run;
  const state: DeliveryState = deliveryStateOf(delivery);
  return {
    state,
    attempts: delivery.kind === "none" ? 0 : delivery.made,
    next_attempt_at: delivery.kind === "pending" ? timeOf(delivery.nextAtMs) : null,
  };
}
