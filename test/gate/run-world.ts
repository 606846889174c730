// One user's gate between the starts of one id, a queue, consumers, the upstream and a receiver: what each of them may do at
// any moment, in any order, and again. The gate's rules and its storage are the product's own; the rest is honest, or
// fails as the test says. Whatever the gate keeps is checked after each step against what may never be.
import { expect, vi } from "vitest";
import { accept } from "../../src/gate/acceptance.ts";
import type { Acceptance, LeasedRun } from "../../src/gate/admission.ts";
import { Claims } from "../../src/gate/claims.ts";
import { Dispatcher } from "../../src/gate/dispatcher.ts";
import { askAbandoned, releaseRun, takeRun } from "../../src/gate/leases.ts";
import { reportRun } from "../../src/gate/reports.ts";
import type { RunMessage } from "../../src/gate/run-message.ts";
import type { AttemptOutcome } from "../../src/runs/attempt.ts";
import { decideClaim, REPLAY_MS } from "../../src/runs/claim.ts";
import type { Observation } from "../../src/runs/run.ts";
import type { Terms } from "../../src/runs/terms.ts";
import { type OpenedStore, openStore } from "../support/gate-store.ts";
import type { Event, ReceiverMood, Truth } from "./run-events.ts";
import { everyRun, expectMoves } from "./run-rules.ts";
import { WorldUpstream } from "./run-upstream.ts";

type Report = { runKey: string; revision: number; seen: Observation };

const RULES = { pollSchedule: [2, 4, 8], retrySchedule: [5, 300, 600] };
const GATE = "0".repeat(64);
const LEASE_MS = 60_000;
/** Several runs of twenty minutes, each polled every eight seconds. */
const MAX_ROUNDS = 3_000;
const OUTCOMES: Record<AttemptOutcome["kind"], AttemptOutcome> = {
  acknowledged: { kind: "acknowledged", status: 204 },
  aborted: { kind: "aborted", status: 410 },
  failed: { kind: "failed", status: 500, failure: "status is no 2xx", retryAfterSeconds: null },
};

export class RunWorld {
  readonly #storage: DurableObjectStorage;
  readonly #id = crypto.randomUUID();
  readonly #asks: readonly (Terms | null)[];
  readonly #upstream: WorldUpstream;
  #gate: OpenedStore;
  #claims: Claims;
  #dispatcher: Dispatcher;
  #nowMs: number;
  #messages: RunMessage[] = [];
  readonly #hands: LeasedRun[] = [];
  readonly #reports: Report[] = [];
  /** What was asked for by the starts that were answered 202, by run. */
  readonly promised = new Map<string, (Terms | null)[]>();
  /** Which receivers acknowledged it, by run. */
  readonly acknowledged = new Map<string, Set<string>>();
  /** The answer that KV has, once the gate was away at one. */
  #cached: string | null = null;
  /** The run of the latest start that gave the upstream a place to report the end to. */
  #referred: string | undefined;
  #deliverByMs = Number.POSITIVE_INFINITY;

