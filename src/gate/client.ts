// Calls to a user's gate from the Worker. A gate that is moving, restarting or overloaded is an expected state of the
// platform, so it is a value here: what it means is for the run to decide.
import { within } from "../deadline.ts";
import { log } from "../observability/log.ts";
import type { Pointer } from "../progress/pointer.ts";
import { type GateNamespace, gateId } from "./address.ts";
import type { Admission, AdmitRequest, LiveEnd, LiveRun, ReadCount, Work } from "./admission.ts";
import type { Settled, TryOutcome } from "./claim.ts";
import type { Inspection } from "./inspection.ts";
import type { Intent } from "./intent.ts";
import type { EndedRun, RunRules, Sighting } from "./run.ts";
import type { UserGate } from "./user-gate.ts";
import type { WindowRule } from "./window.ts";

export type Unavailable = { kind: "unavailable" };

export type Settlement = { kind: "settled"; settled: Settled | null };

/** Longer than a duplicate is let wait for the first request with its id. */
const ANSWERS_WITHIN_MS = 30_000;

type GateStub = DurableObjectStub<UserGate>;

export class GateClient {
  /** The object's id, which also prefixes the user's keys in KV. */
  readonly id: string;
  readonly #gates: GateNamespace;
  readonly #objectId: DurableObjectId;

  private constructor(gates: GateNamespace, objectId: DurableObjectId) {
    this.#gates = gates;
    this.#objectId = objectId;
    this.id = objectId.toString();
  }

  static ofUser(gates: GateNamespace, userKey: string): GateClient {
    return new GateClient(gates, gateId(gates, userKey));
  }

  /** Null when `id` is no object id of this namespace: then nobody here has sent it. */
  static byId(gates: GateNamespace, id: string): GateClient | null {
    try {
      return new GateClient(gates, gates.idFromString(id));
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
   * What this id's callers are to be told: null when nobody knows yet, or its claim was released. `unavailable`: the
   * claim stays open until its lease ends.
   */
  settle(
    id: string,
    attempt: string,
    outcome: TryOutcome,
    rules: RunRules,
  ): Promise<Settlement | Unavailable> {
    return this.#call(async (gate): Promise<Settlement> => {
      return { kind: "settled", settled: await gate.settle(id, attempt, outcome, rules) };
    });
  }

  /** Hands a run to this consumer. Throws when the gate does not answer. */
  take(pointer: Pointer, rules: RunRules): Promise<Work | null> {
    return this.#twice(async (gate): Promise<Work | null> => await gate.take(pointer, rules));
  }

  /** Throws when the gate does not answer: then it hands the run out again. */
  async report(key: string, seen: Sighting, rules: RunRules): Promise<void> {
    await this.#twice(async (gate) => await gate.report(key, seen, rules));
  }

  /** Says how often in a row a consumer has thrown over this run. Throws when the gate does not answer: then it hands the run out again a little later. */
  release(key: string): Promise<number> {
    return this.#twice(async (gate): Promise<number> => await gate.release(key));
  }

  bury(key: string): Promise<LiveEnd | null> {
    return this.#twice(async (gate): Promise<LiveEnd | null> => await gate.bury(key));
  }

  findRun(runId: string): Promise<LiveRun | null> {
    return this.#twice(async (gate): Promise<LiveRun | null> => await gate.findRun(runId));
  }

  redeliver(intent: Intent, run: EndedRun): Promise<boolean> {
    return this.#twice(async (gate): Promise<boolean> => await gate.redeliver(intent, run));
  }

  /** For operators. Throws when the gate does not answer. */
  inspect(): Promise<Inspection> {
    return this.#twice(async (gate): Promise<Inspection> => await gate.inspect());
  }

  /** Throws when the gate does not answer. */
  async resetWindows(): Promise<void> {
    await this.#twice(async (gate) => await gate.resetWindows());
  }

  /** `attempt` null: it made no claim, and nothing would tell the gate a repeated call from the first. */
  async withdraw(
    id: string,
    attempt: string | null,
    countedUntilMs: number | null,
    began: boolean,
  ): Promise<void> {
    const ask = (gate: GateStub) => gate.withdraw(id, attempt, countedUntilMs, began);
    try {
      await (attempt === null ? this.#once(ask) : this.#twice(ask));
    } catch (error) {
      log({ event: "gate.withdraw_failed", gate: this.id, error });
    }
  }

  async #call<T>(ask: (gate: GateStub) => Promise<T>): Promise<T | Unavailable> {
    try {
      return await this.#twice(ask);
    } catch (error) {
      log({ event: "gate.unavailable", gate: this.id, error });
      return { kind: "unavailable" };
    }
  }

  // A stub whose object was reset stays broken, so the second try takes a new one. An overloaded object is left alone.
  async #twice<T>(ask: (gate: GateStub) => Promise<T>): Promise<T> {
    try {
      return await this.#once(ask);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      return this.#once(ask);
    }
  }

  #once<T>(ask: (gate: GateStub) => Promise<T>): Promise<T> {
    return within(ANSWERS_WITHIN_MS, ask(this.#gates.get(this.#objectId)));
  }
}

function isRetryable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return (
    "retryable" in error && error.retryable === true && !("overloaded" in error && error.overloaded === true)
  );
}
