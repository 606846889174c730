// The runs of one user: their rows, and the index in memory over those that are open. Every change of a run goes through
// here, and writes all that hangs on it in one transaction: the row, the charge of a success, the end of the row, what
// is to be reported to the operators' index. Memory follows when the transaction has returned.
import { log } from "../platform/observability/log.ts";
import { ALONE_AFTER_FAILURES, type OpenRun, openDueAtMs, withoutClaim } from "../runs/open-run.ts";
import {
  type AbandonReason,
  type Ended,
  isFinished,
  owesCharge,
  type Run,
  type RunRules,
  redeliverRun,
  stopRun,
} from "../runs/run.ts";
import { nextPollAtMs } from "../runs/run-schedule.ts";
import { storedActionIdOf } from "../runs/terms.ts";
import type { Counter } from "./counter.ts";
import { toDeadLetter } from "./dead-letter.ts";
import type { Dismissal, DismissalOutcome } from "./index-event.ts";
import { type IndexedRun, RunIndex } from "./run-index.ts";
import type { FinishedRun } from "./store/ended-runs.ts";
import type { GateStore } from "./store/gate-store.ts";

/** An object that starts polls again what was due in this time: the poll may have got lost with its predecessor. */
const MISSED_MS = 2 * 60_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export class Runs {
  readonly index = new RunIndex();
  readonly #store: GateStore;
  readonly #counter: Counter;
  readonly #gate: string;
  rules: RunRules;
  #isUserNoted = false;

  /** `gate` names the object in the log. */
  constructor(
    gate: string,
    store: GateStore,
    counter: Counter,
    rules: RunRules,
    rows: ReturnType<GateStore["openRuns"]["load"]>["rows"],
  ) {
    this.#gate = gate;
    this.#store = store;
    this.#counter = counter;
    this.rules = rules;
    const sinceMs = Date.now() - MISSED_MS;
    for (const { id, runKey, runId, dueAtMs: storedMs, acceptedAtMs } of rows) {
      const atMs = acceptedAtMs === null ? storedMs : nextPollAtMs(acceptedAtMs, rules.pollSchedule, sinceMs);
      this.index.load(id, runKey, runId, atMs);
    }
  }

  get(runKey: string): OpenRun | null {
    const indexed = this.index.get(runKey);
    return indexed && this.#store.openRuns.read(indexed.rowId);
  }

  read({ rowId }: IndexedRun): OpenRun {
    return this.#store.openRuns.read(rowId);
  }

  /** By the upstream's id, whether it is open or ended. */
  find(runId: string): { open: OpenRun; ended: null } | { open: null; ended: FinishedRun } | null {
    const indexed = this.index.findByRunId(runId);
    if (indexed !== null) return { open: this.read(indexed), ended: null };
    const ended = this.#store.endedRuns.find(runId);
    return ended && { open: null, ended };
  }

  /** Whether another row than `runKey`'s has this run. */
  isElsewhere(runId: string, runKey: string): boolean {
    const indexed = this.index.findByRunId(runId);
    return indexed === null ? this.#store.endedRuns.has(runId) : indexed.runKey !== runKey;
  }

  /** Writes a run down as it is now, whatever follows from it; it is due at `dueMs`, or when its state says. */
  put(open: OpenRun, nowMs: number, dueMs = openDueAtMs(open, this.rules, nowMs)): void {
    const rowId = this.index.get(open.runKey)?.rowId ?? null;
    const writtenId = this.#atomically(() => {
      if (!this.#isUserNoted) this.#noteUser(open);
      const run = this.#charged(open, nowMs);
      if (isFinished(run)) {
        const { runKey, terms, redelivery } = open;
        this.#finish(rowId, { runKey, terms, run, finishedAtMs: nowMs }, redelivery);
        return null;
      }
      return this.#store.openRuns.write(rowId, { ...open, run }, dueMs, this.#counter.forRow());
    });
    this.#isUserNoted = true;
    if (writtenId === null) return this.index.remove(open.runKey);
    this.index.put(writtenId, open.runKey, runIdOf(open.run), dueMs);
    if (open.failures >= ALONE_AFTER_FAILURES) this.index.setAlone(open.runKey);
  }

  /** No more polls or attempts are made. False: its start has not been answered, or it is not open. */
  abandon(runKey: string, reason: AbandonReason, nowMs: number): boolean {
    const open = this.get(runKey);
    if (open === null || open.run.status === "forwarding") return false;
    this.put({ ...open, run: stopRun(open.run, open.terms, reason, nowMs) }, nowMs);
    return true;
  }

  dismiss(runId: string, dismissal: Dismissal): DismissalOutcome {
    return this.#atomically(() => {
      const dismissed = this.#store.endedRuns.dismiss(runId, dismissal);
      if (typeof dismissed === "string") return dismissed;
      this.#store.outbox.add({ kind: "dead_letter", deadLetter: toDeadLetter(dismissed) });
      return "dismissed";
    });
  }

  /** Nothing of it was promised. */
  drop(runKey: string, nowMs: number): void {
    const indexed = this.index.get(runKey);
    if (indexed === null) return;
    this.#store.openRuns.remove(indexed.rowId);
    this.index.remove(runKey);
    this.#counter.rowDropped(nowMs);
  }

  /** Its key is another run's from now on: this one goes on under a key of its own; due as it was, or at `atMs`. */
  rename(open: OpenRun, atMs: number | null = null): void {
    const indexed = this.index.get(open.runKey);
    if (indexed === null) return;
    const renamed = { ...withoutClaim(open), runKey: crypto.randomUUID() };
    const { rowId } = indexed;
    const dueMs = atMs ?? indexed.dueAtMs;
    this.#store.openRuns.write(rowId, renamed, dueMs, this.#counter.forRow());
    this.index.remove(open.runKey);
    this.index.put(rowId, renamed.runKey, runIdOf(open.run), dueMs);
  }

  /** An ended run is delivered again; an abandoned one is asked for first. `redelivery`: for this batch. Null: there is no callback to send again. */
  reopen({ runKey, terms, run: finished }: FinishedRun, nowMs: number, redelivery: string | null = null) {
    if (finished.status === "ended" && terms.callbackUrl === null) return null;
    // Its key may be another run's by now.
    const openKey = this.index.get(runKey) === null ? runKey : crypto.randomUUID();
    const run = redeliverRun(finished, nowMs);
    const open = {
      runKey: openKey,
      claim: null,
      terms,
      run,
      failures: 0,
      ...(redelivery !== null && { redelivery }),
    } satisfies OpenRun;
    const rowId = this.#atomically(() => {
      if (this.#store.endedRuns.remove(run.runId))
        this.#store.outbox.add({ kind: "resolved", runId: run.runId });
      return this.#store.openRuns.write(null, open, nowMs, this.#counter.forRow());
    });
    this.index.put(rowId, openKey, run.runId, nowMs);
    return open;
  }

  /** What is rolled back has taken the count along, which needs another row then. */
  #atomically<T>(work: () => T): T {
    try {
      return this.#store.atomically(work);
    } catch (error) {
      this.#counter.rowDropped(Date.now());
      throw error;
    }
  }

  #charged({ run, terms }: OpenRun, nowMs: number): Run {
    if (!owesCharge(run, terms)) return run;
    const charge = { runId: run.runId, storedActionId: storedActionIdOf(terms), billing: terms.billing };
    const chargedAtMs = this.#store.charges.add(charge, nowMs, this.#store.mark("shown_to_ms") ?? 0);
    this.#noteActive(terms.userKey, nowMs);
    return { ...run, chargedAtMs } satisfies Ended;
  }

  #finish(rowId: number | null, finished: FinishedRun, redelivery: string | undefined): void {
    const { terms, run, finishedAtMs } = finished;
    if (rowId !== null) this.#store.openRuns.remove(rowId);
    const isDead = this.#store.endedRuns.add(finished, this.#counter.forRow());
    if (redelivery !== undefined) {
      const delivered = !isDead && run.delivery.kind !== "aborted";
      this.#store.outbox.add({ kind: "redelivered", redelivery, runId: run.runId, delivered });
    }
    if (isDead) {
      this.#store.outbox.add({ kind: "dead_letter", deadLetter: toDeadLetter(finished) });
      if (this.#store.mark("dead_letters") !== true) this.#store.setMark("dead_letters", true);
    }
    if (run.status === "abandoned")
      log({ event: "run.abandoned", gate: this.#gate, run_id: run.runId, reason: run.reason });
    this.#noteActive(terms.userKey, finishedAtMs);
  }

  #noteUser({ terms: { userKey, issuer, subject } }: OpenRun): void {
    if (this.#store.mark("user") === undefined) this.#store.setMark("user", { userKey, issuer, subject });
  }

  // Spread over an hour, so that a day's first runs do not all come to D1 at midnight.
  #noteActive(userKey: string, nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS);
    if (this.#store.mark("active_day") === day) return;
    this.#store.setMark("active_day", day);
    this.#store.outbox.add({ kind: "active_day", userKey, day }, nowMs + Math.round(Math.random() * HOUR_MS));
  }
}

function runIdOf(run: Run): string | null {
  return run.status === "forwarding" ? null : run.runId;
}
