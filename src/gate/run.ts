// A run that owes somebody something: its end to a callback_url, its success to the books. A row's life is
// forwarding → accepted → ended, and then nothing; every state says when somebody must look at it next. Events are
// facts that a consumer saw; whichever order they come in, and however often, a run only moves forward.
import type { Attempt } from "../callbacks/attempt.ts";
import type { Settings } from "../settings.ts";
import { type Delivery, firstAttempt, type PutOff, tried } from "./delivery.ts";
import type { Intent } from "./intent.ts";

export type RunResult = "success" | "error";

/** `revision` grows with every event, so that a report on an older state is recognised. */
export type Run =
  | {
      status: "forwarding";
      revision: number;
      dueAtMs: number;
      giveUpAtMs: number;
      /** The run's id as a push says, which a read has to confirm. */
      named: string | null;
    }
  | {
      status: "accepted";
      revision: number;
      dueAtMs: number;
      runId: string;
      acceptedAtMs: number;
      /** When the upstream last showed it; absent in a row from before this was kept. */
      seenAtMs?: number;
      looks: number;
      /** Looks since it was seen last at which the upstream did not know it. */
      unknownLooks: number;
    }
  | EndedRun;

export type EndedRun = {
  status: "ended";
  revision: number;
  dueAtMs: number;
  runId: string;
  acceptedAtMs: number;
  endedAtMs: number;
  /** Null when the upstream lost the run before anybody saw its end. */
  result: RunResult | null;
  delivery: Delivery;
  /** KV holds the body, so that later attempts do not depend on the upstream. */
  bodyKept: boolean;
  /** What the books do not have yet. */
  unbooked: { run: boolean; charge: boolean; attempts: readonly Attempt[]; tries: number };
};

/** What a consumer saw at one look. `atMs` and `random` come with it, so that everybody who applies it gets the same. */
export type Sighting = { revision: number; atMs: number; random: number } & (
  | { kind: "waiting"; runId: string }
  /** The upstream did not answer, or (`unknown`) does not know the run. */
  | { kind: "unseen"; unknown: boolean }
  | {
      kind: "ended";
      runId: string;
      result: RunResult | null;
      /** When the end was read, before it was told. */
      endedAtMs: number;
      attempt: Attempt | null;
      putOff: PutOff | null;
      bodyKept: boolean;
      booked: boolean;
    }
);

type Seen = Sighting & { kind: "ended" };

/** Seconds between looks at a run, and between attempts at its receiver. */
export type RunRules = { pollSchedule: readonly number[]; retrySchedule: readonly number[] };

export function runRulesOf(settings: Settings): RunRules {
  return {
    pollSchedule: settings.runPollScheduleSeconds,
    retrySchedule: settings.callbackRetryScheduleSeconds,
  };
}

/** A start that nobody heard the answer to is kept this long, for a completion that names its run. */
const UNANSWERED_MS = 60 * 60 * 1000;
/** The upstream keeps results for seven days; after so long out of its sight there is nothing left to see. */
const LOST_AFTER_MS = 7 * 24 * 60 * 60 * 1000;
const UNKNOWN_LOOKS = 8;
/** A run that only a push has named is looked at by the timer so soon, in case its consumer dies, and then so often. */
const NAMED_MS = 5_000;
const NAMED_PAUSE_MS = 60_000;
const BOOKING_PAUSE_MS = 5_000;
const MAX_BOOKING_PAUSE_MS = 300_000;

/** `earlier`: a run that had the same key; a late report on it is not about this one. */
export function beginRun(rules: RunRules, nowMs: number, earlier: Run | null = null): Run {
  return {
    status: "forwarding",
    revision: earlier === null ? 0 : earlier.revision + 1,
    dueAtMs: nowMs + pauseMs(rules, 0),
    giveUpAtMs: nowMs + UNANSWERED_MS,
    named: null,
  };
}

/** Another try took the start over: its run is waited for from now on. A look that is due stays so. */
export function retryRun(run: Run, nowMs: number): Run {
  return run.status === "forwarding" ? { ...run, giveUpAtMs: nowMs + UNANSWERED_MS } : run;
}

