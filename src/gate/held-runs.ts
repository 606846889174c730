// Which runs are in a consumer's hands, so that a hundred pushes cause one delivery. In memory only: an object that
// forgets it hands a run out twice, and the receiver's webhook-id covers that.

/** Longer than a consumer works on one run; a dead one's runs are handed out again after it. */
const HOLD_MS = 90_000;

export class HeldRuns {
  readonly #takenUntilMs = new Map<string, number>();
  readonly #sentUntilMs = new Map<string, number>();
  readonly #pushed = new Set<string>();
  readonly #failures = new Map<string, number>();

  /** False while another consumer has it; a push that came too late for that one's look is noted. */
  take(key: string, pushed: boolean, nowMs: number): boolean {
    if ((this.#takenUntilMs.get(key) ?? 0) > nowMs) {
      if (pushed) this.#pushed.add(key);
      return false;
    }
    this.#sentUntilMs.delete(key);
    this.#takenUntilMs.set(key, nowMs + HOLD_MS);
    return true;
  }

  /** Says whether a push came while it was held. */
  giveBack(key: string): boolean {
    this.#takenUntilMs.delete(key);
    this.#failures.delete(key);
    return this.#pushed.delete(key);
  }

  /** Its consumer threw. Says how often in a row. */
  failed(key: string): number {
    this.#takenUntilMs.delete(key);
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return failures;
  }

  sent(key: string, untilMs: number): void {
    this.#sentUntilMs.set(key, untilMs);
  }

  /** On its way to a consumer, or there already. */
  isHeld(key: string, nowMs: number): boolean {
    const untilMs = Math.max(this.#takenUntilMs.get(key) ?? 0, this.#sentUntilMs.get(key) ?? 0);
    if (untilMs > nowMs) return true;
    this.#sentUntilMs.delete(key);
    return false;
  }
}
