// What a gate shows to its caller of one run, and to operators: its counts as they are, the runs that are due first, its runs in order, what they cost.
// It changes nothing.

import type { Window } from "../rate-limit/window.ts";
import { type Claim, expiresAtMs, isExpired } from "../runs/claim.ts";
import type { OpenRun } from "../runs/open-run.ts";
import { isFinished, type Run, toDeliveryState } from "../runs/run.ts";
import type { RunRecord } from "./admission.ts";
import type { Parts } from "./admit.ts";
import type { StoredControl } from "./controls.ts";
import type { Dismissal } from "./index-event.ts";
import type { DuePosition } from "./run-index.ts";
import type { Runs } from "./runs.ts";
import type { AnswerPosition } from "./store/answers.ts";
import type { EndedPosition } from "./store/ended-runs.ts";
import type { GateStore } from "./store/gate-store.ts";

export type Inspection = {
  /** This user was once promised something, counted, blocked or limited. */
  isKnown: boolean;
  /** In force now. */
  control: StoredControl | null;
  /** Open ones only. */
  windows: { runs: Window | null; results: Window | null };
  open: { runKey: string; run: Run; hasCallback: boolean; dueAtMs: number }[];
  openCount: number;
  /** Where the open runs and the claims go on; null: they do not. */
  openNext: DuePosition | null;
  claimsNext: AnswerPosition | null;
  claims: { id: string; status: Claim["status"]; sinceMs: number; endsAtMs: number }[];
  /** Null: this gate has promised nothing yet. */
  user: { issuer: string; subject: string } | null;
  /** Tasks by day in UTC, counted from 1970, newest first. */
  usage: { day: number; tasks: number }[];
};

/** `finishedAtMs` null: the run is open. */
export type ListedRun = RunRecord & { finishedAtMs: number | null };
export type RunListing = { runs: ListedRun[]; next: EndedPosition | null };

/** After which open run and which claim the lists begin; null: at their beginning. */
export type InspectedAfter = { open: DuePosition | null; claims: AnswerPosition | null };

const MAX_SHOWN = 200;
const FROM_BEGINNING: InspectedAfter = { open: null, claims: null };

/** A run as its caller may see it, null when nothing is kept of it here. */
export function findRun(runs: Runs, runId: string): RunRecord | null {
  const found = runs.find(runId);
  return found && toRecord(runs, found.open ?? found.ended);
}

/** Runs whose ids begin so, `limit` at most. */
export function findRuns(store: GateStore, runs: Runs, prefix: string, limit: number): RunRecord[] {
  const open = runs.index.startingWith(prefix, limit).map((indexed) => runs.read(indexed));
  const ended = store.endedRuns.startingWith(prefix, limit - open.length);
  return [...open, ...ended].map((run) => toRecord(runs, run)).filter((record) => record !== null);
}

type Recorded = Pick<OpenRun, "runKey" | "terms" | "run"> & { dismissal?: Dismissal };

/** Null: its start has not been answered. */
export function toRecord(runs: Runs, { runKey, terms, run, dismissal }: Recorded): RunRecord | null {
  if (run.status === "forwarding") return null;
  const dueAtMs = isFinished(run) ? null : (runs.index.get(runKey)?.dueAtMs ?? null);
  return { runKey, terms, run, state: toDeliveryState(run, terms), dueAtMs, dismissal: dismissal ?? null };
}

export function inspect(
  { store, runs, counter, controls }: Parts,
  usageFromMs: number,
  nowMs: number,
  after = FROM_BEGINNING,
): Inspection {
  const due = runs.index.earliest(MAX_SHOWN, after.open);
  const first = due.map((indexed) => ({ indexed, open: runs.read(indexed) }));
  const lastDue = due.length === MAX_SHOWN ? due.at(-1) : undefined;
  const user = store.mark("user");
  const openClaims = first.flatMap(({ open: { runKey, claim } }) =>
    claim === null ? [] : [{ id: runKey, claim }],
  );
  const answers = store.answers.page(after.claims, MAX_SHOWN);
  const lastAnswer = answers.length === MAX_SHOWN ? answers.at(-1) : undefined;
  const claims = after.claims === null ? [...openClaims, ...answers] : answers;
  return {
    isKnown: user !== undefined || counter.windows.revision > 0 || controls.isKnown,
    control: controls.current(nowMs),
    windows: {
      runs: pickOpen(counter.windows.runs, nowMs),
      results: pickOpen(counter.windows.results, nowMs),
    },
    open: first.map(({ indexed: { dueAtMs }, open: { runKey, run, terms } }) => {
      return { runKey, run, hasCallback: terms.callbackUrl !== null, dueAtMs };
    }),
    openCount: runs.index.size,
    openNext: lastDue ? { dueAtMs: lastDue.dueAtMs, runKey: lastDue.runKey } : null,
    claimsNext: lastAnswer ? { day: lastAnswer.day, id: lastAnswer.id } : null,
    claims: claims.filter(({ claim }) => !isExpired(claim, nowMs)).map(shownClaim),
    user: user ? { issuer: user.issuer, subject: user.subject } : null,
    usage: store.charges.countByDay(usageFromMs),
  };
}

/** The open ones are on the first page, up to 200 of them. */
export function listRuns(
  store: GateStore,
  runs: Runs,
  position: EndedPosition | null,
  limit: number,
): RunListing {
  const page = store.endedRuns.page(position, limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  const ended = page.map(({ runKey, terms, run, finishedAtMs, dismissal = null }): ListedRun => {
    const state = toDeliveryState(run, terms);
    return { runKey, terms, run, state, dueAtMs: null, dismissal, finishedAtMs };
  });
  const open =
    position === null
      ? runs.index.earliest(MAX_SHOWN).flatMap((indexed) => listed(runs.read(indexed), indexed.dueAtMs))
      : [];
  return { runs: [...open, ...ended], next: last ? { week: last.week, seq: last.seq } : null };
}

function listed({ runKey, terms, run }: OpenRun, dueAtMs: number): ListedRun[] {
  if (run.status === "forwarding") return [];
  const state = toDeliveryState(run, terms);
  return [{ runKey, terms, run, state, dueAtMs, dismissal: null, finishedAtMs: null }];
}

function pickOpen(window: Window | null, nowMs: number): Window | null {
  return window !== null && nowMs < window.endsAtMs ? window : null;
}

function shownClaim({ id, claim }: { id: string; claim: Claim }): Inspection["claims"][number] {
  const sinceMs = claim.status === "settled" ? claim.settledAtMs : claim.claimedAtMs;
  return { id, status: claim.status, sinceMs, endsAtMs: expiresAtMs(claim) };
}