/** A push names the run before its start was answered. Kept, because that answer may never come, and the push not again. */
export function nameRun(run: Run & { status: "forwarding" }, runId: string, nowMs: number): Run {
  return run.named === runId ? run : { ...run, named: runId, dueAtMs: nowMs + NAMED_MS };
}

/**
 * The upstream's yes. A run that has been seen since keeps what was seen; one that somebody is looking at is not
 * another one for it, so that what they see still counts.
 */
export function acceptRun(run: Run, runId: string, rules: RunRules, nowMs: number): Run {
  if (run.status !== "forwarding") return run;
  return {
    status: "accepted",
    revision: run.revision,
    dueAtMs: nowMs + pauseMs(rules, 0),
    runId,
    acceptedAtMs: nowMs,
    seenAtMs: nowMs,
    looks: 0,
    unknownLooks: 0,
  };
}

/** A run whose end is to be told again, from what the books know of it. */
export function revivedRun(
  known: Pick<EndedRun, "runId" | "acceptedAtMs" | "endedAtMs" | "result" | "revision"> & { made: number },
  nowMs: number,
): EndedRun {
  const { made, revision, ...rest } = known;
  const delivery = firstAttempt(made, nowMs);
  const unbooked = { run: true, charge: false, attempts: [], tries: 0 };
  // Whether KV holds the body is found out by asking it.
  const dueAtMs = nowMs;
  return { ...rest, bodyKept: true, status: "ended", revision: revision + 1, dueAtMs, delivery, unbooked };
}

/** The run after a sighting; the same run when the sighting is of an older state. */
export function advance(run: Run, intent: Intent, seen: Sighting, rules: RunRules): Run {
  if (seen.revision !== run.revision) return run;
  switch (seen.kind) {
    case "waiting":
      return run.status === "ended" ? run : waiting(run, seen, rules);
    case "unseen":
      return unseen(run, intent, seen, rules);
    case "ended":
      return told(run.status === "ended" ? run : ended(run, intent, seen), seen, rules);
  }
}

/** A run that nobody is to be troubled with any more: what was owed of it is a dead letter, and the books are owed that. */
export function buryRun(
  run: Exclude<Run, { status: "forwarding" }>,
  intent: Intent,
  nowMs: number,
): EndedRun {
  const end = run.status === "ended" ? run : freshlyEnded(run.runId, run.acceptedAtMs, nowMs, null);
  const made = end.delivery.kind === "none" ? 0 : end.delivery.made;
  const owed = intent.callbackUrl !== null && (run.status !== "ended" || end.delivery.kind === "pending");
  const delivery: Delivery = owed ? { kind: "dead", made } : end.delivery;
  const unbooked = { ...end.unbooked, run: true };
  return withDue({ ...end, revision: run.revision + 1, delivery, unbooked }, nowMs);
}

/** Nothing is owed any more. */
export function isFinished(run: Run): boolean {
  if (run.status !== "ended" || run.delivery.kind === "pending") return false;
  return !run.unbooked.run;
}

/** A start whose answer nobody heard, and whose run nobody named or nobody could see. */
export function isAbandoned(run: Run, nowMs: number): boolean {
  return run.status === "forwarding" && nowMs >= run.giveUpAtMs;
}

// A push makes somebody look before the timer does. Such a look must not cost the run one of the timer's own: whoever
// pushes too often, or has got hold of a ref, could put the end's discovery off, or have a run given up too soon.
function isEarly(run: Run, seen: Sighting): boolean {
  return seen.atMs < run.dueAtMs;
}

function waiting(run: Exclude<Run, EndedRun>, seen: Sighting & { kind: "waiting" }, rules: RunRules): Run {
  if (run.status === "accepted" && isEarly(run, seen))
    return { ...run, revision: run.revision + 1, seenAtMs: seen.atMs, unknownLooks: 0 };
  const looks = run.status === "accepted" ? run.looks + 1 : 1;
  return {
    status: "accepted",
    revision: run.revision + 1,
    dueAtMs: seen.atMs + pauseMs(rules, looks),
    runId: seen.runId,
    acceptedAtMs: run.status === "accepted" ? run.acceptedAtMs : seen.atMs,
    seenAtMs: seen.atMs,
    looks,
    unknownLooks: 0,
  };
}

