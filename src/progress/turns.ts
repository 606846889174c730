/** At most so many at a time. Whoever has waited too long for a turn goes without. */
export class Turns {
  readonly #waiting = new Set<(mine: boolean) => void>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** False: no turn came within `timeoutMs`. Whoever got one gives it back. */
  take(timeoutMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const done = (mine: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(mine);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      this.#waiting.add(done);
    });
  }

  giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next(true);
  }
}
