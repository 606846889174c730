// The queue `runs` in the tests' hands. What anybody sends, the Worker or a gate, stays here until a test takes it; the
// queue can lose messages and refuse them. It stands in for the platform's class, so that objects made later meet it too.
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Pointer } from "../../src/progress/pointer.ts";

export class TestQueue {
  /** Everything that was ever offered, lost or not. */
  readonly offered: Pointer[] = [];
  #waiting: Pointer[] = [];
  #fate: (at: number) => "kept" | "lost" | "refused" = () => "kept";

  /** What becomes of the next messages; `at` counts all that were offered, from 0. */
  rule(fate: (at: number) => "kept" | "lost" | "refused"): void {
    this.#fate = fate;
  }

  install(): void {
    const platform: Queue = Object.getPrototypeOf(env.RUNS);
    vi.spyOn(platform, "send").mockImplementation(async (body) => this.#offer([asPointer(body)]));
    vi.spyOn(platform, "sendBatch").mockImplementation(async (messages) =>
      this.#offer([...messages].map(({ body }) => asPointer(body))),
    );
  }

  take(): Pointer[] {
    return this.#waiting.splice(0);
  }

  /** Messages whose consumer died come again. */
  putBack(pointers: readonly Pointer[]): void {
    this.#waiting.push(...pointers);
  }

  #offer(pointers: Pointer[]): QueueSendResponse {
    for (const pointer of pointers) {
      const fate = this.#fate(this.offered.length);
      this.offered.push(pointer);
      if (fate === "refused") throw new Error("the queue is down");
      if (fate === "kept") this.#waiting.push(structuredClone(pointer));
    }
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  }
}

// What the product sends: its own consumer parses it again.
function asPointer(body: unknown): Pointer {
  return body as Pointer;
}