function unseen(run: Run, intent: Intent, seen: Sighting & { kind: "unseen" }, rules: RunRules): Run {
  if (run.status === "ended") return run;
  if (run.status === "forwarding")
    return { ...run, revision: run.revision + 1, dueAtMs: seen.atMs + NAMED_PAUSE_MS };
  if (isEarly(run, seen)) return { ...run, revision: run.revision + 1 };
  const looks = run.looks + 1;
  const unknownLooks = run.unknownLooks + (seen.unknown ? 1 : 0);
  const unseenMs = seen.atMs - (run.seenAtMs ?? run.acceptedAtMs);
  const lost = unknownLooks >= UNKNOWN_LOOKS || unseenMs >= LOST_AFTER_MS;
  const revision = run.revision + 1;
  if (!lost) return { ...run, revision, looks, unknownLooks, dueAtMs: seen.atMs + pauseMs(rules, looks) };
  const delivery: Delivery = intent.callbackUrl === null ? { kind: "none" } : { kind: "dead", made: 0 };
  const end = freshlyEnded(run.runId, run.acceptedAtMs, seen.atMs, null);
  return withDue({ ...end, revision, delivery }, seen.atMs);
}

function ended(run: Exclude<Run, EndedRun>, intent: Intent, seen: Seen): EndedRun {
  const { endedAtMs } = seen;
  const acceptedAtMs = run.status === "accepted" ? run.acceptedAtMs : endedAtMs;
  const fresh = freshlyEnded(seen.runId, acceptedAtMs, endedAtMs, seen.result);
  const delivery: Delivery = intent.callbackUrl === null ? { kind: "none" } : firstAttempt(0, seen.atMs);
  const charge = intent.billing.is_billable && seen.result === "success";
  return { ...fresh, revision: run.revision, delivery, unbooked: { ...fresh.unbooked, charge } };
}

function freshlyEnded(
  runId: string,
  acceptedAtMs: number,
  endedAtMs: number,
  result: RunResult | null,
): EndedRun {
  return {
    status: "ended",
    revision: 0,
    dueAtMs: endedAtMs,
    runId,
    acceptedAtMs,
    endedAtMs,
    result,
    delivery: { kind: "none" },
    bodyKept: false,
    unbooked: { run: true, charge: false, attempts: [], tries: 0 },
  };
}

function told(run: EndedRun, seen: Seen, rules: RunRules): EndedRun {
  const { delivery, attempt } = tried(run.delivery, seen, rules.retrySchedule);
  const attempts = attempt === null ? run.unbooked.attempts : [...run.unbooked.attempts, attempt];
  const unbooked = seen.booked
    ? BOOKED
    : { ...run.unbooked, run: true, attempts, tries: run.unbooked.tries + 1 };
  const bodyKept = run.bodyKept || seen.bodyKept;
  return withDue({ ...run, revision: run.revision + 1, delivery, bodyKept, unbooked }, seen.atMs);
}

const BOOKED = { run: false, charge: false, attempts: [], tries: 0 };

function withDue(run: EndedRun, nowMs: number): EndedRun {
  const booking = run.unbooked.run ? nowMs + bookingPauseMs(run.unbooked.tries) : Number.POSITIVE_INFINITY;
  const telling = run.delivery.kind === "pending" ? run.delivery.nextAtMs : Number.POSITIVE_INFINITY;
  const dueAtMs = Math.min(booking, telling);
  return { ...run, dueAtMs: Number.isFinite(dueAtMs) ? dueAtMs : nowMs };
}

function bookingPauseMs(tries: number): number {
  return Math.min(MAX_BOOKING_PAUSE_MS, BOOKING_PAUSE_MS * 2 ** Math.min(tries, 10));
}

function pauseMs({ pollSchedule }: RunRules, looks: number): number {
  return (pollSchedule[Math.min(looks, pollSchedule.length - 1)] ?? 1) * 1000;
}
