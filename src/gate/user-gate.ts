// The truth about one user, from the promise to the end of retention: the rate-limit window, idempotency claims, runs with
// their attempts, charges. One object a user, so everything that must be exact happens here, between two awaits. It
// trusts the Worker that calls it (no caller reaches it) and nothing that it kept in memory to survive: rows are durable
// before the upstream hears of a run; only the count is written behind.
import { DurableObject } from "cloudflare:workers";
import { log } from "../platform/observability/log.ts";
import { parseGateSettings } from "../platform/settings.ts";
import { retryAfterSeconds, type WindowRule } from "../rate-limit/window.ts";
import type { Settled } from "../runs/claim.ts";
import { buildRunRules, type Observation, type RunRules } from "../runs/run.ts";
import { accept, endStart, nameRun } from "./acceptance.ts";
import type {
  Acceptance,
  Admission,
  AdmitRequest,
  Foreseen,
  HeldClaim,
  ReadCount,
  Redeliverer,
  Reported,
  RunRecord,
  Settlement,
} from "./admission.ts";
import { admit, foresee, learn, type Parts } from "./admit.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { Claims } from "./claims.ts";
import { Controls, type StoredControl } from "./controls.ts";
import { Counter } from "./counter.ts";
import { Dispatcher } from "./dispatcher.ts";
import { findRun, findRuns, type InspectedAfter, inspect, listRuns, type RunListing } from "./inspection.ts";
import { askAbandoned, releaseRun, type Taken, type TakeRequest, takeRun } from "./leases.ts";
import { redeliver } from "./redeliver.ts";
import { reportRun } from "./reports.ts";
import { Runs } from "./runs.ts";
import type { EndedPosition } from "./store/ended-runs.ts";
import { GateStore } from "./store/gate-store.ts";
import { maintainStorage, type Retention } from "./upkeep.ts";
import { type ChargePage, chargePage, pastChargePage, type UsageRange } from "./usage.ts";
import { Waiters } from "./waiters.ts";

const FAILED_ALARM_MS = 60_000;

