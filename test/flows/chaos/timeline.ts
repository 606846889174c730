// What happened when, and to which run: the clock of a chaos run, and the time lines that its report tells.

type Line = { atMs: number; run: number | null; what: string };

export class Timeline {
  #startedAtMs = performance.now();
  readonly #lines: Line[] = [];
  readonly #counts = new Map<string, number>();

  begin(): void {
    this.#startedAtMs = performance.now();
  }

  /** Since the beginning. */
  get nowMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** `run` is null for what concerns all runs. */
  note(what: string, run: number | null = null): void {
    this.#lines.push({ atMs: this.nowMs, run, what });
  }

  /** Counts an injected fault. */
  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Those whose names begin like this. */
  counts(whose: string): string {
    const some = [...this.#counts].filter(([what]) => what.startsWith(whose));
    return some.map(([what, count]) => `${count} × ${what.slice(whose.length).trim()}`).join("; ") || "none";
  }

  /** A run's own lines, and those of all runs from its first one on. */
  timeLine(run: number): string[] {
    const first = this.#lines.findIndex((line) => line.run === run);
    return this.#lines
      .slice(Math.max(0, first))
      .filter((line) => line.run === run || line.run === null)
      .map(
        ({ atMs, run: aboutRun, what }) =>
          `  ${(atMs / 1000).toFixed(2)} s ${aboutRun === null ? "· " : ""}${what}`,
      );
  }
}
