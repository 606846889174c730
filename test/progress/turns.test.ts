import { describe, expect, it } from "vitest";
import { Turns } from "../../src/progress/turns.ts";

describe("turns", () => {
  it("are so many at a time, and handed on in order", async () => {
    const turns = new Turns(2);
    const got: number[] = [];
    const waiting = [1, 2, 3, 4].map((at) => turns.take(10_000).then(() => got.push(at)));
    await Promise.all(waiting.slice(0, 2));
    expect(got).toEqual([1, 2]);
    turns.giveBack();
    await waiting[2];
    expect(got).toEqual([1, 2, 3]);
    turns.giveBack();
    await waiting[3];
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it("do not come for ever: who waited too long goes without, and holds up nobody", async () => {
    const turns = new Turns(1);
    expect(await turns.take(10_000)).toBe(true);
    expect(await turns.take(10)).toBe(false);
    turns.giveBack();
    expect(await turns.take(10)).toBe(true);
  });
});
