// The life of a run that was promised something: its end to a callback_url, its success to the charges. A run goes
// forwarding → accepted → ended; `abandoned` is beside it, for a run whose end could not be read, and it has a way back,
// because an end that was not read is no end. Reports are facts that a consumer saw; whichever order they come in, and
// however often, a run only moves forward. The time is the gate's alone: a report says how long ago, never when.

import type { Settings } from "../platform/settings.ts";
import type { Attempt } from "./attempt.ts";
import {
  applyAttempt,
  attemptsOf,
  type Delivery,
  type DeliveryReport,
  type DeliveryState,
  firstAttempt,
} from "./delivery.ts";
import type { Terms } from "./terms.ts";

export type RunResult = "success" | "error";

/** Why a run's end is no longer asked for. */
export type AbandonReason =
  /** The upstream said for days that it does not know the run. */
  | "unknown_upstream"
  /** The upstream could not be asked for two weeks. */
  | "unreachable"
  | "operator"
  /** The consumer failed at it five times. */
  | "poison";

/** `revision` grows with every change, so that a report on an older state is recognised. */
type Revised = { revision: number };

/** What every run that the upstream knows carries through its life. */
type Known = Revised & {
  runId: string;
  acceptedAtMs: number;
  /** The last hundred. */
  attempts: readonly Attempt[];
  delivery: Delivery;
};

/** A start in flight, or one whose answer was lost. */
export type Forwarding = Revised & {
  status: "forwarding";
  abandonAtMs: number;
  /** The run's id as a credible completion says; a read has to confirm it. */
  hintedRunId: string | null;
};

export type Accepted = Known & {
  status: "accepted";
  /** Since when every read that was answered said that the run is unknown; null: the last one knew it. */
  unknownSinceMs: number | null;
  /** Since when no read was answered. */
  unreachableSinceMs: number | null;
};

export type Ended = Known & {
  status: "ended";
  endedAtMs: number;
  result: RunResult;
  /** Null: it costs nothing. */
  chargedAtMs: number | null;
  /** KV holds the body, so that later attempts do not depend on the upstream. */
  bodyKept: boolean;
};

export type Abandoned = Known & {
  status: "abandoned";
  reason: AbandonReason;
  abandonedAtMs: number;
  /** The upstream is being asked once more since then; null: it is not. */
  askedAtMs: number | null;
};

export type KnownRun = Accepted | Ended | Abandoned;
export type Run = Forwarding | KnownRun;

/** What a consumer saw when it took the run up. */
export type Observation =
  | { kind: "waiting"; runId: string }
  /** `unknown`: the upstream answered, in its own envelope, that there is no such run. */
  | { kind: "unseen"; unknown: boolean }
  /** No room or no connection for it: nothing was learnt. */
  | { kind: "crowded" }
  | ({
      kind: "ended";
      runId: string;
      result: RunResult;
      /** How long ago the end was read. */
      readAgoMs: number;
      bodyKept: boolean;
    } & DeliveryReport);

/** Seconds between polls of a run, and between attempts at its receiver. */
export type RunRules = { pollSchedule: readonly number[]; retrySchedule: readonly number[] };

/** The gate's clock, and its dice: from 0 up to, but not including, 1. */
export type Moment = { nowMs: number; random: number };

export function buildRunRules(
  settings: Pick<Settings, "runPollScheduleSeconds" | "callbackRetryScheduleSeconds">,
): RunRules {
  return {
    pollSchedule: settings.runPollScheduleSeconds,
    retrySchedule: settings.callbackRetryScheduleSeconds,
  };
}

const DAY_MS = 86_400_000;
/** A start whose answer was lost: its acceptance may be in a queue that was stopped. */
export const UNANSWERED_MS = 14 * DAY_MS;
/** The upstream may lose a run and find it again; only days of "no such run" are taken for its word. */
const UNKNOWN_MS = 3 * DAY_MS;
/** Longer than the upstream keeps results. */
const UNREACHABLE_MS = 14 * DAY_MS;
/** So long an abandoned run is asked for once more when the upstream does not answer. */
const ASKED_MS = 60 * 60_000;
const MAX_ATTEMPTS_KEPT = 100;

