// How a run's callback stands, from the two who know: the gate while it is under way, the books for what was tried and
// for everything that is over.
import type { LiveRun } from "../gate/admission.ts";
import { type Intent, parseIntent } from "../gate/intent.ts";
import { type EndedRun, isFinished, revivedRun } from "../gate/run.ts";
import type { DeliveryState, LedgerAttempt, LedgerRun } from "../ledger/entry.ts";
import { deliveryStateOf, ledgerAttempt, storedActionIdOf } from "../progress/ledger-entries.ts";
import type { RunTarget } from "./run-target.ts";

export type BookedRun = { run: LedgerRun; attempts: LedgerAttempt[] };

export type DeliveryView = {
  intent: Intent;
  callbackUrl: string;
  state: Exclude<DeliveryState, "none">;
  nextAttemptAtMs: number | null;
  attempts: LedgerAttempt[];
  /** What a redelivery starts from; null while the delivery is under way. */
  revival: EndedRun | null;
};

/** Null when the run has no callback, is not the target's, or nobody knows it. */
export function deliveryView(
  target: RunTarget,
  live: LiveRun | null,
  booked: BookedRun | null,
  nowMs: number,
): DeliveryView | null {
  const intent = live?.intent ?? (booked === null ? null : parseIntent(booked.run.intent));
  const callbackUrl = intent?.callbackUrl ?? null;
  if (intent === null || callbackUrl === null || !isOf(intent, target)) return null;
  const attempts = attemptsOf(live, booked);
  const common = { intent, callbackUrl, attempts };
  if (live !== null && !isFinished(live.run)) return { ...common, ...underWay(live), revival: null };
  const over =
    live?.run.status === "ended" ? endOf(live.run) : booked === null ? null : endOfBooked(booked.run);
  if (over === null || over.state === "none") return null;
  const { state, ...known } = over;
  return {
    ...common,
    state,
    nextAttemptAtMs: null,
    revival: revivedRun({ ...known, made: attempts.at(-1)?.number ?? booked?.run.attempts ?? 0 }, nowMs),
  };
}

function underWay({ run }: LiveRun): Pick<DeliveryView, "state" | "nextAttemptAtMs"> {
  if (run.status !== "ended") return { state: "waiting", nextAttemptAtMs: null };
  const state = deliveryStateOf(run.delivery);
  const nextAttemptAtMs = run.delivery.kind === "pending" ? run.delivery.nextAtMs : null;
  return { state: state === "none" ? "waiting" : state, nextAttemptAtMs };
}

function endOf({ delivery, runId, acceptedAtMs, endedAtMs, result, revision }: EndedRun) {
  return { state: deliveryStateOf(delivery), runId, acceptedAtMs, endedAtMs, result, revision };
}

function endOfBooked({ state, runId, acceptedAtMs, endedAtMs, result, revision }: LedgerRun) {
  return { state, runId, acceptedAtMs, endedAtMs: endedAtMs ?? acceptedAtMs, result, revision };
}

// Books that took an attempt and could not say so have it too. Of two with one number the later counts, as in the books.
function attemptsOf(live: LiveRun | null, booked: BookedRun | null): LedgerAttempt[] {
  const unbooked = live?.run.status === "ended" ? live.run.unbooked.attempts : [];
  const runId = live?.run.runId ?? "";
  const all = [...(booked?.attempts ?? []), ...unbooked.map((attempt) => ledgerAttempt(runId, attempt))];
  const latest = new Map<number, LedgerAttempt>();
  for (const attempt of all.toSorted((a, b) => a.atMs - b.atMs)) latest.set(attempt.number, attempt);
  return [...latest.values()].toSorted((a, b) => a.number - b.number);
}

function isOf(intent: Intent, target: RunTarget): boolean {
  return storedActionIdOf(intent) === storedActionIdOf({ ...intent, target });
}
