// Keeps the gate in the registry (KV): what has to visit every gate, whatever became of D1, finds it there. It is
// written once, behind the first promise, so that no request waits for KV, and tried again until KV has it. Once a week
// the alarm sees that it is still there.

import { logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { withTimeout } from "../platform/timeout.ts";
import { REGISTRY_PREFIX } from "./address.ts";
import { Backoff } from "./backoff.ts";
import type { GateStore } from "./store/gate-store.ts";

/** After the first promise, however far ahead its run is due. */
const REGISTER_WITHIN_MS = 60_000;
const CHECK_MS = 7 * 24 * 60 * 60_000;
/** An alarm gives KV no more: the runs of the next one wait for it. */
const TIMEOUT_MS = 2_000;
const MIN_PAUSE_MS = 10_000;
/** Much shorter than a span must be old before it is exported (src/operators/charges-query.ts). */
const MAX_PAUSE_MS = 60_000;

export class Registration {
  readonly #kv: KVNamespace;
  readonly #gate: string;
  readonly #store: GateStore;
  #seenAtMs: number | undefined;
  readonly #backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);

  constructor(kv: KVNamespace, gate: string, store: GateStore) {
    this.#kv = kv;
    this.#gate = gate;
    this.#store = store;
  }

  /** When it is to be written at the latest; null: it was, or there is nothing to register. */
  nextAtMs(nowMs: number): number | null {
    if (this.#seen() !== undefined || this.#store.mark("user") === undefined) return null;
    return this.#backoff.pausedUntilMs || nowMs + REGISTER_WITHIN_MS;
  }

  /** Never throws. */
  async perform(nowMs: number): Promise<void> {
    if (nowMs - (this.#seen() ?? 0) < CHECK_MS || nowMs < this.#backoff.pausedUntilMs) return;
    const userKey = this.#store.mark("user")?.userKey;
    if (userKey === undefined) return;
    try {
      await withTimeout(TIMEOUT_MS, this.#ensure(userKey));
      this.#backoff.worked();
      this.#seenAtMs = nowMs;
      this.#store.setMark("registered_at_ms", nowMs);
    } catch (error) {
      this.#backoff.failed(nowMs);
      logStorageFailure("kv", { event: "registry.unavailable", gate: this.#gate, error });
    }
  }

  async #ensure(userKey: string): Promise<void> {
    const key = REGISTRY_PREFIX + this.#gate;
    if (this.#seen() !== undefined && (await this.#kv.get(key)) !== null) return;
    await this.#kv.put(key, userKey);
  }

  /** When KV was last known to have it. */
  #seen(): number | undefined {
    this.#seenAtMs ??= this.#store.mark("registered_at_ms");
    return this.#seenAtMs;
  }
}
