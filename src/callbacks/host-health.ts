// Which destination hosts gave trouble lately, as far as this isolate knows: the reason why a healthy delivery never
// asks a breaker. It is a hint and may forget: a host that it does not know costs one attempt, whose failure teaches it.
import type { AttemptOutcome } from "./attempt.ts";

const REMEMBER_MS = 5 * 60_000;
const MAX_HOSTS = 1000;

export class HostHealth {
  /** Host to the time of its last trouble, the oldest first. */
  readonly #troubledAtMs = new Map<string, number>();

  /** Is its breaker to be asked before this attempt? `attemptsMade`: those of this delivery, all of which failed. */
  shouldConsult(host: string, attemptsMade: number, nowMs: number): boolean {
    if (attemptsMade > 0) return true;
    const troubledAtMs = this.#troubledAtMs.get(host);
    return troubledAtMs !== undefined && nowMs - troubledAtMs < REMEMBER_MS;
  }

  /** An attempt at this host failed, or its breaker said that it rests. */
  noteFailure(host: string, nowMs: number): void {
    this.#troubledAtMs.delete(host);
    this.#troubledAtMs.set(host, nowMs);
    for (const oldest of this.#troubledAtMs.keys()) {
      if (this.#troubledAtMs.size <= MAX_HOSTS) return;
      this.#troubledAtMs.delete(oldest);
    }
  }
}

/** Does the outcome speak against the host? A 404 or a redirect speaks of one path, and of no other one there. */
export function isHostTrouble(outcome: AttemptOutcome): boolean {
  if (outcome.kind !== "failed") return false;
  const { status, failure } = outcome;
  if (status !== null) return status >= 500 || status === 408 || status === 429;
  return failure === "no connection" || failure === "no answer in time";
}
