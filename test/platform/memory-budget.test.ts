import { describe, expect, it } from "vitest";
import { MemoryBudget } from "../../src/platform/memory-budget.ts";

const T0 = 1_000_000;

describe("a memory budget", () => {
  it("is full when so many are in, and free again when one leaves", () => {
    const budget = new MemoryBudget(100);
    const [first] = [budget.enter(T0), budget.enter(T0)];
    expect([budget.isFull(T0, 2), budget.isFull(T0, 3)]).toEqual([true, false]);
    first.leave();
    expect(budget.isFull(T0, 2)).toBe(false);
  });

  it("gives a reservation back once, though it leaves twice", () => {
    const budget = new MemoryBudget(100);
    const [first, second] = [budget.enter(T0), budget.enter(T0)];
    first.take(60);
    first.leave();
    first.leave();
    expect(second.take(100)).toBe(true);
    expect([budget.isFull(T0, 1), budget.isFull(T0, 2)]).toEqual([true, false]);
  });

  it("has bytes for all together, and gives them back", () => {
    const budget = new MemoryBudget(100);
    const [first, second] = [budget.enter(T0), budget.enter(T0)];
    expect([first.take(60), second.take(40), second.take(1)]).toEqual([true, true, false]);
    first.leave();
    expect(second.take(60)).toBe(true);
  });

  it("lets one reservation have any size while it is alone", () => {
    const budget = new MemoryBudget(100);
    const [first, second] = [budget.enter(T0), budget.enter(T0)];
    expect([first.take(90), first.take(90), second.take(1)]).toEqual([true, true, false]);
  });

  it("forgets reservations that never leave", () => {
    const budget = new MemoryBudget(100);
    const silent = budget.enter(T0);
    silent.take(100);
    expect(budget.isFull(T0 + 119_999, 1)).toBe(true);
    expect(budget.isFull(T0 + 120_000, 1)).toBe(false);
    const next = budget.enter(T0 + 120_000);
    expect([silent.take(50), next.take(100)]).toEqual([true, true]);
  });
});
