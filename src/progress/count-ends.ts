// What the charts are told of runs that have ended.
import type { Intent } from "../gate/intent.ts";
import type { EndedRun, Run } from "../gate/run.ts";
import { isolateSums } from "../observability/isolate-sums.ts";

/** A run whose end has been read just now. */
export function countEnd({ result, unbooked }: EndedRun, { callbackUrl }: Intent): void {
  const hasCallback = callbackUrl !== null;
  isolateSums.countEnd({ result: result ?? "abandoned", hasCallback, charged: unbooked.charge });
}

/** A run that the upstream lost, or that was given up: it may have ended before, and its callback may be delivered. */
export function countAbandoned(run: EndedRun, intent: Intent): void {
  if (run.result === null) countEnd(run, intent);
  if (run.delivery.kind === "dead") isolateSums.countDeadLetter();
}

/** No end was read, and nothing is tried any more. */
export function isAbandoned(run: Run): boolean {
  return run.status === "ended" && run.result === null && run.delivery.kind !== "pending";
}
