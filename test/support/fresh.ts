import { afterEach, beforeEach, vi } from "vitest";
import { stopClock } from "./clock.ts";
import { freshIndex } from "./operators-index.ts";

/** Before each test of a file every store is empty and the clock stands; after it the clock goes on. */
export function freshForEach(): void {
  beforeEach(async () => {
    await freshIndex();
    stopClock();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}
