// The counts in memory, and their copy on disk. No answer waits for the copy. The first change after a quiet spell is
// written at once, so that a quiet user's object need not stay awake for it; what follows is written a fifth of a second
// later, once for all that came meanwhile. A run's row that is written anyway takes the count along, and then nothing is
// left to do. A window that was made shorter is written all the same: its row may go when it has ended, and an older copy
// says later.
import {
  type Count,
  giveBack,
  peek,
  retryAfterSeconds,
  take,
  type Window,
  type WindowRule,
  type WindowView,
} from "../rate-limit/window.ts";
import type { Limited } from "./admission.ts";

/** The two windows of a user: starts of runs, and reads of results. `revision` tells the newer of two copies. */
export type Windows = { revision: number; runs: Window | null; results: Window | null };

/** Where the copy stands. */
export type WindowsStore = {
  /** One row. Unless it is to be `durable` first, answers already on their way do not wait for it. */
  saveWindows(windows: Windows, durable?: boolean): Promise<void>;
};

const WRITE_BEHIND_MS = 200;
/** A clock that steps back opens a window again that has just ended. */
const CLOCK_STEP_MS = 60_000;

export function toLimited(view: WindowView, nowMs: number): Limited {
  return { kind: "limited", view, retryAfterSeconds: retryAfterSeconds(view, nowMs) };
}

export class Counter {
  readonly #store: WindowsStore;
  readonly #keepAlive: (work: Promise<void>) => void;
  #windows: Windows;
  #unsaved = false;
  /** Made shorter since it was saved last. */
  #isCut = false;
  #writeBehind: Promise<void> | null = null;
  #savedAtMs = Number.NEGATIVE_INFINITY;

  constructor(store: WindowsStore, windows: Windows, keepAlive: (work: Promise<void>) => void) {
    this.#store = store;
    this.#keepAlive = keepAlive;
    this.#windows = windows;
  }

  take(name: "runs" | "results", rule: WindowRule, nowMs: number): Count {
    const before = this.#windows[name];
    const count = take(before, rule, nowMs);
    // A refusal changes a window too, when a deploy has made it shorter: an end that a caller is told must hold.
    if (count.admitted || before?.endsAtMs !== count.window.endsAtMs) this.#change(name, count.window);
    return count;
  }

  peek(rule: WindowRule, nowMs: number): WindowView {
    const { runs } = this.#windows;
    const view = peek(runs, rule, nowMs);
    // The same for who is only told.
    if (runs !== null && view.resetAtMs < runs.endsAtMs)
      this.#change("runs", { ...runs, endsAtMs: view.resetAtMs });
    return view;
  }

  /** What a start would be answered that has no place in the window; null when it has one. Counts nothing. */
  refusal(rule: WindowRule, nowMs: number): Limited | null {
    const view = this.peek(rule, nowMs);
    return view.remaining > 0 || rule.isShadow ? null : toLimited(view, nowMs);
  }

  giveBack(endsAtMs: number): void {
    this.#change("runs", giveBack(this.#windows.runs, endsAtMs));
  }

  get windows(): Windows {
    return this.#windows;
  }

  /** As if nothing had been counted yet; on disk when this returns. */
  async reset(): Promise<void> {
    this.#windows = { revision: this.#windows.revision + 1, runs: null, results: null };
    this.#unsaved = false;
    this.#isCut = false;
    await this.#store.saveWindows(this.#windows, true);
  }

  /** The copy that a new row takes along. */
  forRow(): Windows {
    this.#unsaved = this.#isCut;
    return this.#windows;
  }

  /** A copy went with its row, maybe the only one: a window that is open, or may be again, needs another. */
  rowDropped(nowMs: number): void {
    const { runs, results } = this.#windows;
    const isNeeded = (window: Window | null) => window !== null && nowMs < window.endsAtMs + CLOCK_STEP_MS;
    if (isNeeded(runs) || isNeeded(results)) this.#saveSoon();
  }

  #change(name: "runs" | "results", window: Window | null): void {
    const before = this.#windows[name];
    if (before !== null && window !== null && window.endsAtMs < before.endsAtMs) this.#isCut = true;
    this.#windows = { ...this.#windows, revision: this.#windows.revision + 1, [name]: window };
    this.#saveSoon();
  }

  #saveSoon(): void {
    this.#unsaved = true;
    this.#writeBehind ??= this.#pause().then(() => this.#save());
    this.#keepAlive(this.#writeBehind);
  }

  // Without a pause it is written after the present call's own synchronous work, whose row may take the count along.
  async #pause(): Promise<void> {
    if (Date.now() - this.#savedAtMs < WRITE_BEHIND_MS) await scheduler.wait(WRITE_BEHIND_MS);
  }

  async #save(): Promise<void> {
    this.#writeBehind = null;
    if (!this.#unsaved) return;
    this.#unsaved = false;
    this.#isCut = false;
    this.#savedAtMs = Date.now();
    await this.#store.saveWindows(this.#windows);
  }
}
