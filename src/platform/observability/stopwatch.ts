// Where a request's time went, for Server-Timing and the log. In production the clock stands still during CPU work,
// so these are waits on others: the gate, the upstream.

export type Leg = "auth" | "gate" | "upstream";

export class Stopwatch {
  readonly #startedAtMs = Date.now();
  readonly #legs = new Map<Leg, number>();

  /** Adds the time until `work` settles to a leg, and gives back what it gives. */
  async time<T>(leg: Leg, work: Promise<T>): Promise<T> {
    const startedAtMs = Date.now();
    try {
      return await work;
    } finally {
      this.#legs.set(leg, (this.#legs.get(leg) ?? 0) + Date.now() - startedAtMs);
    }
  }

  ms(leg: Leg): number | null {
    return this.#legs.get(leg) ?? null;
  }

  totalMs(): number {
    return Date.now() - this.#startedAtMs;
  }

  /** The value of `Server-Timing` (W3C Server Timing): `gate;dur=3, upstream;dur=41, total;dur=45`. */
  serverTiming(): string {
    return [...this.#legs, ["total", this.totalMs()] as const]
      .map(([leg, ms]) => `${leg};dur=${ms}`)
      .join(", ");
  }
}
