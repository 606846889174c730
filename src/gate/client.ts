// Calls to a user's gate from the Worker. A gate that is moving, restarting or overloaded is an expected state of the
// platform, so it is a value here: what it means is for the run to decide.

import { memberOf } from "../platform/json.ts";
import { isolateSums } from "../platform/observability/isolate-sums.ts";
import { log } from "../platform/observability/log.ts";
import { TimeoutError, type Timer, withTimeout } from "../platform/timeout.ts";
import type { WindowRule } from "../rate-limit/window.ts";
import type { Settled } from "../runs/claim.ts";
import type { Observation, RunRules } from "../runs/run.ts";
import { type GateNamespace, gateId } from "./address.ts";
import type {
  Acceptance,
  Admission,
  AdmitRequest,
  Foreseen,
  HeldClaim,
  ReadCount,
  Redeliverer,
  Redelivery,
  Reported,
  RunRecord,
  Settlement,
} from "./admission.ts";
import type { StoredControl } from "./controls.ts";
import type { DismissalOutcome } from "./index-event.ts";
import type { InspectedAfter, Inspection, RunListing } from "./inspection.ts";
import type { Taken, TakeRequest } from "./leases.ts";
import type { EndedPosition } from "./store/ended-runs.ts";
import type { ChargePage, UsageRange } from "./usage.ts";
import type { UserGate } from "./user-gate.ts";

/** `isOverloaded`: it has more to do than it can, or took longer than it may. Its own user can cause that, the rest only the platform. */
export type Unavailable = { kind: "unavailable"; isOverloaded: boolean };

export type Known = { kind: "known"; settled: Settled | null };

/** Longer than a duplicate is let wait for the first request with its id. */
const ANSWERS_WITHIN_MS = 30_000;

type GateStub = DurableObjectStub<UserGate>;
type Ask<T> = (gate: GateStub, isRepeated: boolean) => Promise<T>;

export class GateClient {
  /** The object's id, which also prefixes the user's keys in KV. */
  readonly id: string;
  readonly #gates: GateNamespace;
  readonly #objectId: DurableObjectId;
  /** Of the request that the calls are part of. */
  readonly #timer: Timer | undefined;

  private constructor(gates: GateNamespace, objectId: DurableObjectId, timer?: Timer) {
    this.#gates = gates;
    this.#objectId = objectId;
    this.#timer = timer;
    this.id = objectId.toString();
  }

  static ofUser(gates: GateNamespace, userKey: string, timer?: Timer): GateClient {
    return new GateClient(gates, gateId(gates, userKey), timer);
  }

  /** Null when `id` is no object id of this namespace: then the gateway has not sent it. */
  static byId(gates: GateNamespace, id: string, timer?: Timer): GateClient | null {
    try {
      return new GateClient(gates, gates.idFromString(id), timer);
    } catch {
      return null;
    }
  }

  admit(request: AdmitRequest): Promise<Admission | Unavailable> {
    return this.#call(async (gate): Promise<Admission> => await gate.admit(request));
  }

  countRead(rule: WindowRule): Promise<ReadCount | Unavailable> {
    return this.#call(async (gate): Promise<ReadCount> => await gate.countRead(rule));
  }

