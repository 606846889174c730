// One run between its gate, its consumers, the upstream, a receiver and the books, all of it plain data: what each of them
// may do at any moment, in any order and again. The rules are the product's own (run.ts, row.ts); the rest is honest, or
// fails as the test says. Whatever the gate's row becomes is checked against what may never be.
import type { Attempt, AttemptOutcome } from "../../src/callbacks/attempt.ts";
import type { Work } from "../../src/gate/admission.ts";
import type { PutOff } from "../../src/gate/delivery.ts";
import { needsReview } from "../../src/gate/due.ts";
import type { Intent } from "../../src/gate/intent.ts";
import { emptyRow, type Row, reviewRow, rowDueAtMs, settleRow, withClaim } from "../../src/gate/row.ts";
import {
  advance,
  beginRun,
  buryRun,
  type EndedRun,
  isFinished,
  nameRun,
  type RunResult,
  type RunRules,
  type Sighting,
} from "../../src/gate/run.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { ledgerEntries } from "../../src/progress/ledger-entries.ts";
import { type BookedRun, deliveryView } from "../../src/runs/deliveries.ts";
import { expectMove } from "./run-rules.ts";

export type Books = {
  record(entries: LedgerEntry[]): Promise<void>;
  find(): Promise<BookedRun | null>;
};

/** What really happens at the upstream. */
export type Truth = { runId: string; started: boolean; endsAtMs: number; result: RunResult };

/** `lost`: it was done, and nobody hears of it. */
export type BooksMood = "well" | "down" | "lost";
export type ReceiverMood = AttemptOutcome["kind"] | "resting";

export type Event =
  /** The answer to the start; `unknown`: nobody heard it. */
  | { kind: "settle"; heard: boolean }
  | { kind: "take"; pushed: boolean; names: "nothing" | "the run" | "another" }
  | {
      kind: "look";
      hand: number;
      upstream: "honest" | "down" | "forgetful";
      receiver: ReceiverMood;
      books: BooksMood;
    }
  | { kind: "report"; sighting: number }
  | { kind: "bury"; books: BooksMood }
  | { kind: "redeliver" }
  | { kind: "alarm" }
  | { kind: "time"; byMs: number };

export const T0 = Date.parse("2040-01-01T00:00:00Z");
const RULES: RunRules = { pollSchedule: [2, 4, 8], retrySchedule: [5, 300, 600] };
const ATTEMPT = "the first try";
const ANSWER = { status: 202, body: "{}" };
const OUTCOMES: Record<AttemptOutcome["kind"], AttemptOutcome> = {
  acknowledged: { kind: "acknowledged", status: 204 },
  aborted: { kind: "aborted", status: 410 },
  failed: { kind: "failed", status: 500, failure: "status is no 2xx", retryAfterSeconds: null },
};

export class RunWorld {
  readonly #truth: Truth;
  readonly #intent: Intent;
  readonly #books: Books;
  #row: Row;
  #nowMs = T0;
  /** The upstream's own clock does not step back. */
  #upstreamMs = T0;
  readonly #hands: Work[] = [];
  readonly #sightings: Sighting[] = [];
  /** The caller was told 202. */
  promised = false;
  /** Its consumer failed for good, or the upstream denied it: the run was given up unseen. */
  givenUp = false;
  redeliveries = 0;
  /** 204s that the receiver gave. */
  acknowledged = 0;
  /** What the gate knew of it last. */
  end: EndedRun | null = null;

