// The truth about one user: how many requests the window has counted, which idempotency ids are claimed, with which
// answers, and which runs still owe somebody something. One object a user, so everything that must be exact happens
// here, between two awaits. It trusts the Worker that calls it (no caller reaches it) and nothing that it kept in
// memory to survive: rows are durable before the upstream hears of a run; only the count is written behind.
import { DurableObject } from "cloudflare:workers";
import { answerKey, checkAnswer } from "../idempotency/replay.ts";
import type { Pointer } from "../progress/pointer.ts";
import type { Admission, AdmitRequest, LiveEnd, LiveRun, ReadCount, Work } from "./admission.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type Claim, decideClaim, type Settled, type TryOutcome } from "./claim.ts";
import { Counter } from "./counter.ts";
import { pickDue } from "./due.ts";
import { HeldRuns } from "./held-runs.ts";
import { type Inspection, inspect } from "./inspection.ts";
import type { Intent } from "./intent.ts";
import { sendKeys } from "./pointers.ts";
import { reviewAll } from "./reviews.ts";
import {
  admittedRow,
  emptyRow,
  isOutlived,
  type Row,
  reviewRow,
  rowDueAtMs,
  settleRow,
  withClaim,
  withdrawnRow,
} from "./row.ts";
import {
  acceptRun,
  advance,
  buryRun,
  type EndedRun,
  isFinished,
  nameRun,
  type RunRules,
  type Sighting,
} from "./run.ts";
import { GateStore } from "./store.ts";
import { Waiters } from "./waiters.ts";
import { retryAfterSeconds, type WindowRule } from "./window.ts";

/** Contract, Idempotency: a duplicate waits for the first one's answer this long at most. */
const MAX_WAIT_MS = 25_000;
/** A pointer that led to nothing by then is sent again. */
const RESEND_MS = 60_000;

/** What an admission claims. */
type Taken = { claim: Claim | null; mismatch: boolean };
const UNCLAIMED: Taken = { claim: null, mismatch: false };

