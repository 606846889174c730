// Calls to a user's gate from the Worker. A gate that is moving, restarting or overloaded is an expected state of the
// platform, so it is a value here: what it means is for the run to decide.
import { log } from "../observability/log.ts";
import { type GateNamespace, gateId } from "./address.ts";
import type { Settled, TryOutcome } from "./claim.ts";
import type { Admission, AdmitRequest, ReadCount, UserGate } from "./user-gate.ts";
import type { WindowRule } from "./window.ts";

export type Unavailable = { kind: "unavailable" };

type GateStub = DurableObjectStub<UserGate>;

export class GateClient {
  /** The object's id, which also prefixes the user's keys in KV. */
  readonly id: string;
  readonly #gates: GateNamespace;
  readonly #objectId: DurableObjectId;

  constructor(gates: GateNamespace, userKey: string) {
    this.#gates = gates;
    this.#objectId = gateId(gates, userKey);
    this.id = this.#objectId.toString();
  }

  admit(request: AdmitRequest): Promise<Admission | Unavailable> {
    return this.#call(async (gate): Promise<Admission> => await gate.admit(request));
  }

  countRead(rule: WindowRule): Promise<ReadCount | Unavailable> {
    return this.#call(async (gate): Promise<ReadCount> => await gate.countRead(rule));
  }

  /** What this id's callers are to be told. Null when nobody knows yet, the claim was released, or the gate did not answer: then its claim stays open until the lease ends. */
  async settle(id: string, attempt: string, outcome: TryOutcome): Promise<Settled | null> {
    try {
      return await this.#twice(
        async (gate): Promise<Settled | null> => await gate.settle(id, attempt, outcome),
      );
    } catch (error) {
      log({ event: "gate.settle_failed", gate: this.id, error });
      return null;
    }
  }

  async withdraw(id: string, attempt: string, countedUntilMs: number | null): Promise<void> {
    try {
      await this.#twice((gate) => gate.withdraw(id, attempt, countedUntilMs));
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
      return await ask(this.#gates.get(this.#objectId));
    } catch (error) {
      if (!isRetryable(error)) throw error;
      return ask(this.#gates.get(this.#objectId));
    }
  }
}

function isRetryable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return (
    "retryable" in error && error.retryable === true && !("overloaded" in error && error.overloaded === true)
  );
}
