import { afterEach, beforeEach, vi } from "vitest";
import { stopClock } from "./clock.ts";
import { freshIndex } from "./operators-index.ts";

/** Before each test of a file every store is empty and the clock stands; after it the clock goes on. `dice`: they all say this. */
export function freshForEach(dice?: number): void {
  beforeEach(async () => {
    await freshIndex();
    stopClock();
    if (dice !== undefined) vi.spyOn(Math, "random").mockReturnValue(dice);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}
