// A row as decisions see it: its claim, which is reviewed now and then until KV holds the answer, and its run, which
// is looked at whenever it owes somebody something. Without either it goes.
import type { AdmitRequest } from "./admission.ts";
import {
  type Claim,
  expiresAtMs,
  isExpired,
  REPLAY_MS,
  type Settled,
  settleClaim,
  type TryOutcome,
} from "./claim.ts";
import type { Intent } from "./intent.ts";
import { acceptRun, beginRun, isAbandoned, isFinished, type Run, type RunRules, retryRun } from "./run.ts";

export type Row = {
  /** UUID, lower case: the idempotency id that the upstream was given. */
  key: string;
  claim: Claim | null;
  /** When the claim is reviewed next; meaningless without one. */
  reviewAtMs: number;
  intent: Intent | null;
  run: Run | null;
};

/** Far longer than KV needs to spread an answer. */
const KEEP_SETTLED_MS = 60 * 60 * 1000;
/** After a copy had to be written again: until every location has forgotten that it did not know it. */
const RECHECK_MS = 10 * 60 * 1000;
/** Reviews fall on this grid, so that one alarm, and one row written for it, serves many. */
const GRID_MS = 10 * 60 * 1000;
/** More than a pointer's round (progress/consumer.ts), and than a named run waits for a look. */
const LATE_MS = 3 * 60_000;

export function emptyRow(key: string): Row {
  return { key, claim: null, reviewAtMs: 0, intent: null, run: null };
}

/** The row with another claim. An open one is reviewed with those that settle at once, so that settling it seldom moves the alarm again. */
export function withClaim(row: Row, claim: Claim | null): Row {
  if (claim === null) return { ...row, claim };
  const sinceMs = claim.status === "settled" ? claim.settledAtMs : claim.claimedAtMs;
  return { ...row, claim, reviewAtMs: onGrid(sinceMs + KEEP_SETTLED_MS) };
}

/** When somebody must look at a row; null when nothing keeps it. */
export function rowDueAtMs({ claim, reviewAtMs, run }: Row): number | null {
  const owes = run !== null && !isFinished(run);
  if (claim === null) return owes ? run.dueAtMs : null;
  return owes ? Math.min(reviewAtMs, run.dueAtMs) : reviewAtMs;
}

/** After an admission. `earlier`: a run that had the same key, and may have been made room for. */
export function admittedRow(
  row: Row,
  claim: Claim | null,
  promise: AdmitRequest["promise"],
  earlier: Run | null,
  nowMs: number,
): Row {
  const intent = row.intent ?? promise?.intent ?? null;
  const run = row.run ? retryRun(row.run, nowMs) : promise && beginRun(promise.rules, nowMs, earlier);
  return { ...withClaim(row, claim), intent, run };
}

/** Without the claim that an admission made; null when there is none of that attempt's. */
export function withdrawnRow(row: Row | null, attempt: string, began: boolean): Row | null {
  if (row?.claim?.status !== "open" || row.claim.attempt !== attempt) return null;
  // A run that was here before is still owed its end.
  const run = began && row.run?.status === "forwarding" ? null : row.run;
  return { ...withClaim(row, null), run };
}

/** After a try at starting its run; the same row when that changes nothing. */
export function settleRow(
  row: Row,
  attempt: string,
  outcome: TryOutcome,
  rules: RunRules,
  nowMs: number,
): Row {
  const claim = settleClaim(row.claim, attempt, outcome, nowMs);
  const released = outcome.kind === "refused" && claim === null;
  const run = settleRun(row.run, outcome, released, rules, nowMs);
  return claim === row.claim && run === row.run ? row : { ...withClaim(row, claim), run };
}

function settleRun(
  run: Run | null,
  outcome: TryOutcome,
  released: boolean,
  rules: RunRules,
  nowMs: number,
): Run | null {
  if (run === null) return null;
  if (outcome.kind === "accepted") return acceptRun(run, outcome.runId, rules, nowMs);
  return released && run.status === "forwarding" ? null : run;
}

/** Whether its id is free for another run, although this one still owes somebody something. */
export function isOutlived({ claim, run }: Row, nowMs: number): boolean {
  if (run === null || run.status === "forwarding") return false;
  return claim === null ? nowMs >= run.acceptedAtMs + REPLAY_MS : isExpired(claim, nowMs);
}

export type Review =
  /** Goes once KV is known to hold the answer, and is looked at again if it had to be written. */
  { kind: "check"; claim: Settled; recheckAtMs: number } | { kind: "keep"; row: Row };

export function reviewRow(given: Row, nowMs: number): Review {
  const row = pruned(given, nowMs);
  const { claim } = row;
  if (claim === null || nowMs < row.reviewAtMs) return { kind: "keep", row };
  // Nobody can ask for this id any more.
  if (isExpired(claim, nowMs)) return { kind: "keep", row: withClaim(row, null) };
  if (claim.status === "open")
    return { kind: "keep", row: { ...row, reviewAtMs: onGrid(expiresAtMs(claim)) } };
  return { kind: "check", claim, recheckAtMs: nowMs + RECHECK_MS };
}

// A start that is only waiting for somebody to name its run is not looked at before it is given up.
function pruned(row: Row, nowMs: number): Row {
  if (row.run?.status !== "forwarding") return row;
  if (isAbandoned(row.run, nowMs)) return withoutRun(row, row.run, nowMs);
  if (row.run.named !== null) return row;
  return nowMs < row.run.dueAtMs ? row : { ...row, run: { ...row.run, dueAtMs: row.run.giveUpAtMs } };
}

// Not under a try that is in flight: its answer would find nothing to accept. Nor at once when nobody could look at it in
// time: whoever was away then may not have heard the Worker's own pointer, which comes round each minute.
function withoutRun(row: Row, run: Run & { status: "forwarding" }, nowMs: number): Row {
  const leaseEndsMs = row.claim?.status === "open" ? row.claim.leaseExpiresAtMs : nowMs;
  const heardByMs = nowMs - run.giveUpAtMs > LATE_MS ? nowMs + LATE_MS : nowMs;
  const giveUpAtMs = Math.max(leaseEndsMs, heardByMs);
  return { ...row, run: giveUpAtMs <= nowMs ? null : { ...run, dueAtMs: giveUpAtMs, giveUpAtMs } };
}

function onGrid(atMs: number): number {
  return Math.ceil(atMs / GRID_MS) * GRID_MS;
}
