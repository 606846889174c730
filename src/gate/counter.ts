// The counts in memory, and their copy on disk. The copy is written behind the answers, a fifth of a second later and
// once for all that came meanwhile; a run's row that is written anyway takes it along, and then nothing is left to do. A
// window that was made shorter is written all the same: its row may go when it has ended, and an older copy says later.
import type { GateStore, Windows } from "./store.ts";
import { type Count, giveBack, peek, take, type Window, type WindowRule, type WindowView } from "./window.ts";

const WRITE_BEHIND_MS = 200;
/** A clock that steps back opens a window again that has just ended. */
const CLOCK_STEP_MS = 60_000;

export class Counter {
  readonly #store: GateStore;
  readonly #keepAlive: (work: Promise<void>) => void;
  #windows: Windows;
  #unsaved = false;
  /** Made shorter since it was saved last. */
  #isCut = false;
  #writeBehind: Promise<void> | null = null;

  constructor(store: GateStore, keepAlive: (work: Promise<void>) => void) {
    this.#store = store;
    this.#keepAlive = keepAlive;
    this.#windows = store.loadWindows();
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
    this.#writeBehind ??= scheduler.wait(WRITE_BEHIND_MS).then(() => this.#save());
    this.#keepAlive(this.#writeBehind);
  }

  async #save(): Promise<void> {
    this.#writeBehind = null;
    if (!this.#unsaved) return;
    this.#unsaved = false;
    this.#isCut = false;
    await this.#store.saveWindows(this.#windows);
  }
}