  constructor(
    storage: DurableObjectStorage,
    asks: readonly (Terms | null)[],
    truth: Truth,
    honoursIds: boolean,
    nowMs: number,
  ) {
    this.#storage = storage;
    this.#asks = asks;
    this.#upstream = new WorldUpstream(truth, honoursIds, nowMs);
    this.#nowMs = nowMs;
    [this.#gate, this.#claims, this.#dispatcher] = this.#wake();
  }

  get kept() {
    return everyRun(this.#gate);
  }

  get charges() {
    return this.#gate.store.charges.page(0, Number.MAX_SAFE_INTEGER, 1_000);
  }

  get startedRuns(): string[] {
    return this.#upstream.runs;
  }

  async happen(event: Event): Promise<void> {
    const before = this.kept;
    await this.#apply(event);
    expectMoves(before, this.kept, event.kind, this.#nowMs);
  }

  /** Nothing fails any more, every message comes, and time passes until nothing is left to do. */
  async allIsWell(): Promise<void> {
    await this.#settleDown();
    // An end that was not read is not an end: an operator asks for it once more.
    for (const { run } of this.kept) if (run.status === "abandoned") this.#redeliverRun(run.runId);
    await this.#settleDown();
  }

  async #settleDown(): Promise<void> {
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
      while (this.#messages.length > 0) {
        await this.happen({ kind: "message", which: 0, again: false });
        const hand = this.#hands.length - 1;
        await this.happen({
          kind: "consume",
          hand,
          upstream: "honest",
          receiver: "acknowledged",
          fate: "reports",
        });
        await this.happen({ kind: "report", which: this.#reports.length - 1 });
      }
      const first = this.#gate.runs.index.first();
      if (first === null) return;
      await this.happen({ kind: "time", byMs: Math.max(0, first.actAtMs - this.#nowMs) });
      await this.happen({ kind: "alarm" });
    }
    throw new Error("the gate never gets empty");
  }

  #apply(event: Event): Promise<void> | void {
    switch (event.kind) {
      case "start":
        return this.#start(event);
      case "message":
        return this.#deliver(event.which, event.again);
      case "lose":
        return this.#lose(event.which);
      case "consume":
        return this.#consume(this.#hands[event.hand % this.#hands.length], event);
      case "report":
        return this.#report(this.#reports[event.which % this.#reports.length]);
      case "completion":
        return this.#complete(event.says);
      case "redeliver":
        for (const { run, actAtMs } of this.kept)
          if (actAtMs === null && run.status !== "forwarding") this.#redeliverRun(run.runId);
        return;
      case "abandon":
        return this.#abandon();
      case "alarm":
        return this.#dispatcher.sendDue(this.#nowMs);
      case "evict": {
        const before = this.#runsByKey();
        [this.#gate, this.#claims, this.#dispatcher] = this.#wake();
        // What a new object reads from the rows is what the index said; a poll that may have been missed is due again.
        expect(this.#runsByKey()).toEqual(before);
        return;
      }
      case "time":
        if (this.#nowMs + event.byMs >= this.#deliverByMs) this.#deliverAcceptances();
        this.#nowMs += event.byMs;
        this.#upstream.passTo(this.#nowMs);
    }
  }

  #runsByKey() {
    const runs = this.kept.map(({ runKey, run }) => ({ runKey, run }));
    return runs.toSorted((a, b) => (a.runKey < b.runKey ? -1 : 1));
  }

  #wake(): [OpenedStore, Claims, Dispatcher] {
    vi.setSystemTime(this.#nowMs);
    const gate = openStore(this.#storage);
    gate.runs.rules = RULES;
    const queue = {
      sendBatch: async (batch: Iterable<{ body: RunMessage }>) => {
        this.#messages.push(...[...batch].map(({ body }) => body));
      },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it sends to its queues, and nothing else here
    const env = { RUNS: queue, RUNS_ALONE: queue } as unknown as Env;
    return [
      gate,
      new Claims(gate.store, gate.runs),
      new Dispatcher(env, GATE, gate.store, gate.runs, { waitUntil: () => undefined }),
    ];
  }

  #start({ asks, upstream, yes }: Event & { kind: "start" }): void {
    const attempt = crypto.randomUUID();
    const terms = this.#asks[asks % this.#asks.length] ?? null;
    const request = {
      runKey: this.#id,
      attempt,
      fingerprint: "same",
      path: "/run",
      leaseMs: 15_000,
      mayCreate: true,
    };
    const decision = decideClaim(this.#claims.find(this.#id, this.#nowMs), request, this.#nowMs);
    if (decision.kind !== "take") return;
    const promise = terms && { runKey: this.#id, terms };
    this.#claims.admit({ runKey: this.#id, taken: decision.claim }, promise, this.#nowMs);
    if (yes === "in KV" && this.#cached !== null && decision.claim.mayHaveRun === true)
      return this.#learn(attempt, this.#cached);
    if (upstream === "refuses") {
      const kind = yes === "heard" ? "refused" : "unknown";
      return this.#claims.endAttempt(this.#id, true, attempt, kind, this.#nowMs);
    }
    const runId = this.#upstream.start();
    if (terms !== null) this.#referred = runId;
    // The Worker was killed, or the connection was lost: the lease ends it.
    if (yes === "unheard" || yes === "in KV") return;
    const outcome = { kind: "accepted", runId, answer: { status: 202, body: "{}" } } as const;
    const claim = { fingerprint: "same" };
    const acceptance: Acceptance = { runKey: this.#id, attempt, claim, terms, outcome };
    this.promised.set(runId, [...(this.promised.get(runId) ?? []), terms]);
    if (yes === "heard") void accept(this.#claims, this.#gate.runs, acceptance, this.#nowMs);
    else {
      this.#cached = runId;
      this.#deliverByMs = Math.min(this.#deliverByMs, this.#nowMs + REPLAY_MS);
      this.#send({ notified: true, acceptance });
    }
  }

  /** What UserGate.learn does. */
  #learn(attempt: string, body: string): void {
    this.#claims.endAttempt(this.#id, true, attempt, "refused", this.#nowMs);
    const settled = { fingerprint: "same", settledAtMs: this.#nowMs, answer: { status: 202, body } };
    this.#claims.settle(this.#id, settled, this.#nowMs);
  }

  #send(message: Partial<RunMessage>): void {
    const rest = { notified: false, hintedRunId: null, acceptance: null };
    this.#messages.push({ v: 1, gate: GATE, runKey: this.#id, ...rest, ...message });
  }

  /** A queue has lost its messages long before an id is forgotten, or they have come. */
  #deliverAcceptances(): void {
    this.#deliverByMs = Number.POSITIVE_INFINITY;
    for (let at = this.#messages.length - 1; at >= 0; at -= 1)
      if (this.#messages[at]?.acceptance != null) this.#deliver(at, false);
  }

  #deliver(which: number, again: boolean): void {
    const at = which % this.#messages.length;
    const message = this.#messages[at];
    if (message === undefined) return;
    if (!again) this.#messages.splice(at, 1);
    const { runs, store } = this.#gate;
    const { runKey, notified, hintedRunId, acceptance } = message;
    if (acceptance !== null) accept(this.#claims, runs, acceptance, this.#nowMs);
    const request = { runKey, notified, hintedRunId, isAlone: false, leaseMs: LEASE_MS };
    if (notified) askAbandoned(store, runs, request, this.#nowMs);
    const taken = takeRun(runs, request, this.#nowMs);
    // It goes to the dead-letter queue, whose consumer takes it at once.
    const alone = taken.kind === "alone" ? takeRun(runs, { ...request, isAlone: true }, this.#nowMs) : taken;
    if (alone.kind === "leased") this.#hands.push(alone.run);
  }

  /** Only what the gate sends again may be lost; the queue keeps the rest. */
  #lose(which: number): void {
    const at = which % this.#messages.length;
    if (this.#messages[at]?.acceptance === null) this.#messages.splice(at, 1);
  }

  #consume(hand: LeasedRun | undefined, { upstream, receiver, fate }: Event & { kind: "consume" }): void {
    if (hand === undefined) return;
    const { runKey, revision, runId, terms, task } = hand;
    const read = task.kind === "deliver" ? task.result : this.#upstream.read(runId, upstream);
    if (fate === "dies") return;
    if (fate === "throws") return releaseRun(this.#gate.runs, runKey, revision, this.#nowMs);
    if (read !== "success" && read !== "error")
      return void this.#reports.push({ runKey, revision, seen: read });
    const delivery =
      terms.callbackUrl === null
        ? { attempt: null, deferral: null }
        : this.#attempt(runId, terms.callbackUrl, receiver);
    const end = { kind: "ended", runId, result: read, readAgoMs: 0, bodyKept: false } as const;
    this.#reports.push({ runKey, revision, seen: { ...end, ...delivery } });
  }

  #attempt(runId: string, url: string, mood: ReceiverMood) {
    if (mood === "open") return { attempt: null, deferral: { forMs: 30_000, why: "breaker_open" } as const };
    if (mood === "crowded") return { attempt: null, deferral: { forMs: 5_000, why: "no_capacity" } as const };
    if (mood === "acknowledged")
      this.acknowledged.set(runId, (this.acknowledged.get(runId) ?? new Set()).add(url));
    return { attempt: { outcome: OUTCOMES[mood], agoMs: 0, durationMs: 1 }, deferral: null };
  }

  #report(report: Report | undefined): void {
    if (report === undefined) return;
    const { runKey, revision, seen } = report;
    reportRun(this.#gate.runs, runKey, revision, seen, { nowMs: this.#nowMs, random: 0.37 });
  }

  #complete(says: "true" | "false" | "unproven"): void {
    const runId = this.#referred;
    if (says === "unproven" || runId === undefined) return this.#send({ notified: true });
    this.#send({ notified: true, hintedRunId: says === "true" ? runId : "no such run" });
  }

  #redeliverRun(runId: string): void {
    const found = this.#gate.runs.find(runId);
    if (found?.ended != null) this.#gate.runs.reopen(found.ended, this.#nowMs);
  }

  #abandon(): void {
    const first = this.#gate.runs.index.first();
    if (first !== null) this.#gate.runs.abandon(first.runKey, "operator", this.#nowMs);
  }
}
