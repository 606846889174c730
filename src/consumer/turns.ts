/** At most so many at a time. Work that has waited too long is not done. */
export class Semaphore {
  readonly #waiting = new Set<(mine: boolean) => void>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** False: there was none within `timeoutMs`. True must be followed by a release. */
  acquire(timeoutMs: number): Promise<boolean> {
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

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next(true);
  }
}
