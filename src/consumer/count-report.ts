// What the charts and the metrics count of a run that was moved on, once the gate has said what came of it.
import { parseHost } from "../callbacks/destination.ts";
import type { LeasedRun, Reported } from "../gate/admission.ts";
import { isolateSums } from "../platform/observability/isolate-sums.ts";
import { countAttempt, hashHost } from "../platform/observability/metrics.ts";
import type { RecentError } from "../platform/observability/recent-errors.ts";
import { MAX_NAME_CHARS } from "../platform/observability/sums.ts";
import type { Observation } from "../runs/run.ts";
import { storedActionIdOf, type Terms } from "../runs/terms.ts";

/** `queuedMs`: how long its message was on its way. */
export async function countReport(
  dataset: AnalyticsEngineDataset | undefined,
  leased: LeasedRun,
  observation: Observation,
  reported: Reported,
  queuedMs: number,
): Promise<void> {
  const { terms } = leased;
  const { ended, isCharged, isAbandoned, attempt, state } = reported;
  if (ended !== null)
    isolateSums.countEnd({ result: ended, hasCallback: terms.callbackUrl !== null, charged: isCharged });
  if (isAbandoned) countAbandoned({ terms, wasEnded: false });
  if (ended === "error" && observation.kind === "ended")
    isolateSums.keepError({ ...toError(terms, observation.runId), kind: "run" });
  if (attempt === null || observation.kind !== "ended") return;
  const { outcome, number, durationMs } = attempt;
  const host = parseHost(terms.callbackUrl) ?? "";
  const counted = {
    outcome: outcome.kind,
    failure: outcome.kind === "failed" ? outcome.failure : null,
    delivery: state,
    number,
    durationMs,
    sinceEndMs: sinceEndMs(leased, observation),
  };
  isolateSums.countAttempt({ ...counted, host });
  const { status } = outcome;
  if (outcome.kind === "failed")
    isolateSums.keepError({
      ...toError(terms, observation.runId),
      kind: "callback",
      host: host.slice(0, MAX_NAME_CHARS),
      code: outcome.failure,
      status,
    });
  countAttempt(dataset, {
    ...counted,
    user: terms.userKey,
    status,
    hostHash: await hashHost(host),
    queuedMs,
  });
}

/** What every error of a run says. */
function toError(terms: Terms, runId: string): Omit<RecentError, "kind"> {
  return {
    atMs: Date.now(),
    route: null,
    action: storedActionIdOf(terms),
    host: null,
    code: null,
    status: null,
    upstreamStatus: null,
    user: terms.userKey,
    requestId: null,
    runId,
  };
}

/** No more polls or attempts are made for a run; its callback, if it has one, is a dead letter. `wasEnded`: its end had been read. */
export function countAbandoned({
  terms,
  wasEnded,
}: {
  terms: Pick<Terms, "callbackUrl">;
  wasEnded: boolean;
}): void {
  const hasCallback = terms.callbackUrl !== null;
  if (!wasEnded) isolateSums.countEnd({ result: "abandoned", hasCallback, charged: false });
  if (hasCallback) isolateSums.countDeadLetter(parseHost(terms.callbackUrl) ?? "");
}

/** From the run's end, as the gateway saw it, to the beginning of the attempt. */
function sinceEndMs({ task }: LeasedRun, { readAgoMs, attempt }: Observation & { kind: "ended" }): number {
  const endedAgoMs = task.kind === "deliver" ? task.endedAgoMs + readAgoMs : readAgoMs;
  return Math.max(0, endedAgoMs - (attempt?.agoMs ?? 0));
}
