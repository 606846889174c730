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
import { decideClaim } from "../../src/runs/claim.ts";
import type { Observation, RunResult } from "../../src/runs/run.ts";
import type { Terms } from "../../src/runs/terms.ts";
import { type OpenedStore, openStore } from "../support/gate-store.ts";
import type { Event, ReceiverMood, Truth, UpstreamMood } from "./run-events.ts";
import { everyRun, expectMoves } from "./run-rules.ts";

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
  readonly #terms: Terms;
  readonly #truth: Truth;
  /** An upstream that does not know the same id again starts another run. */
  readonly #honoursIds: boolean;
  #gate: OpenedStore;
  #claims: Claims;
  #dispatcher: Dispatcher;
  #nowMs: number;
  /** The upstream's own clock does not step back. */
  #upstreamMs: number;
  readonly #startedAtMs = new Map<string, number>();
  #messages: RunMessage[] = [];
  readonly #hands: LeasedRun[] = [];
  readonly #reports: Report[] = [];
  /** Runs of which a caller was told 202. */
  readonly promised = new Set<string>();
  /** 204s that the receiver gave, by run. */
  readonly acknowledged = new Map<string, number>();

  constructor(storage: DurableObjectStorage, terms: Terms, truth: Truth, honoursIds: boolean, nowMs: number) {
    this.#storage = storage;
    this.#terms = terms;
    this.#truth = truth;
    this.#honoursIds = honoursIds;
    this.#nowMs = nowMs;
    this.#upstreamMs = nowMs;
    [this.#gate, this.#claims, this.#dispatcher] = this.#wake();
  }

  get kept() {
    return everyRun(this.#gate);
  }

  get charges() {
    return this.#gate.store.charges.page(0, Number.MAX_SAFE_INTEGER, 1_000);
  }

  get startedRuns(): string[] {
    return [...this.#startedAtMs.keys()];
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
        return this.#start(event.upstream, event.yes);
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
        this.#nowMs += event.byMs;
        this.#upstreamMs = Math.max(this.#upstreamMs, this.#nowMs);
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
    return [gate, new Claims(gate.store, gate.runs), new Dispatcher(env, GATE, gate.store, gate.runs)];
  }

  #start(upstream: "starts" | "refuses", yes: "heard" | "in a message" | "unheard"): void {
    const attempt = crypto.randomUUID();
    const request = {
      id: this.#id,
      attempt,
      fingerprint: "same",
      path: "/run",
      leaseMs: 15_000,
      mayCreate: true,
    };
    const decision = decideClaim(this.#claims.find(this.#id, this.#nowMs), request, this.#nowMs);
    if (decision.kind !== "take") return;
    const promise = { runKey: this.#id, terms: this.#terms };
    this.#claims.admit({ id: this.#id, taken: decision.claim }, promise, this.#nowMs);
    if (upstream === "refuses") {
      this.#claims.endAttempt(
        this.#id,
        this.#id,
        attempt,
        yes === "heard" ? "refused" : "unknown",
        this.#nowMs,
      );
      return;
    }
    const runId = this.#startAtUpstream();
    // The Worker was killed, or the connection was lost: the lease ends it.
    if (yes === "unheard") return;
    const outcome = { kind: "accepted", runId, answer: { status: 202, body: "{}" } } as const;
    const claim = { id: this.#id, fingerprint: "same" };
    const acceptance: Acceptance = { runKey: this.#id, attempt, claim, terms: this.#terms, outcome };
    this.promised.add(runId);
    if (yes === "heard") void accept(this.#claims, this.#gate.runs, acceptance, this.#nowMs);
    else this.#send({ notified: true, acceptance });
  }

  #startAtUpstream(): string {
    const [known] = this.startedRuns;
    const runId = this.#honoursIds && known !== undefined ? known : crypto.randomUUID();
    if (!this.#startedAtMs.has(runId)) this.#startedAtMs.set(runId, this.#upstreamMs);
    return runId;
  }

  #send(message: Partial<RunMessage>): void {
    const rest = { notified: false, hintedRunId: null, acceptance: null };
    this.#messages.push({ v: 1, gate: GATE, runKey: this.#id, ...rest, ...message });
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
    const read = task.kind === "deliver" ? task.result : this.#read(runId, upstream);
    if (fate === "dies") return;
    if (fate === "throws") return releaseRun(this.#gate.runs, runKey, revision, this.#nowMs);
    if (read !== "success" && read !== "error") {
      this.#reports.push({ runKey, revision, seen: read });
      return;
    }
    const delivery =
      terms.callbackUrl === null ? { attempt: null, deferral: null } : this.#tell(runId, receiver);
    const end = { kind: "ended", runId, result: read, readAgoMs: 0, bodyKept: false } as const;
    this.#reports.push({ runKey, revision, seen: { ...end, ...delivery } });
  }

  #read(runId: string, mood: UpstreamMood): RunResult | Observation {
    if (mood === "down") return { kind: "unseen", unknown: false };
    const startedAtMs = this.#startedAtMs.get(runId);
    if (startedAtMs === undefined || mood === "forgetful") return { kind: "unseen", unknown: true };
    if (this.#upstreamMs < startedAtMs + this.#truth.endsAfterMs) return { kind: "waiting", runId };
    return this.#truth.result;
  }

  #tell(runId: string, mood: ReceiverMood) {
    if (mood === "rests") return { attempt: null, deferral: { forMs: 30_000, why: "breaker_open" } as const };
    if (mood === "no room") return { attempt: null, deferral: { forMs: 5_000, why: "no_capacity" } as const };
    if (mood === "acknowledged") this.acknowledged.set(runId, (this.acknowledged.get(runId) ?? 0) + 1);
    return { attempt: { outcome: OUTCOMES[mood], agoMs: 0, durationMs: 1 }, deferral: null };
  }

  #report(report: Report | undefined): void {
    if (report === undefined) return;
    const { runKey, revision, seen } = report;
    reportRun(this.#gate.runs, runKey, revision, seen, { nowMs: this.#nowMs, random: 0.37 });
  }

  #complete(says: "true" | "false" | "unproven"): void {
    const [runId] = this.startedRuns.toReversed();
    if (says === "unproven" || runId === undefined) return this.#send({ notified: true });
    this.#send({ notified: true, hintedRunId: says === "true" ? runId : "no such run" });
  }

  #redeliverRun(runId: string): void {
    const found = this.#gate.runs.find(runId);
    if (found?.ended != null) this.#gate.runs.reopen(found.ended, this.#nowMs);
  }

  #abandon(): void {
    const { runs } = this.#gate;
    const first = runs.index.first();
    if (first !== null) runs.abandon(first.runKey, "operator", this.#nowMs);
  }
}
