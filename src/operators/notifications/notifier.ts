// Tells operators what breaks, at OPERATOR_WEBHOOK_URL: reads the sums of each minute once, judges, and sends what is due
// as callbacks are sent. A part of the metrics aggregator, whose alarm drives it; nothing that a caller does waits for it.
// It counts none of its own attempts, so that a webhook that is down is no source of events.
import { attemptDelivery } from "../../callbacks/deliver.ts";
import { signWebhook } from "../../callbacks/signature.ts";
import { log } from "../../platform/observability/log.ts";
import { emptySums, type Sums } from "../../platform/observability/sums.ts";
import { buildDestinationRules } from "../../platform/outbound/destination.ts";
import { applyAttempt } from "../../runs/delivery.ts";
import type { Services } from "../../services/services.ts";
import { readOverdue } from "../index-store.ts";
import { findSurplus, isOfHost, limitHostEvents, MAX_HOST_TOPICS, toSummary } from "./host-limits.ts";
import { toMessage } from "./message.ts";
import { judgeUpstream, readMinute, readOverdueRows, readRecoveries } from "./observations.ts";
import { type Notification, NotificationStore } from "./store.ts";
import { decide, type Event, isSpent, type Observation, observe } from "./topics.ts";

export type NotifierDeps = Pick<Services, "settings" | "network" | "operatorsDb">;

/** The sums of the minutes from then on, the running one included, each with its beginning. */
export type ReadMinutes = (fromMs: number) => { atMs: number; sums: Sums }[];

const TICK_MS = 30_000;
const MINUTE_MS = 60_000;
/** After notifications were off for longer, what happened meanwhile is no news. */
const MAX_LATE_MS = 60 * MINUTE_MS;
const MAX_OVERDUE_GATES = 1_000;
/** At a time, each with a connection of its own. */
const AT_ONCE = 5;
/** Of one alarm. The rest goes out with the next one. */
const SEND_FOR_MS = 20_000;

export class Notifier {
  readonly #storage: DurableObjectStorage;
  readonly #store: NotificationStore;
  readonly #readMinutes: ReadMinutes;

  constructor(storage: DurableObjectStorage, readMinutes: ReadMinutes) {
    this.#storage = storage;
    this.#store = new NotificationStore(storage);
    this.#readMinutes = readMinutes;
  }

  /** From then on its alarm sets the next one. Never throws. */
  async start(): Promise<void> {
    await this.#ringBy(Date.now() + TICK_MS).catch(logFailure);
  }

