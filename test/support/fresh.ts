import { reset } from "cloudflare:test";
import { afterEach, beforeEach, vi } from "vitest";
import { stopClock } from "./clock.ts";
import { freshLedger } from "./ledger.ts";

/** Before each test of a file every store is empty and the clock stands; after it all is put back. */
export function freshForEach(): void {
  beforeEach(async () => {
    await freshLedger();
    stopClock();
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await reset();
  });
}
