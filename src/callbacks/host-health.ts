// Which destination hosts gave trouble lately, as far as this isolate knows: the reason why a healthy delivery never
// asks a breaker, and why an isolate asks an open one once, however many deliveries wait. It is a hint and may forget: a
// host that it does not know costs one attempt, whose failure teaches it.
import type { AttemptOutcome } from "../runs/attempt.ts";
import { OPEN_MS } from "./breaker.ts";
import type { HostPermission } from "./destination-breaker.ts";

const KEEP_MS = 5 * 60_000;
const MAX_HOSTS = 1000;

type OpenBreaker = Extract<HostPermission, { kind: "open" }>;

type Trouble = { atMs: number; open: OpenBreaker | null };

export class HostHealth {
  /** By host, the oldest first. */
  readonly #troubles = new Map<string, Trouble>();

  /** Is its breaker to be asked before this attempt? `failedAttempts`: those of this delivery, all of which failed. */
  shouldConsult(host: string, failedAttempts: number, nowMs: number): boolean {
    if (failedAttempts > 0) return true;
    const trouble = this.#troubles.get(host);
    return trouble !== undefined && nowMs - trouble.atMs < KEEP_MS;
  }

  /** Until when its breaker is open to a user who did not fail there last; null when it has to be asked. */
  openUntilMs(host: string, nowMs: number): number | null {
    const open = this.#troubles.get(host)?.open;
    const leftMs = (open?.allUntilMs ?? 0) - nowMs;
    // A clock that stepped back keeps no breaker open for longer.
    return open && leftMs > 0 && leftMs <= OPEN_MS ? (open.othersUntilMs ?? open.untilMs) : null;
  }

  /** An attempt at this host failed, or its breaker is open. */
  noteFailure(host: string, nowMs: number, open: OpenBreaker | null = null): void {
    this.#troubles.delete(host);
    this.#troubles.set(host, { atMs: nowMs, open });
    for (const oldest of this.#troubles.keys()) {
      if (this.#troubles.size <= MAX_HOSTS) return;
      this.#troubles.delete(oldest);
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

/** Was the host not there? */
export function isUnreachable(outcome: AttemptOutcome): boolean {
  if (outcome.kind !== "failed") return false;
  return outcome.failure === "no connection" || outcome.failure === "no answer in time";
}

/** Does the outcome say nothing of the host, because the gateway or the upstream is to blame for it? */
export function isOwnFailure(outcome: AttemptOutcome): boolean {
  if (outcome.kind !== "failed") return false;
  const { failure } = outcome;
  return failure === "result could not be read" || failure === "result changed between reads";
}