  /** A host's breaker has opened for all users, or has closed again. It is told of in the alarm. */
  async observeHost(host: string, isDown: boolean): Promise<void> {
    this.#store.transact(() =>
      this.#observe([{ name: "host", subject: host, isDown, counts: {} }], Date.now()),
    );
    await this.#ringBy(Date.now());
  }

  /** The alarm. Never throws: the platform forgets an alarm that threw too often. `deps` null: a setting is bad. */
  async tick(deps: NotifierDeps | null): Promise<void> {
    try {
      // Before anything is sent: whatever becomes of the object, there is a next one.
      await this.#storage.setAlarm(Date.now() + TICK_MS);
      if (deps === null) return;
      const ofIndex = await observeIndex(deps.operatorsDb);
      this.#store.transact(() => this.#judge(deps, ofIndex, Date.now()));
      await this.#sendDue(deps);
      const nextMs = this.#store.nextDueMs();
      if (nextMs !== null) await this.#ringBy(nextMs);
    } catch (error) {
      logFailure(error);
    }
  }

  #judge({ settings }: NotifierDeps, ofIndex: readonly Observation[], nowMs: number): void {
    this.#observe([...this.#readSums(nowMs), ...ofIndex], nowMs);
    const { sent, summed } = limitHostEvents(this.#decideAll(nowMs));
    for (const event of sent) {
      const message = toMessage(event, settings.publicUrl, nowMs);
      this.#store.add(`evt_${crypto.randomUUID()}`, message.type, JSON.stringify(message), nowMs);
    }
    // Their sum is said in the next tick.
    this.#observe(summed, nowMs);
    for (const topic of findSurplus(this.#store.topics())) this.#store.dropTopic(topic);
  }

  #decideAll(nowMs: number): Event[] {
    return this.#store.topics().flatMap((topic) => {
      const decided = decide(topic, nowMs);
      if (decided !== null) this.#store.putTopic(decided.topic);
      else if (isSpent(topic, nowMs)) this.#store.dropTopic(topic);
      return decided?.event ?? [];
    });
  }

  #readSums(nowMs: number): Observation[] {
    const runningMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const lastMs = runningMs - MINUTE_MS;
    const readToMs = this.#store.readToMs();
    const fromMs = Math.max(readToMs ?? runningMs, runningMs - MAX_LATE_MS);
    const minutes = this.#readMinutes(Math.min(fromMs, lastMs));
    const at = (atMs: number) => minutes.find((minute) => minute.atMs === atMs)?.sums ?? emptySums();
    const over = minutes.filter(({ atMs }) => atMs >= fromMs && atMs < runningMs);
    if (readToMs !== runningMs) this.#store.setReadToMs(runningMs);
    const upstream = judgeUpstream(at(lastMs), at(runningMs));
    const topics = over.length === 0 ? [] : this.#store.topics();
    return [
      ...over.flatMap(({ atMs, sums }) => [...readMinute(sums, atMs), ...readRecoveries(topics, atMs, sums)]),
      ...(upstream === null ? [] : [upstream]),
    ];
  }

  #observe(observations: readonly Observation[], nowMs: number): void {
    let hostTopics = this.#store.countHostTopics();
    for (const seen of observations) {
      const known = this.#store.topic(seen.name, seen.subject);
      if (known === undefined && seen.name === "runs.overdue" && seen.counts["runs"] === 0) continue;
      const isNewHost = known === undefined && isOfHost(seen);
      if (isNewHost && hostTopics >= MAX_HOST_TOPICS) this.#observeOne(toSummary(seen), nowMs);
      else this.#observeOne(seen, nowMs);
      if (isNewHost) hostTopics += 1;
    }
  }

  #observeOne(seen: Observation, nowMs: number): void {
    const before = this.#store.topic(seen.name, seen.subject);
    const after = observe(before, seen, nowMs);
    if (after !== before) this.#store.putTopic(after);
  }

  async #sendDue(deps: NotifierDeps): Promise<void> {
    const untilMs = Date.now() + SEND_FOR_MS;
    while (Date.now() < untilMs) {
      const due = this.#store.due(Date.now(), AT_ONCE);
      if (due.length === 0) return;
      await Promise.all(due.map((notification) => this.#send(deps, notification)));
    }
  }

  async #send(
    { settings, network }: NotifierDeps,
    { seq, id, type, body, delivery }: Notification,
  ): Promise<void> {
    const bytes = new TextEncoder().encode(body);
    const signed = { body: bytes, webhookId: id, nowMs: Date.now() };
    const { outcome, durationMs, error } = await attemptDelivery({
      callbackUrl: settings.operatorWebhookUrl ?? "",
      body: bytes,
      headers: await signWebhook(signed, settings.signingKeys),
      rules: buildDestinationRules(settings),
      timeoutMs: settings.callbackTimeoutMs,
      sender: network,
    });
    const report = { attempt: { outcome, agoMs: 0, durationMs }, deferral: null };
    const schedule = settings.callbackRetryScheduleSeconds;
    const after = applyAttempt(delivery, report, schedule, Date.now(), Math.random());
    this.#store.putDelivery(seq, after.delivery);
    log({
      event: "notification.attempted",
      type,
      number: after.attempt?.number ?? 0,
      outcome: outcome.kind,
      status: outcome.status,
      delivery: after.delivery.kind,
      duration_ms: durationMs,
      error,
    });
  }

  /** An alarm is never set for a moment that is not ahead. */
  async #ringBy(dueMs: number): Promise<void> {
    const atMs = Math.max(dueMs, Date.now() + 1);
    const setMs = await this.#storage.getAlarm();
    if (setMs === null || setMs > atMs) await this.#storage.setAlarm(atMs);
  }
}

// A D1 that does not answer is itself what operators are to be told.
async function observeIndex(db: D1Database): Promise<Observation[]> {
  try {
    return [readOverdueRows(await readOverdue(db, MAX_OVERDUE_GATES))];
  } catch (error) {
    logFailure(error);
    return [{ name: "storage.failing", subject: "d1", counts: { failures: 1 } }];
  }
}

function logFailure(error: unknown): void {
  log({ event: "notification.alarm_failed", error });
}