/** `revision`: later than that of a run that had the same key, so that a late report on it is not about this one. */
export function beginRun(nowMs: number, revision = 0): Forwarding {
  return { status: "forwarding", revision, abandonAtMs: nowMs + UNANSWERED_MS, hintedRunId: null };
}

/** Another attempt took the start over: its run is waited for from now on. */
export function retryRun(run: Forwarding, nowMs: number): Forwarding {
  return { ...run, revision: run.revision + 1, abandonAtMs: nowMs + UNANSWERED_MS };
}

/** A credible completion names the run before its start was answered. Kept, because that answer may never come. */
export function hintRun(run: Forwarding, runId: string): Forwarding {
  if (run.hintedRunId === runId) return run;
  return { ...run, revision: run.revision + 1, hintedRunId: runId };
}

/** The upstream's yes. */
export function acceptedRun(runId: string, revision: number, nowMs: number): Accepted {
  return {
    status: "accepted",
    revision,
    runId,
    acceptedAtMs: nowMs,
    attempts: [],
    delivery: { kind: "none" },
    unknownSinceMs: null,
    unreachableSinceMs: null,
  };
}

/** The gateway stops polling. What was owed to a callback is a dead letter from now on. */
export function abandonRun(
  run: Accepted | Abandoned,
  terms: Terms,
  reason: AbandonReason,
  nowMs: number,
): Abandoned {
  return {
    status: "abandoned",
    revision: run.revision + 1,
    runId: run.runId,
    acceptedAtMs: run.acceptedAtMs,
    attempts: run.attempts,
    delivery: toDead(run.delivery, terms),
    reason,
    abandonedAtMs: nowMs,
    askedAtMs: null,
  };
}

/** No more polls or attempts are made: of a run whose end was read only its delivery ends, any other one is abandoned. */
export function stopRun(run: KnownRun, terms: Terms, reason: AbandonReason, nowMs: number): KnownRun {
  if (run.status !== "ended") return abandonRun(run, terms, reason, nowMs);
  return { ...run, revision: run.revision + 1, delivery: toDead(run.delivery, terms) };
}

/** The end is delivered again from the first attempt on; of an abandoned run the upstream is asked first. */
export function redeliverRun(run: Ended | Abandoned, nowMs: number): Ended | Abandoned {
  const revision = run.revision + 1;
  if (run.status === "abandoned") return { ...run, revision, askedAtMs: nowMs };
  return { ...run, revision, delivery: firstAttempt(attemptsOf(run.delivery), nowMs) };
}

/** Nothing is owed any more, and the run needs no poll and no attempt. */
export function isFinished(run: Run): run is Ended | Abandoned {
  if (run.status === "ended") return run.delivery.kind !== "pending";
  return run.status === "abandoned" && run.askedAtMs === null;
}

export function owesCharge(run: Run, terms: Terms): run is Ended {
  return (
    run.status === "ended" &&
    run.result === "success" &&
    run.chargedAtMs === null &&
    terms.billing.is_billable
  );
}

/** Contract, Deliveries. */
export function toDeliveryState(run: KnownRun, terms: Pick<Terms, "callbackUrl">): DeliveryState {
  if (terms.callbackUrl === null) return "none";
  if (run.status === "accepted" || (run.status === "abandoned" && run.askedAtMs !== null)) return "waiting";
  return run.delivery.kind === "pending" ? "retrying" : run.delivery.kind;
}

/** The run after a consumer's report; the same run when there is nothing new in it. */
export function advance(run: Run, terms: Terms, seen: Observation, rules: RunRules, at: Moment): Run {
  switch (seen.kind) {
    case "crowded":
      return run;
    case "waiting":
      return run.status === "ended" ? run : waiting(run, seen.runId, at.nowMs);
    case "unseen":
      return unseen(run, terms, seen.unknown, at.nowMs);
    case "ended":
      return ended(run, terms, seen, rules, at);
  }
}