  constructor(key: string, truth: Truth, intent: Intent, claimed: boolean, books: Books) {
    this.#truth = truth;
    this.#intent = intent;
    this.#books = books;
    const row = { ...emptyRow(key), intent, run: beginRun(RULES, T0) };
    const lease = { claimedAtMs: T0, attempt: ATTEMPT, leaseExpiresAtMs: T0 + 15_000 };
    this.#row = claimed ? withClaim(row, { status: "open", fingerprint: "", ...lease }) : row;
  }

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case "settle":
        return this.#settle(event.heard);
      case "take":
        return this.#take(
          event.pushed,
          { nothing: null, "the run": this.#truth.runId, another: "x" }[event.names],
        );
      case "look":
        return this.#look(this.#hands[event.hand % this.#hands.length], event);
      case "report":
        return this.#report(this.#sightings[event.sighting % this.#sightings.length]);
      case "bury":
        return this.#bury(event.books);
      case "redeliver":
        return this.#redeliver();
      case "alarm":
        return this.#alarm();
      case "time":
        this.#nowMs += event.byMs;
        this.#upstreamMs = Math.max(this.#upstreamMs, this.#nowMs);
    }
  }

  /** Nothing fails any more, and time passes until nothing is left to do. */
  async allIsWell(): Promise<void> {
    for (let rings = 0; rings < 500; rings += 1) {
      const dueAtMs = rowDueAtMs(this.#row);
      if (dueAtMs === null) return;
      await this.happen({ kind: "time", byMs: Math.max(0, dueAtMs - this.#nowMs) });
      this.#alarm();
      const hand = this.#hands.length;
      this.#take(false, null);
      if (this.#hands.length === hand) continue;
      await this.happen({ kind: "look", hand, upstream: "honest", receiver: "acknowledged", books: "well" });
      this.#report(this.#sightings.at(-1));
    }
    throw new Error("the gate never gets empty");
  }

  #settle(heard: boolean): void {
    const { started, runId } = this.#truth;
    const answered = started
      ? ({ kind: "accepted", answer: ANSWER, runId } as const)
      : ({ kind: "refused" } as const);
    const outcome = heard ? answered : ({ kind: "unknown" } as const);
    if (outcome.kind === "accepted" && this.#row.run !== null) this.promised = true;
    this.#put(settleRow(this.#row, ATTEMPT, outcome, RULES, this.#nowMs), "settle");
  }

  #take(pushed: boolean, names: string | null): void {
    const { run, intent } = this.#row;
    if (run === null || intent === null || isFinished(run)) return;
    const runId = run.status === "forwarding" ? (names ?? run.named) : run.runId;
    const isHurried = pushed && run.status !== "ended";
    if (runId === null || (this.#nowMs < run.dueAtMs && !isHurried)) return;
    const named = run.status === "forwarding" ? nameRun(run, runId, this.#nowMs) : run;
    this.#put({ ...this.#row, run: named }, "take");
    this.#hands.push({ run: named, intent, runId });
  }

  async #look(
    work: Work | undefined,
    { upstream, receiver, books }: Event & { kind: "look" },
  ): Promise<void> {
    if (work === undefined) return;
    const { run, runId, intent } = work;
    const stamp = { revision: run.revision, atMs: this.#nowMs, random: 0.5 };
    const read =
      run.status === "ended" ? ({ kind: "ended", result: run.result } as const) : this.#read(runId, upstream);
    if (read.kind !== "ended") {
      this.#sightings.push(read.kind === "waiting" ? { ...stamp, ...read, runId } : { ...stamp, ...read });
      return;
    }
    const endedAtMs = run.status === "ended" ? run.endedAtMs : this.#nowMs;
    const seen = { ...stamp, ...read, runId, endedAtMs, bodyKept: false, ...this.#tell(work, receiver) };
    const next = advance(run, intent, { ...seen, booked: false }, RULES);
    if (next.status !== "ended") throw new Error("an end was seen, and the run has not ended");
    await this.#record(ledgerEntries(next, intent), books);
    this.#sightings.push({ ...seen, booked: books === "well" });
  }

  #read(runId: string, mood: (Event & { kind: "look" })["upstream"]) {
    const { started, endsAtMs, result } = this.#truth;
    if (mood === "down") return { kind: "unseen", unknown: false } as const;
    const isKnown = started && runId === this.#truth.runId;
    if (!isKnown || mood === "forgetful") return { kind: "unseen", unknown: true } as const;
    return this.#upstreamMs < endsAtMs
      ? ({ kind: "waiting" } as const)
      : ({ kind: "ended", result } as const);
  }

  #tell({ run, intent }: Work, mood: ReceiverMood): { attempt: Attempt | null; putOff: PutOff | null } {
    const delivery = run.status === "ended" ? run.delivery : null;
    const isDue = delivery === null || (delivery.kind === "pending" && delivery.nextAtMs <= this.#nowMs);
    if (intent.callbackUrl === null || !isDue) return { attempt: null, putOff: null };
    if (mood === "resting") {
      const untilMs = this.#nowMs + 30_000;
      return { attempt: null, putOff: { untilMs, why: "rest" } };
    }
    if (mood === "acknowledged") this.acknowledged += 1;
    const number = (delivery?.kind === "pending" ? delivery.made : 0) + 1;
    return {
      attempt: { number, atMs: this.#nowMs, durationMs: 1, outcome: OUTCOMES[mood] },
      putOff: null,
    };
  }

  async #record(entries: LedgerEntry[], mood: BooksMood): Promise<void> {
    if (mood === "down") return;
    for (const { charge } of entries) {
      if (charge !== null && this.#truth.result !== "success") throw new Error("a charge without success");
    }
    await this.#books.record(entries);
  }

  #report(seen: Sighting | undefined): void {
    const { run, intent } = this.#row;
    if (seen === undefined || run === null || intent === null) return;
    const next = advance(run, intent, seen, RULES);
    if (next !== run && next.status === "ended" && next.result === null) this.givenUp = true;
    this.#put({ ...this.#row, run: next }, "report");
  }

  async #bury(mood: BooksMood): Promise<void> {
    const { run, intent } = this.#row;
    if (run === null || intent === null || run.status === "forwarding" || isFinished(run)) return;
    const buried = buryRun(run, intent, this.#nowMs);
    this.givenUp = true;
    this.#put({ ...this.#row, run: buried }, "bury");
    await this.#record(ledgerEntries(buried, intent), mood);
    if (mood !== "well") return;
    const { revision, runId, result, endedAtMs } = buried;
    const stamp = { revision, atMs: this.#nowMs, random: 0 };
    const nothing = { attempt: null, putOff: null, bodyKept: false };
    this.#report({ ...stamp, ...nothing, kind: "ended", runId, result, endedAtMs, booked: true });
  }

  async #redeliver(): Promise<void> {
    const view = await this.view();
    if (view?.revival == null) return;
    this.redeliveries += 1;
    this.#put({ ...this.#row, intent: view.intent, run: view.revival }, "redeliver");
  }

  /** What the run's caller is shown. */
  async view() {
    const { key, run, intent } = this.#row;
    const live = run === null || run.status === "forwarding" || intent === null ? null : { key, run, intent };
    return deliveryView(this.#intent.target, live, await this.#books.find(), this.#nowMs);
  }

  #alarm(): void {
    const { claim, reviewAtMs } = this.#row;
    const due = { ...this.#row, reviewAtMs: claim && reviewAtMs };
    if (!needsReview(due, this.#nowMs)) return;
    const review = reviewRow(this.#row, this.#nowMs);
    // KV holds the answer.
    this.#put(review.kind === "check" ? withClaim(this.#row, null) : review.row, "alarm");
  }

  #put(next: Row, why: Event["kind"]): void {
    expectMove(this.#row, next, why, this.#nowMs);
    if (next.run?.status === "ended") this.end = next.run;
    this.#row = rowDueAtMs(next) === null ? emptyRow(next.key) : next;
  }
}
