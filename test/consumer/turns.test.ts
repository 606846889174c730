import { describe, expect, it } from "vitest";
import { Semaphore } from "../../src/consumer/turns.ts";

describe("turns", () => {
  it("are so many at a time, and handed on in order", async () => {
    const turns = new Semaphore(2);
    const got: number[] = [];
    const waiting = [1, 2, 3, 4].map((at) => turns.acquire(10_000).then(() => got.push(at)));
    await Promise.all(waiting.slice(0, 2));
    expect(got).toEqual([1, 2]);
    turns.release();
    await waiting[2];
    expect(got).toEqual([1, 2, 3]);
    turns.release();
    await waiting[3];
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it("do not come for ever: who waited too long goes without, and holds up nobody", async () => {
    const turns = new Semaphore(1);
    expect(await turns.acquire(10_000)).toBe(true);
    expect(await turns.acquire(10)).toBe(false);
    turns.release();
    expect(await turns.acquire(10)).toBe(true);
  });
});
