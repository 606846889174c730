// Both queues in the tests' hands: the runs', and the dead-letter queue, where a run is alone. What the Worker or a gate
// sends stays here until a test takes it; the queues can lose messages, refuse them, and be paused. They stand in for the
// platform's class, so that objects made later meet them too.
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { RunMessage } from "../../src/gate/run-message.ts";
import { never } from "./bindings.ts";

/** `held`: the queue never answers. */
type Fate = "kept" | "lost" | "refused" | "held";

type Waiting = { atMs: number; body: RunMessage };

export class TestQueue {
  /** Everything that was ever offered, lost or not. */
  readonly offered: RunMessage[] = [];
  /** Nothing is handed out, as on an operator's word; messages are taken in all the same. */
  isPaused = false;
  readonly #runs: Waiting[] = [];
  readonly #alone: Waiting[] = [];
  #fate: (at: number) => Fate = () => "kept";

  /** What becomes of the next messages; `at` counts all that were offered, from 0. */
  rule(fate: (at: number) => Fate): void {
    this.#fate = fate;
  }

  install(): void {
    const platform: Queue = Object.getPrototypeOf(env.RUNS);
    const offer = (queue: Queue, bodies: unknown[], delaySeconds = 0) =>
      this.#offer(bodies.map(asMessage), queue === env.RUNS_ALONE ? this.#alone : this.#runs, delaySeconds);
    vi.spyOn(platform, "send").mockImplementation(async function (this: Queue, body, options) {
      return offer(this, [body], options?.delaySeconds);
    });
    vi.spyOn(platform, "sendBatch").mockImplementation(async function (this: Queue, batch) {
      return offer(
        this,
        [...batch].map(({ body }) => body),
      );
    });
  }

  take(): RunMessage[] {
    return this.#takeFrom(this.#runs);
  }

  /** What waits in the dead-letter queue. */
  takeAlone(): RunMessage[] {
    return this.#takeFrom(this.#alone);
  }

  /** Messages whose consumer died come again. */
  putBack(messages: readonly RunMessage[]): void {
    for (const body of messages) this.#runs.push({ atMs: Date.now(), body });
  }

  /** As the platform does with what the consumer did not take in all its attempts. */
  putIntoDeadLetters(messages: readonly RunMessage[]): void {
    for (const body of messages) this.#alone.push({ atMs: Date.now(), body });
  }

  /** When the next message that was sent with a delay is handed out; null: there is none. */
  nextAtMs(): number | null {
    if (this.isPaused) return null;
    const moments = [...this.#runs, ...this.#alone].map(({ atMs }) => atMs);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  #takeFrom(waiting: Waiting[]): RunMessage[] {
    if (this.isPaused) return [];
    const nowMs = Date.now();
    const all = waiting.splice(0);
    waiting.push(...all.filter(({ atMs }) => atMs > nowMs));
    return all.filter(({ atMs }) => atMs <= nowMs).map(({ body }) => body);
  }

  async #offer(messages: RunMessage[], waiting: Waiting[], delaySeconds: number): Promise<QueueSendResponse> {
    for (const message of messages) {
      const fate = this.#fate(this.offered.length);
      this.offered.push(message);
      if (fate === "refused") throw new Error("the queue is down");
      if (fate === "held") return never();
      const atMs = Date.now() + 1_000 * delaySeconds;
      if (fate === "kept") waiting.push({ atMs, body: structuredClone(message) });
    }
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  }
}

// What the product sends: its own consumer parses it again.
function asMessage(body: unknown): RunMessage {
  return body as RunMessage;
}
