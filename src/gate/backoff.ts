/** When something that failed is tried again: each pause is twice the one before, from `minMs` to `maxMs`. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #pauseMs = 0;
  /** Not to be tried before; 0: it did not fail the last time. */
  restsUntilMs = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  failed(nowMs: number): void {
    this.#pauseMs = Math.min(this.#maxMs, Math.max(this.#minMs, 2 * this.#pauseMs));
    this.restsUntilMs = nowMs + this.#pauseMs;
  }

  worked(): void {
    this.#pauseMs = 0;
    this.restsUntilMs = 0;
  }
}
