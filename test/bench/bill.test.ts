// The bill of a million runs, against sums made by hand.
import { describe, expect, it } from "vitest";
import {
  billOf,
  callbackUse,
  countDollars,
  fullUse,
  idempotentUse,
  othersDollars,
  plainUse,
  rowsIn,
  sumOf,
} from "../../bench/scale/bill.ts";

describe("a bill", () => {
  it("is operations times prices", () => {
    const lines = billOf({ "Worker requests": 2, "KV writes": 3, "log lines": 10 });
    expect(lines).toEqual([
      { what: "Worker requests", times: 2, dollars: 0.6 },
      { what: "KV writes", times: 3, dollars: 15 },
      { what: "log lines", times: 10, dollars: 6 },
    ]);
    expect(sumOf(lines)).toBeCloseTo(21.6);
  });

  it("takes the share of the log lines that are kept, and of nothing else", () => {
    expect(sumOf(billOf({ "KV reads": 2, "log lines": 10 }, 0.1))).toBeCloseTo(1 + 0.6);
  });

  it("counts the rows that a write says it is", () => {
    expect(rowsIn(["CREATE TABLE runs 2", "put schema 1", "INSERT INTO runs 10"])).toBe(13);
  });
});

describe("by hand, in dollars per million", () => {
  it.each([
    // request + CPU + object request + 205 ms awake + row + rows read + line + point
    ["plain, seldom", plainUse(), 0.3 + 0.01 + 0.15 + 0.328 + 1 + 0.004 + 0.6 + 0.25],
    // 25 ms awake
    ["plain, ten at once", plainUse(10), 0.3 + 0.01 + 0.15 + 0.04 + 0.1 + 0.004 + 0.6 + 0.25],
    // three calls, 215 ms awake, four rows, KV read twice and written once
    ["with an id", idempotentUse(), 0.3 + 0.02 + 0.45 + 0.344 + 4 + 0.012 + 1 + 5 + 0.03 + 0.6 + 0.25],
    // three Worker requests, four calls, 420 ms awake, five rows, a message, four rows of D1 and two when they go
    ["with a callback", callbackUse(), 0.9 + 0.04 + 0.6 + 0.672 + 5 + 0.016 + 1.2 + 6.02 + 1.05 + 1.8 + 0.75],
    // five calls, 225 ms awake, six rows, KV, a message, five rows of D1 and three when they go
    ["full", fullUse(), 0.9 + 0.05 + 0.75 + 0.36 + 6 + 0.02 + 6.03 + 1.2 + 8.02 + 1.05 + 1.8 + 0.75],
  ])("%s", (_name, use, dollars) => {
    expect(sumOf(billOf(use))).toBeCloseTo(dollars, 6);
  });
});

describe("what one would run instead", () => {
  it("is a set of machines for each 1.3 billion runs a month, busy or not", () => {
    expect([1, 1_300_000_000, 1_300_000_001].map((runs) => othersDollars(runs, 0))).toEqual([250, 250, 500]);
  });

  it("and a webhook service for each callback", () => {
    expect(othersDollars(2_000_000, 1)).toBe(450);
  });
});

describe("the count's write", () => {
  it("costs a row and the time that it waits, shared by what comes meanwhile", () => {
    expect(countDollars(1, 0)).toBe(1);
    expect(countDollars(0, 0.2)).toBeCloseTo(1.32);
    expect(countDollars(50, 0.2)).toBeCloseTo(1.32 / 11);
  });

  it("is cheaper for waiting only beyond 1.6 runs a second", () => {
    for (const wait of [0.2, 1, 5]) {
      expect(countDollars(1.5, wait)).toBeGreaterThan(1);
      expect(countDollars(1.7, wait)).toBeLessThan(1);
    }
  });
});
