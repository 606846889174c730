/** When something that failed is attempted again: each pause is twice the one before, from `minMs` to `maxMs`. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #pauseMs = 0;
  /** No attempt before this; 0: it did not fail the last time. */
  pausedUntilMs = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  failed(nowMs: number): void {
    this.#pauseMs = Math.min(this.#maxMs, Math.max(this.#minMs, 2 * this.#pauseMs));
    this.pausedUntilMs = nowMs + this.#pauseMs;
  }

  worked(): void {
    this.#pauseMs = 0;
    this.pausedUntilMs = 0;
  }
}
