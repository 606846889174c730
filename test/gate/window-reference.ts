// What the gate must count, written down a second time from the contract's words alone (Rate limit, Idempotency): one
// user, without storage, concurrency or anything of src/gate.

export type Rule = { limit: number; windowMs: number };
type View = Rule & { remaining: number; resetAtMs: number };
export type Verdict = {
  kind: "passes" | "replays" | "refused";
  view: View | null;
  retryAfterSeconds?: number;
};

export type Mistake = { isCut: () => boolean; takeBack: () => void };

/** One window of one user. */
class ReferenceWindow {
  #counted = 0;
  #endsAtMs = Number.NEGATIVE_INFINITY;
  #opened = 0;
  #cut = 0;

  /** "The window opens with the first counted request and ends 300 seconds later": no caller waits longer. */
  peek({ limit, windowMs }: Rule, nowMs: number): View {
    const isOpen = nowMs < this.#endsAtMs;
    if (isOpen && this.#endsAtMs > nowMs + windowMs) {
      this.#endsAtMs = nowMs + windowMs;
      this.#cut += 1;
    }
    const resetAtMs = isOpen ? this.#endsAtMs : nowMs + windowMs;
    return { limit, windowMs, resetAtMs, remaining: Math.max(0, limit - (isOpen ? this.#counted : 0)) };
  }

  count(rule: Rule, nowMs: number): Verdict {
    const before = this.peek(rule, nowMs);
    if (before.remaining === 0)
      return { kind: "refused", view: before, retryAfterSeconds: secondsUntil(before.resetAtMs, nowMs) };
    if (nowMs >= this.#endsAtMs) {
      this.#counted = 0;
      this.#opened += 1;
    }
    this.#endsAtMs = before.resetAtMs;
    this.#counted += 1;
    return { kind: "passes", view: this.peek(rule, nowMs) };
  }

  /** Takes back what is counted now, as long as its window stands. */
  mistake(): Mistake {
    const [opened, cut] = [this.#opened, this.#cut];
    return {
      isCut: () => cut !== this.#cut,
      takeBack: () => {
        if (opened === this.#opened) this.#counted -= 1;
      },
    };
  }

  get endsAtMs(): number {
    return this.#endsAtMs;
  }
}

/** "A whole number of seconds, at least 1, and a retry at exactly that time passes." */
function secondsUntil(resetAtMs: number, nowMs: number): number {
  let seconds = 1;
  while (nowMs + seconds * 1000 < resetAtMs) seconds += 1;
  return seconds;
}

export class ReferenceUser {
  readonly runs = new ReferenceWindow();
  readonly reads = new ReferenceWindow();
  readonly answeredIds = new Set<string>();

  /** "A replay is not counted, and is given even when the window is exhausted"; an exempt caller is counted nowhere. */
  start(rule: Rule | null, id: string | null, nowMs: number): Verdict {
    if (id !== null && this.answeredIds.has(id))
      return { kind: "replays", view: rule && this.runs.peek(rule, nowMs) };
    return rule === null ? { kind: "passes", view: null } : this.runs.count(rule, nowMs);
  }
}
