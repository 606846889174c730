import { describe, expect, it } from "vitest";
import { MemoryBudget } from "../../src/platform/memory-budget.ts";

const T0 = 1_000_000;

describe("a room", () => {
  it("is full when so many are in, and free again when one leaves", () => {
    const room = new MemoryBudget(100);
    const [first] = [room.enter(T0), room.enter(T0)];
    expect([room.isFull(T0, 2), room.isFull(T0, 3)]).toEqual([true, false]);
    first.leave();
    expect(room.isFull(T0, 2)).toBe(false);
  });

  it("counts nobody twice who leaves twice", () => {
    const room = new MemoryBudget(100);
    const [first, second] = [room.enter(T0), room.enter(T0)];
    first.take(60);
    first.leave();
    first.leave();
    expect(second.take(100)).toBe(true);
    expect([room.isFull(T0, 1), room.isFull(T0, 2)]).toEqual([true, false]);
  });

  it("has bytes for all together, and gives them back", () => {
    const room = new MemoryBudget(100);
    const [first, second] = [room.enter(T0), room.enter(T0)];
    expect([first.take(60), second.take(40), second.take(1)]).toEqual([true, true, false]);
    first.leave();
    expect(second.take(60)).toBe(true);
  });

  it("lets anybody hold any size alone", () => {
    const room = new MemoryBudget(100);
    const [first, second] = [room.enter(T0), room.enter(T0)];
    expect([first.take(90), first.take(90), second.take(1)]).toEqual([true, true, false]);
  });

  it("forgets those of whom nobody heard again", () => {
    const room = new MemoryBudget(100);
    const lost = room.enter(T0);
    lost.take(100);
    expect(room.isFull(T0 + 119_999, 1)).toBe(true);
    expect(room.isFull(T0 + 120_000, 1)).toBe(false);
    const next = room.enter(T0 + 120_000);
    expect([lost.take(50), next.take(100)]).toEqual([true, true]);
  });
});