export class UserGate extends DurableObject<Env> {
  readonly #store: GateStore;
  readonly #counter: Counter;
  readonly #alarmClock: AlarmClock;
  readonly #runs: Runs;
  readonly #claims: Claims;
  readonly #dispatcher: Dispatcher;
  readonly #waiters = new Waiters();
  readonly #retention: Retention;
  /** Names it in KV, in messages and in the log. */
  readonly #id: string;
  /** What an admission is decided by. */
  readonly #parts: Parts;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const settings = parseGateSettings(env);
    this.#id = state.id.toString();
    this.#retention = { runDays: settings.runRetentionDays, chargeDays: settings.chargeRetentionDays };
    this.#store = new GateStore(state.storage);
    const { rows, counted } = this.#store.openRuns.load();
    const windows = this.#store.newestWindows(counted);
    this.#counter = new Counter(this.#store, windows, (work) => state.waitUntil(work));
    this.#runs = new Runs(this.#id, this.#store, this.#counter, buildRunRules(settings), rows);
    this.#claims = new Claims(this.#store, this.#runs);
    this.#alarmClock = new AlarmClock(state.storage);
    this.#parts = {
      gate: this.#id,
      store: this.#store,
      runs: this.#runs,
      claims: this.#claims,
      counter: this.#counter,
      controls: new Controls(this.#store),
    };
    this.#dispatcher = new Dispatcher(env, this.#id, this.#store, this.#runs, state);
  }

  /** The one call before a run is forwarded. */
  async admit(request: AdmitRequest): Promise<Admission> {
    const admission = await admit(this.#parts, this.#waiters, request);
    const isPlain = request.claim === null && request.promise === null;
    if (admission.kind === "admitted" && !isPlain) await this.#ring();
    return admission;
  }

  /** How an attempt ended. Answers with what this id's callers get, null while it is not known, or when the claim was released. */
  async settle(settlement: Settlement): Promise<Settled | null> {
    const nowMs = Date.now();
    const { outcome } = settlement;
    if (outcome.kind === "accepted") return this.#accept({ ...settlement, outcome }, nowMs);
    if (settlement.claim !== null) this.#waiters.wake(settlement.runKey);
    return endStart(this.#claims, settlement, outcome.kind, nowMs);
  }

  /** KV knew the answer to an id that this gate did not know: what the attempt's admission counted and took on is taken back. `countedUntilMs` null: it counted nothing. */
  async learn(claim: HeldClaim, settled: Settled, countedUntilMs: number | null): Promise<void> {
    if (learn(this.#parts, claim, settled, countedUntilMs, Date.now())) this.#waiters.wake(claim.runKey);
  }

  /** Counts a read of results, in a window of its own. */
  countRead(rule: WindowRule): ReadCount {
    const nowMs = Date.now();
    const { admitted, view } = this.#counter.take("results", rule, nowMs);
    return { admitted, view, retryAfterSeconds: retryAfterSeconds(view, nowMs) };
  }

  /** Hands a run to the one consumer that moves it on. `acceptance`: first of all, the upstream's yes, which could not be settled. */
  async take(request: TakeRequest, acceptance: Acceptance | null, rules: RunRules): Promise<Taken> {
    const nowMs = Date.now();
    this.#runs.rules = rules;
    if (acceptance !== null) await this.#accept(acceptance, nowMs);
    if (request.notified) askAbandoned(this.#store, this.#runs, request, nowMs);
    const taken = takeRun(this.#runs, request, nowMs);
    if (taken.kind === "alone") await this.#dispatcher.sendAlone(taken.runKey, nowMs);
    await this.#ring();
    return taken;
  }

  /** What the consumer saw. A report on an older state of the run changes nothing: null. */
  async report(
    runKey: string,
    revision: number,
    observation: Observation,
    rules: RunRules,
  ): Promise<Reported | null> {
    this.#runs.rules = rules;
    const reported = reportRun(this.#runs, runKey, revision, observation, {
      nowMs: Date.now(),
      random: Math.random(),
    });
    if (reported === null) return null;
    // It came too late for that poll, whatever that poll saw.
    if (reported.pollAgain !== null) await this.#dispatcher.send([reported.pollAgain], true);
    await this.#ring();
    return reported.result;
  }

  async release(runKey: string, revision: number): Promise<void> {
    releaseRun(this.#runs, runKey, revision, Date.now());
    await this.#ring();
  }

  /** The result is too large for a consumer that has others in its hands. */
  async sendAlone(runKey: string, revision: number): Promise<void> {
    if (this.#runs.get(runKey)?.run.revision === revision)
      await this.#dispatcher.sendAlone(runKey, Date.now());
    await this.#ring();
  }

  /** An operator abandons a run; false when there is nothing to abandon. */
  async abandon(runKey: string): Promise<boolean> {
    const isAbandoned = this.#runs.abandon(runKey, "operator", Date.now());
    await this.#ring();
    return isAbandoned;
  }

  /** Whether a start of this key waits for its answer, or was never answered. */
  hasStart(runKey: string): boolean {
    return this.#runs.get(runKey)?.run.status === "forwarding";
  }

  /** An operator names the run of such a start. False when there is none, or the run is another start's. */
  async nameRun(runKey: string, runId: string): Promise<boolean> {
    const isHinted = nameRun(this.#claims, this.#runs, runKey, runId, Date.now());
    await this.#ring();
    return isHinted;
  }

  /** Delivers a run's end again. */
  async redeliver(runId: string, by: Redeliverer = { kind: "operator", batch: null }) {
    const redelivery = redeliver(this.#parts, runId, by, Date.now());
    await this.#ring();
    return redelivery;
  }

  /** An operator dismisses a dead letter, which the index knows when this returns, if it answers. */
  async dismiss(runId: string, operator: string, reason: string) {
    const outcome = this.#runs.dismiss(runId, { atMs: Date.now(), operator, reason });
    await this.#dispatcher.reportAdded(Date.now());
    await this.#ring();
    return outcome;
  }

  /** What a start is answered whatever else its body says, so that it need not be parsed. */
  foresee(window: WindowRule | null, id: string | null): Foreseen | null {
    return foresee(this.#parts, window, id, Date.now());
  }

  /** The operators' index lists this run. If it is no dead letter, a late batch did that: it is resolved once more. */
  async checkDeadLetter(runId: string): Promise<void> {
    if (this.#store.mark("dead_letters") !== true || this.#store.endedRuns.isDeadLetter(runId)) return;
    this.#store.outbox.add({ kind: "resolved", runId });
    await this.#ring();
  }

  /** A run as its caller may see it, null when nothing is kept of it here. */
  findRun(runId: string): RunRecord | null {
    return findRun(this.#runs, runId);
  }

  /** Those whose ids begin so. */
  findRuns(prefix: string, limit: number): RunRecord[] {
    return findRuns(this.#store, this.#runs, prefix, limit);
  }

  usage(range: UsageRange): ChargePage {
    return chargePage(this.#store, range, Date.now());
  }

  /** The same of a span that is past by its asker's clock. Null: the gate's clock is far behind that. */
  pastUsage(range: UsageRange): ChargePage | null {
    return pastChargePage(this.#store, range, Date.now());
  }

  /** For operators: this user's runs, the open ones first, then the ended ones in the order of ending, newest first. */
  listRuns(position: EndedPosition | null, limit: number): RunListing {
    return listRuns(this.#store, this.#runs, position, limit);
  }

  inspect(usageFromMs: number, after?: InspectedAfter) {
    return inspect(this.#parts, usageFromMs, Date.now(), after);
  }

  /** What an operator sets for this user until a moment; null lifts it. Says whether another was in force. */
  setControl(control: StoredControl | null): boolean {
    return this.#parts.controls.set(control, Date.now());
  }

  async resetWindows(): Promise<void> {
    await this.#counter.reset();
  }

  /** Reports everything again to an operators' index that was created anew. Says whether it had to. */
  async reindex(): Promise<boolean> {
    const nowMs = Date.now();
    const isNew = await this.#dispatcher.checkEpoch(nowMs);
    await this.#dispatcher.report(nowMs);
    await this.#ring();
    return isNew;
  }

  /** For /readyz: that the object starts and reads its storage. */
  ping(): "ok" {
    return "ok";
  }

  // It never throws: the platform forgets an alarm that threw too often.
  override async alarm(): Promise<void> {
    this.#alarmClock.rang();
    const nowMs = Date.now();
    try {
      await this.#dispatcher.sendDue(nowMs);
      await this.#dispatcher.report(nowMs);
      // Whatever becomes of the storage, what is owed has its alarm.
      await this.#ring();
      const isDone = await maintainStorage(this.#id, this.#store, this.#counter, this.#retention, nowMs);
      await this.#dispatcher.checkEpochWeekly(nowMs);
      await this.#ring();
      if (!isDone) await this.#alarmClock.ringBy(Date.now());
    } catch (error) {
      log({ event: "gate.alarm_failed", gate: this.#id, error });
      await this.#alarmClock.ringBy(nowMs + FAILED_ALARM_MS);
    }
  }

  async #accept(acceptance: Acceptance, nowMs: number): Promise<Settled | null> {
    const settled = accept(this.#claims, this.#runs, acceptance, nowMs);
    if (acceptance.claim !== null) this.#waiters.wake(acceptance.runKey);
    await this.#ring();
    return settled;
  }

  /** The alarm rings when there is something to do, and once a week where anything is stored. */
  async #ring(): Promise<void> {
    if (this.#store.isUsed) await this.#alarmClock.ringBy(this.#dispatcher.nextAtMs(Date.now()));
  }
}
