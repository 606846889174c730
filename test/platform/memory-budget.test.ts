import { describe, expect, it } from "vitest";
import { ANONYMOUS, MemoryBudget } from "../../src/platform/memory-budget.ts";

const T0 = 1_000_000;
const MIB = 1024 * 1024;

/** How many places of `maxPlaces` an owner gets when it asks for as many as it can. */
function fill(budget: MemoryBudget, owner: string, maxPlaces: number): number {
  let places = 0;
  while (budget.tryEnter(owner, T0, maxPlaces) !== null) places += 1;
  return places;
}

describe("places", () => {
  it("are half of what the others leave free, for each owner: each finds one as long as there are two", () => {
    const budget = new MemoryBudget(100);
    const owners = ["a", "b", "c", "d", "e", "f"];
    expect(owners.map((owner) => fill(budget, owner, 32))).toEqual([16, 8, 4, 2, 1, 1]);
    expect(fill(budget, "g", 32)).toBe(0);
  });

  it("are free again when one leaves, once, though it leaves twice", () => {
    const budget = new MemoryBudget(100);
    const [first] = [budget.tryEnter("a", T0, 3), budget.tryEnter("a", T0, 3)];
    expect(budget.tryEnter("a", T0, 3)).toBeNull();
    first?.leave();
    first?.leave();
    expect([budget.tryEnter("a", T0, 3), budget.tryEnter("a", T0, 3)]).toEqual([expect.anything(), null]);
  });

  it("are fifty for all unknown callers together", () => {
    const budget = new MemoryBudget(100);
    expect(fill(budget, ANONYMOUS, 1_000)).toBe(50);
    expect(budget.tryEnter("a", T0, 1_000)).not.toBeNull();
  });

  it("are not taken by the consumer's work, however much of it there is", () => {
    const budget = new MemoryBudget(100);
    for (let run = 0; run < 1_000; run += 1) budget.enter("a", T0);
    expect(fill(budget, "b", 32)).toBe(16);
  });

  it.each([T0 + 200_000, T0 - 600_000])(
    "of work that never leaves are forgotten, with its bytes: at %i",
    (nowMs) => {
      const budget = new MemoryBudget(100);
      const silent = budget.tryEnter("a", T0, 1);
      silent?.take(100);
      expect(budget.tryEnter("b", T0 + 199_999, 1)).toBeNull();
      const next = budget.tryEnter("b", nowMs, 1);
      expect([silent?.take(50), next?.take(100)]).toEqual([true, true]);
    },
  );
});

describe("bytes", () => {
  it("are half of what the others leave free, for each owner with all its work", () => {
    const budget = new MemoryBudget(100);
    const [a, again, b] = [budget.enter("a", T0), budget.enter("a", T0), budget.enter("b", T0)];
    expect([a.take(40), again.take(10), again.take(1)]).toEqual([true, true, false]);
    expect([b.take(25), b.take(1)]).toEqual([true, false]);
    a.leave();
    expect(b.take(20)).toBe(true);
  });

  it("may be any number in the only body that is held, which leaves others their share all the same", () => {
    const budget = new MemoryBudget(100);
    const [first, second] = [budget.enter("a", T0), budget.enter("b", T0)];
    expect([first.take(90), first.take(90), second.take(25), second.take(1)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    first.leave();
    expect(second.take(25)).toBe(true);
  });

  it("are free again when they are released, and the work goes on", () => {
    const budget = new MemoryBudget(100);
    const [first, second] = [budget.enter("a", T0), budget.enter("b", T0)];
    first.take(90);
    first.release();
    expect([second.take(50), first.take(25), first.take(1)]).toEqual([true, true, false]);
  });

  it("are one mebibyte for all unknown callers together, who take nothing of the rest", () => {
    const budget = new MemoryBudget(16 * MIB);
    const [unknown, other] = [budget.enter(ANONYMOUS, T0), budget.enter(ANONYMOUS, T0)];
    expect([unknown.take(MIB), other.take(1)]).toEqual([true, false]);
  });
});