  /**
   * What this id's callers are answered: null when it is not known yet, or the claim was released. `unavailable`: the
   * claim stays open until its lease ends.
   */
  settle(settlement: Settlement): Promise<Known | Unavailable> {
    return this.#call(async (gate): Promise<Known> => {
      return { kind: "known", settled: await gate.settle(settlement) };
    });
  }

  /** KV knew the answer that the gate did not know. `countedUntilMs` null: it counted nothing. */
  async learn(claim: HeldClaim, settled: Settled, countedUntilMs: number | null): Promise<void> {
    try {
      await this.#twice(async (gate) => await gate.learn(claim, settled, countedUntilMs));
    } catch (error) {
      log({ event: "gate.learn_failed", gate: this.id, error });
    }
  }

  /** Hands a run to this consumer. Throws when the gate does not answer. */
  take(request: TakeRequest, acceptance: Acceptance | null, rules: RunRules): Promise<Taken> {
    return this.#twice(async (gate): Promise<Taken> => await gate.take(request, acceptance, rules));
  }

  /** What came of it; null when it was of an older state. Throws when the gate does not answer: then it hands the run out again. */
  report(
    runKey: string,
    revision: number,
    observation: Observation,
    rules: RunRules,
  ): Promise<Reported | null> {
    return this.#twice(
      async (gate): Promise<Reported | null> => await gate.report(runKey, revision, observation, rules),
    );
  }

  /** A consumer threw over this run. Throws when the gate does not answer: then it hands the run out again a little later. */
  async release(runKey: string, revision: number): Promise<void> {
    await this.#twice(async (gate) => await gate.release(runKey, revision));
  }

  /** Throws when the gate does not answer. */
  async sendAlone(runKey: string, revision: number): Promise<void> {
    await this.#twice(async (gate) => await gate.sendAlone(runKey, revision));
  }

  /** A repetition that finds nothing to abandon follows a call that did it, and whose answer was lost. */
  abandon(runKey: string): Promise<boolean> {
    return this.#twice(async (gate, isRepeated): Promise<boolean> => {
      return (await gate.abandon(runKey)) || isRepeated;
    });
  }

  hasStart(runKey: string): Promise<boolean> {
    return this.#twice(async (gate): Promise<boolean> => await gate.hasStart(runKey));
  }

  nameRun(runKey: string, runId: string): Promise<boolean> {
    return this.#twice(async (gate): Promise<boolean> => await gate.nameRun(runKey, runId));
  }

  /** `found`: the run as it was just now. Of a finished one, a repetition that finds its delivery under way is the same. */
  async redeliver(found: RunRecord, by: Redeliverer): Promise<Redelivery> {
    const wasUnderWay = found.dueAtMs !== null;
    // A caller's is asked for all the same: the gate says whether the user is blocked.
    if (wasUnderWay && by.kind === "operator") return { kind: "under_way", record: found, view: null };
    const redelivery = await this.#twice(async (gate, isRepeated): Promise<Redelivery> => {
      const answer = await gate.redeliver(found.run.runId, by);
      if (answer?.kind !== "under_way") return answer;
      if (wasUnderWay) return { ...answer, view: null };
      return isRepeated ? { ...answer, kind: "started" } : answer;
    });
    // Of an abandoned run the end counts, once it is read.
    if (redelivery?.kind === "started" && found.run.status === "ended") isolateSums.countReopened();
    return redelivery;
  }

  /** False: it is no dead letter. */
  dismiss(runId: string, operator: string, reason: string): Promise<DismissalOutcome> {
    return this.#twice(
      async (gate): Promise<DismissalOutcome> => await gate.dismiss(runId, operator, reason),
    );
  }

  /** Null: the start has to be judged, or the gate does not answer. */
  async foresee(window: WindowRule | null, id: string | null): Promise<Foreseen | null> {
    const asked = await this.#call(async (gate): Promise<{ kind: "asked"; foreseen: Foreseen | null }> => {
      return { kind: "asked", foreseen: await gate.foresee(window, id) };
    });
    return asked.kind === "asked" ? asked.foreseen : null;
  }

  /** The operators' index has this run as a dead letter: if it is none, the gate reports so once more. */
  async checkDeadLetter(runId: string): Promise<void> {
    await this.#twice(async (gate) => await gate.checkDeadLetter(runId));
  }

  findRun(runId: string): Promise<RunRecord | null> {
    return this.#twice(async (gate): Promise<RunRecord | null> => await gate.findRun(runId));
  }

  findRuns(prefix: string, limit: number): Promise<RunRecord[]> {
    return this.#twice(async (gate): Promise<RunRecord[]> => await gate.findRuns(prefix, limit));
  }

  usage(range: UsageRange): Promise<ChargePage> {
    return this.#twice(async (gate): Promise<ChargePage> => await gate.usage(range));
  }

  /** Null: the gate's clock is too far behind to take this span for past. */
  pastUsage(range: UsageRange): Promise<ChargePage | null> {
    return this.#twice(async (gate): Promise<ChargePage | null> => await gate.pastUsage(range));
  }

  /** For operators, as what follows. Throws when the gate does not answer. */
  listRuns(position: EndedPosition | null, limit: number): Promise<RunListing> {
    return this.#twice(async (gate): Promise<RunListing> => await gate.listRuns(position, limit));
  }

  inspect(usageFromMs: number, after?: InspectedAfter): Promise<Inspection> {
    return this.#twice(async (gate): Promise<Inspection> => await gate.inspect(usageFromMs, after));
  }

  async resetWindows(): Promise<void> {
    await this.#twice(async (gate) => await gate.resetWindows());
  }

  /** What an operator sets for this user until a moment; null lifts it. Says whether another was in force, or may have been. */
  setControl(control: StoredControl | null): Promise<boolean> {
    return this.#twice(
      async (gate, isRepeated): Promise<boolean> => (await gate.setControl(control)) || isRepeated,
    );
  }

  reindex(): Promise<boolean> {
    return this.#twice(async (gate): Promise<boolean> => await gate.reindex());
  }

  async #call<T>(ask: Ask<T>): Promise<T | Unavailable> {
    try {
      return await this.#twice(ask);
    } catch (error) {
      log({ event: "gate.unavailable", gate: this.id, error });
      return { kind: "unavailable", isOverloaded: isOverloaded(error) };
    }
  }

  // A stub whose object was reset stays broken, so the second try takes a new one. An overloaded object is left alone.
  // The first may have been done all the same.
  async #twice<T>(ask: Ask<T>): Promise<T> {
    try {
      return await this.#once(ask, false);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      return this.#once(ask, true);
    }
  }

  #once<T>(ask: Ask<T>, isRepeated: boolean): Promise<T> {
    return withTimeout(ANSWERS_WITHIN_MS, ask(this.#gates.get(this.#objectId), isRepeated), this.#timer);
  }
}

function isRetryable(error: unknown): boolean {
  return memberOf(error, "retryable") === true && !isOverloaded(error);
}

function isOverloaded(error: unknown): boolean {
  return error instanceof TimeoutError || memberOf(error, "overloaded") === true;
}
