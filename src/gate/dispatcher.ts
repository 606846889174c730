// What the alarm does: sends a message for each run that is due, reports to the operators' index what the outbox holds,
// and maintains the storage. Runs come first. Nothing here throws for what a queue, D1 or KV can do.
import { isolateSums, logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { log } from "../platform/observability/log.ts";
import { abandonRun, acceptedRun } from "../runs/run.ts";
import { Backoff } from "./backoff.ts";
import { type Overdue, readEpoch, reportOverdue, reportToIndex } from "./index-writer.ts";
import { queueOf } from "./queues.ts";
import { Registration } from "./registration.ts";
import { reportAll } from "./report-all.ts";
import type { IndexedRun } from "./run-index.ts";
import { runMessage, sendMessages } from "./run-message.ts";
import type { Runs } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";

export type DispatcherEnv = Pick<Env, "RUNS" | "RUNS_ALONE" | "OPERATORS_DB" | "KV" | "METRICS_AGGREGATOR">;

type Context = Pick<ExecutionContext, "waitUntil">;

const MAX_SENT = 500;
/** A message that led to nothing by then is sent again; the longer a run is overdue, the later. */
const RESEND_MS = 60_000;
const MAX_RESEND_MS = 60 * 60_000;
const RESEND_SHARE = 4;
/** From then on operators see that runs are overdue. */
const OVERDUE_MS = 10 * 60_000;
const COUNT_OVERDUE_MS = 60_000;
const OUTBOX_BATCH = 50;
const MIN_PAUSE_MS = 10_000;
const MAX_PAUSE_MS = 60 * 60_000;
/** The storage is maintained so often at least, also that of a user who never calls again. */
const UPKEEP_MS = 7 * 24 * 60 * 60_000;
const CHECK_EPOCH_MS = 7 * 24 * 60 * 60_000;

export class Dispatcher {
  readonly #env: DispatcherEnv;
  readonly #context: Context;
  readonly #gate: string;
  readonly #store: GateStore;
  readonly #runs: Runs;
  readonly #registration: Registration;
  /** While D1 is away. */
  readonly #indexBackoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
  #countedOverdueAtMs = Number.NEGATIVE_INFINITY;
  /** As it was counted last. */
  #overdue: Overdue | null = null;
  #writing: Promise<void> | null = null;

  constructor(env: DispatcherEnv, gate: string, store: GateStore, runs: Runs, context: Context) {
    this.#env = env;
    this.#context = context;
    this.#gate = gate;
    this.#store = store;
    this.#runs = runs;
    this.#registration = new Registration(env.KV, gate, store);
  }

  /** Sends what is due, up to five hundred runs. */
  async sendDue(nowMs: number): Promise<void> {
    const due: IndexedRun[] = [];
    while (due.length < MAX_SENT) {
      const first = this.#runs.index.first();
      if (first === null || first.actAtMs > nowMs) break;
      if (first.runId === null && this.#isUnanswered(first, nowMs)) continue;
      this.#runs.index.actAt(first, nowMs + resendMs(nowMs - first.dueAtMs));
      due.push(first);
    }
    await this.send(due, false);
  }

  /** Never throws: the alarm sends again what the queue did not take. */
  async send(runs: readonly IndexedRun[], notified: boolean): Promise<void> {
    const toMessages = (alone: boolean) =>
      runs
        .filter((run) => run.alone === alone)
        .map(({ runKey }) => runMessage(this.#gate, runKey, { notified }));
    try {
      await sendMessages(queueOf(this.#env, this.#gate), toMessages(false));
      await sendMessages(this.#env.RUNS_ALONE, toMessages(true));
    } catch (error) {
      log({ event: "queue.unavailable", gate: this.#gate, error });
    }
  }

  /** Has a run processed where nothing else is in the batch. */
  async sendAlone(runKey: string, nowMs: number): Promise<void> {
    const { index } = this.#runs;
    const indexed = index.get(runKey);
    if (indexed === null) return;
    index.free(indexed, Math.min(indexed.dueAtMs, nowMs));
    index.setAlone(runKey);
    index.actAt(indexed, nowMs + RESEND_MS);
    await this.send([indexed], false);
  }

  /** When the alarm has something to do next. */
  nextAtMs(nowMs: number): number {
    const outboxAtMs = this.#store.outbox.nextAtMs();
    const moments = [
      this.#runs.index.first()?.actAtMs ?? null,
      // What is reported again is due from the beginning of time, and no alarm can be set to that.
      outboxAtMs === null ? null : Math.max(outboxAtMs, this.#indexBackoff.pausedUntilMs, nowMs),
      this.#registration.nextAtMs(nowMs),
    ].filter((atMs) => atMs !== null);
    return Math.min(nowMs + UPKEEP_MS, ...moments);
  }

  /** Reports to the operators' index what is due, and registers the gate in KV, once in its life. Never done twice at a time. */
  report(nowMs: number): Promise<void> {
    this.#writing ??= this.#reportNow(nowMs).finally(() => {
      this.#writing = null;
      isolateSums.flushFailuresSoon(this.#context, this.#env.METRICS_AGGREGATOR);
    });
    return this.#writing;
  }

  /** And what was added just now: a report that is under way may have read the outbox before. */
  async reportAdded(nowMs: number): Promise<void> {
    await this.#writing;
    await this.report(nowMs);
  }

  async #reportNow(nowMs: number): Promise<void> {
    await this.#registration.perform(nowMs);
    const userKey = this.#store.mark("user")?.userKey;
    if (userKey === undefined || nowMs < this.#indexBackoff.pausedUntilMs) return;
    try {
      const entries = this.#store.outbox.due(nowMs, OUTBOX_BATCH);
      // The index is noted before the first report to it: if it is lost right afterwards, everything is reported again.
      if (entries.length > 0 && this.#store.mark("epoch") === undefined) await this.checkEpoch(nowMs);
      await reportToIndex(this.#env.OPERATORS_DB, this.#gate, entries);
      this.#store.outbox.remove(entries);
      await this.#reportOverdue(userKey, nowMs);
      this.#indexBackoff.worked();
    } catch (error) {
      this.#indexFailed(error, nowMs);
    }
  }

  /** The same once a week, in the alarm. */
  async checkEpochWeekly(nowMs: number): Promise<void> {
    const known = this.#store.mark("epoch");
    if (nowMs - (known?.checkedAtMs ?? 0) < CHECK_EPOCH_MS || nowMs < this.#indexBackoff.pausedUntilMs)
      return;
    try {
      await this.checkEpoch(nowMs);
    } catch (error) {
      this.#indexFailed(error, nowMs);
    }
  }

  /** Reports everything again to an index that was created anew; says whether it was. Throws when D1 does not answer. */
  async checkEpoch(nowMs: number): Promise<boolean> {
    const userKey = this.#store.mark("user")?.userKey;
    if (userKey === undefined) return false;
    const id = await readEpoch(this.#env.OPERATORS_DB);
    const known = this.#store.mark("epoch");
    // To the first index that a gate hears of everything has been reported from the first.
    const isNew = known !== undefined && known.id !== id;
    if (isNew) await reportAll(this.#store, userKey);
    this.#store.setMark("epoch", { id, checkedAtMs: nowMs });
    this.#indexBackoff.worked();
    return isNew;
  }

  #indexFailed(error: unknown, nowMs: number): void {
    this.#indexBackoff.failed(nowMs);
    logStorageFailure("d1", { event: "operators_index.unavailable", gate: this.#gate, error });
  }

  // Nothing is promised of a start whose answer never came, and there is nothing to poll.
  #isUnanswered(indexed: IndexedRun, nowMs: number): boolean {
    const open = this.#runs.read(indexed);
    const { run, terms } = open;
    if (run.status !== "forwarding" || nowMs < run.abandonAtMs) return false;
    const hintedRunId = run.hintedRunId;
    if (hintedRunId === null || this.#runs.isElsewhere(hintedRunId, indexed.runKey))
      this.#runs.drop(indexed.runKey, nowMs);
    // The upstream has proved that there is a run, and could not be asked for it.
    else {
      const known = acceptedRun(hintedRunId, run.revision, nowMs);
      this.#runs.put({ ...open, run: abandonRun(known, terms, "unreachable", nowMs) }, nowMs);
    }
    return true;
  }

  async #reportOverdue(userKey: string, nowMs: number): Promise<void> {
    const isReported = this.#store.mark("overdue") === true;
    const isSoon = nowMs - this.#countedOverdueAtMs < COUNT_OVERDUE_MS;
    // When the runs that the index shows are overdue no more, it is written at once: the next alarm may be far.
    if (isSoon && (!isReported || this.#isOverdueStill(nowMs))) return;
    this.#countedOverdueAtMs = nowMs;
    this.#overdue = this.#countOverdue(nowMs);
    if (this.#overdue === null && !isReported) return;
    // Before the index is written: D1 may do it and not answer.
    if (this.#overdue !== null && !isReported) this.#store.setMark("overdue", true);
    await reportOverdue(this.#env.OPERATORS_DB, this.#gate, userKey, this.#overdue, nowMs);
    if (this.#overdue === null) this.#store.setMark("overdue", false);
  }

  #countOverdue(nowMs: number): Overdue | null {
    const due = this.#runs.index.dueBy(nowMs - OVERDUE_MS);
    return due && { sinceMs: due.first.dueAtMs, runs: due.runs, exampleRunKey: due.first.runKey };
  }

  #isOverdueStill(nowMs: number): boolean {
    const example = this.#overdue && this.#runs.index.get(this.#overdue.exampleRunKey);
    return example !== null && nowMs - example.dueAtMs >= OVERDUE_MS;
  }
}

function resendMs(overdueMs: number): number {
  return Math.min(MAX_RESEND_MS, Math.max(RESEND_MS, Math.ceil(overdueMs / RESEND_SHARE)));
}
