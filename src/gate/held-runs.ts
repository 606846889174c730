// Which runs are on their way to a consumer or in its hands, so that a hundred pushes cause one delivery. In memory
// only: an object that forgets it hands a run out twice, and the receiver's webhook-id covers that.

/** Longer than a consumer works on one run; a dead one's runs are handed out again after it. */
const HOLD_MS = 90_000;

type Hold = { sentUntilMs: number; takenUntilMs: number; pushed: boolean; failures: number };

export class HeldRuns {
  readonly #holds = new Map<string, Hold>();

  /** False while another consumer has it; a push that came too late for that one's look is noted. */
  take(key: string, pushed: boolean, nowMs: number): boolean {
    const hold = this.#hold(key);
    if (hold.takenUntilMs > nowMs) {
      hold.pushed ||= pushed;
      return false;
    }
    hold.sentUntilMs = 0;
    hold.takenUntilMs = nowMs + HOLD_MS;
    return true;
  }

  /** Says whether a push came while it was held. */
  giveBack(key: string): boolean {
    const pushed = this.#holds.get(key)?.pushed ?? false;
    this.#holds.delete(key);
    return pushed;
  }

  /** Its consumer threw. Says how often in a row. */
  failed(key: string): number {
    const hold = this.#hold(key);
    hold.takenUntilMs = 0;
    hold.failures += 1;
    return hold.failures;
  }

  sent(key: string, untilMs: number): void {
    this.#hold(key).sentUntilMs = untilMs;
  }

  /** On its way to a consumer, or there already. */
  isHeld(key: string, nowMs: number): boolean {
    const hold = this.#holds.get(key);
    return hold !== undefined && nowMs < heldUntilMs(hold);
  }

  /** When the first of those that are held now counts as lost; null: none is. */
  nextFreeMs(nowMs: number): number | null {
    const held = [...this.#holds.values()].map(heldUntilMs).filter((untilMs) => nowMs < untilMs);
    return held.length === 0 ? null : Math.min(...held);
  }

  #hold(key: string): Hold {
    const known = this.#holds.get(key);
    if (known !== undefined) return known;
    const hold = { sentUntilMs: 0, takenUntilMs: 0, pushed: false, failures: 0 };
    this.#holds.set(key, hold);
    return hold;
  }
}

function heldUntilMs({ sentUntilMs, takenUntilMs }: Hold): number {
  return Math.max(sentUntilMs, takenUntilMs);
}
