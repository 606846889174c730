import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvocationBudget } from "../../src/consumer/invocation-budget.ts";
import type { Settings } from "../../src/platform/settings.ts";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";

const USUAL = { callbackTimeoutMs: 15 * SECOND, upstreamTimeoutMs: 10 * SECOND };

beforeEach(() => stopClock());
afterEach(() => void vi.useRealTimers());

function buildBudget(settings: Partial<Settings> = {}, readsConnect = true): InvocationBudget {
  return new InvocationBudget({ ...USUAL, ...settings } as Settings, readsConnect, false, T0);
}

function same(ms: number): Promise<number> {
  return Promise.resolve(ms);
}

/** Work that goes on until it is told to end. */
class Works {
  begun = 0;
  readonly #ended = Promise.withResolvers<string>();

  readonly work = (): Promise<string> => {
    this.begun += 1;
    return this.#ended.promise;
  };

  end(): void {
    this.#ended.resolve("done");
  }
}

describe("an invocation of the consumer", () => {
  it("begins no attempt that would not be over, and told of, 30 s after its handler has returned", async () => {
    const budget = buildBudget();
    moveClock(7 * SECOND);
    expect(await budget.attempt("alice", async () => "made")).toBe("made");
    moveClock(50);
    expect(await budget.attempt("alice", async () => "made")).toBe(null);
  });

  it("nor a poll of the upstream, which gets its deadline", async () => {
    const budget = buildBudget();
    moveClock(15 * SECOND);
    expect(await budget.read("alice", same)).toBe(T0 + 25_050);
    moveClock(50);
    expect(await budget.read("alice", same)).toBe(null);
  });

  it("is at five receivers at a time, and the next takes over a connection", async () => {
    const budget = buildBudget();
    const [works, later] = [new Works(), new Works()];
    const all = Array.from({ length: 5 }, () => budget.attempt("alice", works.work));
    const next = budget.attempt("alice", later.work);
    await Promise.resolve();
    expect([works.begun, later.begun]).toEqual([5, 0]);
    works.end();
    later.end();
    expect(await Promise.all([...all, next])).toEqual(Array.from({ length: 6 }, () => "done"));
  });

  it("leaves receivers a connection when its upstream hangs", async () => {
    const budget = buildBudget();
    const hanging = new Works();
    const reads = Array.from({ length: 20 }, () => budget.read("alice", hanging.work));
    expect(await budget.attempt("alice", async () => "made")).toBe("made");
    expect(hanging.begun).toBe(4);
    hanging.end();
    await Promise.all(reads);
    expect(hanging.begun).toBe(20);
  });

  it("does without an attempt for which no connection was free in time", async () => {
    const budget = buildBudget();
    // So little is left of the time to begin an attempt.
    moveClock(7 * SECOND + 40);
    const hanging = new Works();
    const all = Array.from({ length: 5 }, () => budget.attempt("alice", hanging.work));
    expect(await budget.attempt("alice", async () => "made")).toBe(null);
    hanging.end();
    await Promise.all(all);
    expect(await budget.attempt("alice", async () => "made")).toBe("made");
  });

  it("takes no connection for an upstream that is bound to it", async () => {
    const budget = buildBudget({}, false);
    const hanging = new Works();
    const reads = Array.from({ length: 20 }, () => budget.read("alice", hanging.work));
    expect(hanging.begun).toBe(20);
    hanging.end();
    await Promise.all(reads);
  });

  it.each<[Partial<Settings>, number]>([
    [{}, 50],
    [{ callbackTimeoutMs: 1 * SECOND, upstreamTimeoutMs: 1 * SECOND }, 50],
    [{ callbackTimeoutMs: MINUTE }, 45_050],
    [{ upstreamTimeoutMs: 20 * SECOND }, 20_050],
    [{ upstreamTimeoutMs: 2 * MINUTE }, 50_050],
  ])("with %o holds its batch up for %i ms, and has that much more time", async (settings, patienceMs) => {
    const budget = buildBudget(settings);
    expect(budget.patienceMs).toBe(patienceMs);
    expect(await budget.read("alice", same)).toBe(T0 + patienceMs + 25 * SECOND);
    expect(await budget.attempt("alice", async () => "made")).toBe("made");
  });
});

describe("turns", () => {
  it("go to the user with the fewest at work, and among equals to the first", async () => {
    const budget = buildBudget();
    const order: string[] = [];
    const ends: (() => void)[] = [];
    const attempt = (owner: string, name: string) =>
      budget.attempt(owner, async () => {
        order.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
      });
    const all = [1, 2, 3, 4, 5, 6, 7].map((n) => attempt("alice", `alice ${n}`));
    all.push(attempt("bob", "bob"), attempt("carol", "carol"));
    for (let next = 0; next < 9; next += 1) {
      await vi.waitFor(() => expect(ends.length).toBeGreaterThan(next));
      ends[next]?.();
    }
    await Promise.all(all);
    expect(order.slice(5)).toEqual(["bob", "carol", "alice 6", "alice 7"]);
  });
});