export class UserGate extends DurableObject<Env> {
  readonly #store: GateStore;
  readonly #counter: Counter;
  readonly #alarmClock: AlarmClock;
  readonly #waiters = new Waiters();
  readonly #held = new HeldRuns();
  /** Names it in KV, in pointers and in the log. */
  readonly #id: string;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#id = state.id.toString();
    this.#store = new GateStore(state.storage);
    this.#counter = new Counter(this.#store, (work) => state.waitUntil(work));
    this.#alarmClock = new AlarmClock(state.storage);
  }

  /** The one call before a run is forwarded: replay, refuse, or count it, claim its id and write down what is promised. */
  async admit(request: AdmitRequest): Promise<Admission> {
    const { claim, promise, window } = request;
    const told = (nowMs: number) => window && this.#counter.peek(window, nowMs);
    if (claim === null) {
      const nowMs = Date.now();
      const found = promise && this.#store.row(promise.key);
      if (found === null) return this.#admitNow(request, null, UNCLAIMED, nowMs);
      // Counted and written down by its first call.
      return { kind: "admitted", view: told(nowMs), mismatch: false, began: false };
    }
    const giveUpAtMs = Date.now() + MAX_WAIT_MS;
    for (;;) {
      const nowMs = Date.now();
      const found = this.#store.row(claim.id);
      const decision = decideClaim(found?.claim ?? null, claim, nowMs);
      if (decision.kind === "take") return this.#admitNow(request, found, decision, nowMs);
      const view = told(nowMs);
      if (decision.kind === "replay") return { ...decision, view };
      // The same with a claim.
      if (decision.kind === "held")
        return { kind: "admitted", view, mismatch: decision.mismatch, began: false };
      if (nowMs >= giveUpAtMs) return { kind: "busy", view };
      await this.#waiters.changed(claim.id, Math.min(decision.untilMs, giveUpAtMs) - nowMs);
    }
  }

  /** How the try ended. Answers with what this id's callers are to be told, null while nobody knows or when the claim was released. */
  async settle(key: string, attempt: string, outcome: TryOutcome, rules: RunRules): Promise<Settled | null> {
    const nowMs = Date.now();
    const row = this.#store.row(key);
    if (row === null) return null;
    const settled = settleRow(row, attempt, outcome, rules, nowMs);
    if (settled !== row) await this.#put(settled);
    if (settled.claim !== row.claim) this.#waiters.wake(key);
    return settled.claim?.status === "settled" ? settled.claim : null;
  }

  /** Takes an admission back, once: KV knew the answer to an id that this gate had already forgotten. `attempt` null: it made no claim. */
  async withdraw(
    id: string,
    attempt: string | null,
    countedUntilMs: number | null,
    began: boolean,
  ): Promise<void> {
    const row = attempt === null ? null : withdrawnRow(this.#store.row(id), attempt, began);
    if (attempt !== null && row === null) return;
    if (countedUntilMs !== null) this.#counter.giveBack(countedUntilMs);
    if (row !== null) await this.#put(row);
    this.#waiters.wake(id);
  }

  /** Counts a read of results, in a window of its own. */
  countRead(rule: WindowRule): ReadCount {
    const nowMs = Date.now();
    const { admitted, view } = this.#counter.take("results", rule, nowMs);
    return { admitted, view, retryAfterSeconds: retryAfterSeconds(view, nowMs) };
  }

  /** Hands a run to the one consumer that moves it on; null when there is nothing to do, or another one has it. */
  async take(pointer: Pointer, rules: RunRules): Promise<Work | null> {
    const nowMs = Date.now();
    const { key, runId, accepted = false } = pointer;
    const row = this.#store.row(key) ?? emptyRow(key);
    // Whoever has the run: this is the upstream's yes, which could not be settled.
    const run = row.run && accepted && runId !== null ? acceptRun(row.run, runId, rules, nowMs) : row.run;
    const work = this.#workOf({ ...row, run }, pointer, nowMs);
    const taken = work?.run ?? run;
    if (taken !== row.run) await this.#put({ ...row, run: taken });
    return work;
  }

  /** What the consumer saw. A report on an older state of the run changes nothing. */
  async report(key: string, seen: Sighting, rules: RunRules): Promise<void> {
    const row = this.#store.row(key);
    if (row?.run == null || row.intent === null) return;
    const run = advance(row.run, row.intent, seen, rules);
    // Somebody else was faster, and whoever has the run now keeps it.
    if (run === row.run) return;
    const pushedMeanwhile = this.#held.giveBack(key);
    await this.#put({ ...row, run });
    // It came too late for that look, whatever that look saw.
    if (pushedMeanwhile && run.status !== "ended") await this.#sendPointers([key], seen.atMs, true);
    await this.#ringNext(Date.now());
  }

  /** A consumer that threw has the run no longer. Says how often in a row that happened. */
  release(key: string): number {
    return this.#held.failed(key);
  }

  /** Stops moving a run on; null when there is nothing to stop. It stays until a report says that it is on the books. */
  async bury(key: string): Promise<LiveEnd | null> {
    this.#held.giveBack(key);
    const row = this.#store.row(key);
    if (row?.run == null || row.intent === null || row.run.status === "forwarding" || isFinished(row.run))
      return null;
    const run = buryRun(row.run, row.intent, Date.now());
    await this.#put({ ...row, run });
    return { run, intent: row.intent };
  }

  /** A run as its caller may see it, null when nothing is kept of it here. */
  findRun(runId: string): LiveRun | null {
    const { key, run, intent } = this.#store.rowOfRun(runId) ?? emptyRow(runId);
    return run === null || run.status === "forwarding" || intent === null ? null : { key, run, intent };
  }

  /** Tells a run's end again; false while it is still being told. */
  async redeliver(intent: Intent, run: EndedRun): Promise<boolean> {
    const known = this.#store.rowOfRun(run.runId);
    if (known?.run != null && !isFinished(known.run)) return false;
    const row = known ?? emptyRow(crypto.randomUUID());
    await this.#put({ ...row, intent, run });
    return true;
  }

  /** What an operator is shown of this user. */
  inspect(): Inspection {
    return inspect(this.#store, this.#counter, Date.now());
  }

  /** Forgets what both windows have counted. */
  async resetWindows(): Promise<void> {
    await this.#counter.reset();
  }

  /** For /readyz: that the object starts and reads its storage. */
  ping(): "ok" {
    return "ok";
  }

  /** Looks at whatever is due: sends a pointer for each run, and reviews claims. */
  override async alarm(): Promise<void> {
    this.#alarmClock.rang();
    const nowMs = Date.now();
    const isHeld = (key: string) => this.#held.isHeld(key, nowMs);
    const { toSend, toReview } = pickDue(this.#store.dueRows(nowMs), isHeld, nowMs);
    const isSent = await this.#sendPointers(toSend.keys, nowMs, false);
    const isReviewed = await reviewAll(this.#id, toReview.keys, (key) => this.#review(key));
    // The rest goes at once, but not to somebody who has just refused.
    if ((toSend.isCut && isSent) || (toReview.isCut && isReviewed)) await this.#alarmClock.ringBy(nowMs);
    else await this.#ringNext(nowMs);
  }

  async #admitNow(request: AdmitRequest, found: Row | null, taken: Taken, nowMs: number): Promise<Admission> {
    const count = request.window && this.#counter.take("runs", request.window, nowMs);
    if (count?.admitted === false)
      return { kind: "limited", view: count.view, retryAfterSeconds: retryAfterSeconds(count.view, nowMs) };
    const view = count?.view ?? null;
    const key = request.claim?.make === true ? request.claim.id : request.promise?.key;
    const began =
      key !== undefined && (await this.#admitRow(found ?? emptyRow(key), request, taken.claim, nowMs));
    return { kind: "admitted", view, mismatch: taken.mismatch, began };
  }

  /** Whether a run was begun. */
  async #admitRow(
    found: Row,
    { promise }: AdmitRequest,
    claim: Claim | null,
    nowMs: number,
  ): Promise<boolean> {
    const row = isOutlived(found, nowMs) ? await this.#madeRoomFor(found) : found;
    const admitted = admittedRow(row, claim, promise, found.run, nowMs);
    await this.#put(admitted);
    return row.run === null && admitted.run !== null;
  }

  // The earlier run goes on under a key of its own: its id starts another one.
  async #madeRoomFor(row: Row): Promise<Row> {
    this.#held.giveBack(row.key);
    await this.#put({ ...withClaim(row, null), key: crypto.randomUUID() });
    return emptyRow(row.key);
  }

  // The row is written when this returns its promise; what is awaited is only the alarm behind it.
  async #put(row: Row): Promise<void> {
    const dueAtMs = rowDueAtMs(row);
    if (dueAtMs === null) {
      this.#store.drop(row.key);
      this.#held.giveBack(row.key);
      this.#counter.rowDropped(Date.now());
      return;
    }
    this.#store.put(row, dueAtMs, this.#counter.forRow());
    await this.#alarmClock.ringBy(dueAtMs);
  }

  /** What there is to do of a run that a pointer speaks of, given to whoever brought it; null when nobody gets it. */
  #workOf({ key, run, intent }: Row, { pushed, runId }: Pointer, nowMs: number): Work | null {
    if (run === null || intent === null || isFinished(run)) return null;
    const known = run.status === "forwarding" ? this.#store.nameFor(key, runId ?? run.named) : run.runId;
    if (known === null) return null;
    // An ended run's next attempt is not for a push to hurry.
    if (nowMs < run.dueAtMs && !(pushed && run.status !== "ended")) return null;
    if (!this.#held.take(key, pushed, nowMs)) return null;
    return { run: run.status === "forwarding" ? nameRun(run, known, nowMs) : run, intent, runId: known };
  }

  async #sendPointers(keys: string[], nowMs: number, pushed: boolean): Promise<boolean> {
    for (const key of keys) this.#held.sent(key, nowMs + RESEND_MS);
    return sendKeys(this.env.RUNS, this.#id, keys, pushed);
  }

  async #ringNext(nowMs: number): Promise<void> {
    const { nowDue, nextMs } = this.#store.dues(nowMs);
    if (!nowDue) return this.#alarmClock.ringAt(nextMs);
    // What is due already is in somebody's hands; if it gets lost there, it is sent again.
    const freeMs = this.#held.nextFreeMs(nowMs) ?? nowMs + RESEND_MS;
    await this.#alarmClock.ringBy(Math.min(nextMs ?? Number.POSITIVE_INFINITY, freeMs, nowMs + RESEND_MS));
  }

  async #review(key: string): Promise<void> {
    const nowMs = Date.now();
    const row = this.#store.row(key);
    if (row === null) return;
    const review = reviewRow(row, nowMs);
    if (review.kind === "check") return this.#check(key, review.claim, review.recheckAtMs);
    if (review.row !== row) await this.#put(review.row);
  }

  // Throws when KV fails: then the claim stays due, and is looked at again.
  async #check(key: string, claim: Settled, recheckAtMs: number): Promise<void> {
    const isHeld = await checkAnswer(this.env.KV, answerKey(this.#id, key), claim);
    const row = this.#store.row(key);
    if (row !== null) await this.#put(isHeld ? withClaim(row, null) : { ...row, reviewAtMs: recheckAtMs });
  }
}