function waiting(run: Exclude<Run, Ended>, runId: string, nowMs: number): Accepted {
  const isObserved =
    run.status === "accepted" && run.unknownSinceMs === null && run.unreachableSinceMs === null;
  // Nothing to write down: when it is polled next follows from its acceptance.
  if (isObserved) return run;
  return found(run, runId, nowMs);
}

/** The upstream knows it. */
function found(run: Exclude<Run, Ended>, runId: string, nowMs: number): Accepted {
  const known = acceptedRun(runId, run.revision + 1, nowMs);
  if (run.status === "forwarding") return known;
  // What an abandoned run's receiver was owed is owed again.
  const { acceptedAtMs, attempts, delivery } = run;
  return { ...known, runId: run.runId, acceptedAtMs, attempts, delivery };
}

function unseen(run: Run, terms: Terms, unknown: boolean, nowMs: number): Run {
  switch (run.status) {
    case "ended":
    case "forwarding":
      return run;
    case "abandoned":
      return unknown || nowMs - (run.askedAtMs ?? nowMs) >= ASKED_MS
        ? { ...run, revision: run.revision + 1, askedAtMs: null }
        : run;
    case "accepted":
      return unseenSince(run, terms, unknown, nowMs);
  }
}

function unseenSince(run: Accepted, terms: Terms, unknown: boolean, nowMs: number): Run {
  const unknownSinceMs = unknown ? (run.unknownSinceMs ?? nowMs) : run.unknownSinceMs;
  const unreachableSinceMs = unknown ? null : (run.unreachableSinceMs ?? nowMs);
  if (unknown && unknownSinceMs !== null && nowMs - unknownSinceMs >= UNKNOWN_MS)
    return abandonRun(run, terms, "unknown_upstream", nowMs);
  if (unreachableSinceMs !== null && nowMs - unreachableSinceMs >= UNREACHABLE_MS)
    return abandonRun(run, terms, "unreachable", nowMs);
  if (unknownSinceMs === run.unknownSinceMs && unreachableSinceMs === run.unreachableSinceMs) return run;
  return { ...run, revision: run.revision + 1, unknownSinceMs, unreachableSinceMs };
}

type ObservedEnd = Extract<Observation, { kind: "ended" }>;

function ended(run: Run, terms: Terms, seen: ObservedEnd, rules: RunRules, at: Moment): Ended {
  const end = run.status === "ended" ? run : freshlyEnded(run, terms, seen, at.nowMs);
  const { delivery, attempt } = applyAttempt(end.delivery, seen, rules.retrySchedule, at.nowMs, at.random);
  const attempts = attempt === null ? end.attempts : [...end.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT);
  const bodyKept = end.bodyKept || seen.bodyKept;
  return { ...end, revision: run.revision + 1, delivery, attempts, bodyKept };
}

function freshlyEnded(run: Exclude<Run, Ended>, terms: Terms, seen: ObservedEnd, nowMs: number): Ended {
  const endedAtMs = nowMs - seen.readAgoMs;
  const { runId, acceptedAtMs, attempts, delivery } = found(run, seen.runId, endedAtMs);
  return {
    status: "ended",
    revision: run.revision,
    runId,
    acceptedAtMs,
    attempts,
    delivery: terms.callbackUrl === null ? { kind: "none" } : firstAttempt(attemptsOf(delivery), nowMs),
    endedAtMs,
    result: seen.result,
    chargedAtMs: null,
    bodyKept: false,
  };
}

function toDead(delivery: Delivery, terms: Terms): Delivery {
  if (terms.callbackUrl === null) return { kind: "none" };
  const isOver = delivery.kind === "delivered" || delivery.kind === "aborted";
  return isOver ? delivery : { kind: "dead", attempts: attemptsOf(delivery) };
}
