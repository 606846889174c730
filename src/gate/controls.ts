// What operators have set for this user. It is read once, when the object starts, and judged with the time of each call.
import { type Control, type EffectiveRule, effectiveRule, isInForce } from "../rate-limit/control.ts";
import type { WindowRule } from "../rate-limit/window.ts";
import type { GateStore } from "./store/gate-store.ts";

/** `operator`: who set it, and when. */
export type StoredControl = Control & { v: 1; operator: string; setAtMs: number };

export class Controls {
  readonly #store: GateStore;
  /** Null: it was lifted. Undefined: none was ever set. */
  #stored: StoredControl | null | undefined;

  constructor(store: GateStore) {
    this.#store = store;
    this.#stored = store.mark("control");
  }

  /** Whether operators have ever acted on this user, who may have no other trace here. */
  get isKnown(): boolean {
    return this.#stored !== undefined;
  }

  current(nowMs: number): StoredControl | null {
    const control = this.#stored ?? null;
    return control !== null && isInForce(control, nowMs) ? control : null;
  }

  /** `rule`: of the token and the flag. */
  effectiveRule(rule: WindowRule | null, nowMs: number): EffectiveRule {
    return effectiveRule(this.#stored ?? null, rule, nowMs);
  }

  /** Says whether another was in force. */
  set(control: StoredControl | null, nowMs: number): boolean {
    const wasInForce = this.current(nowMs) !== null;
    this.#store.setMark("control", control);
    this.#stored = control;
    return wasInForce;
  }
}
