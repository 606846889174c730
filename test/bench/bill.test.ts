// The bill of a million runs, against sums made by hand.
import { describe, expect, it } from "vitest";
import { othersDollars, storageUse, sumLines, toBill, toDollars, toUse } from "../../bench/scale/bill.ts";
import { type Counted, FULL, IDEMPOTENT, PLAIN, PLAIN_BUSY } from "../../bench/scale/counted.ts";

describe("a bill", () => {
  it("is operations times prices", () => {
    const lines = toBill({ "Worker requests": 2, "KV writes": 3, "D1 rows written": 10 });
    expect(lines).toEqual([
      { what: "Worker requests", times: 2, dollars: 0.6 },
      { what: "KV writes", times: 3, dollars: 15 },
      { what: "D1 rows written", times: 10, dollars: 10 },
    ]);
    expect(sumLines(lines)).toBeCloseTo(25.6);
  });
});

function awakeGbs(writes: number): string | undefined {
  return toUse({ ...PLAIN, gateRows: { "put windows": writes } }, 0)["object duration, GB-s"]?.toFixed(5);
}

describe("by hand, in dollars per million", () => {
  it.each<[string, Counted, number, number, number]>([
    // request + CPU + object request + 5 ms awake + row + rows read + line + point
    ["plain, seldom", PLAIN, 0.5, 1, 0.3 + 0.01 + 0.15 + 0.008 + 1 + 0.004 + 0.41 + 0.25],
    // 25 ms awake, a fifth of a row
    ["plain, ten at once", PLAIN_BUSY, 0.5, 10, 0.3 + 0.01 + 0.15 + 0.04 + 0.2 + 0.004 + 0.41 + 0.25],
    // two calls, 10 ms awake, three rows, KV written
    ["with an id", IDEMPOTENT, 1, 1, 0.3 + 0.02 + 0.3 + 0.016 + 3 + 0.008 + 5 + 0.41 + 0.25],
    // three Worker requests, five calls, 25 ms awake, nine rows, KV read and written, one message
    ["full", FULL, 2.5, 1, 0.9 + 0.05 + 0.75 + 0.04 + 9 + 0.02 + 0.5 + 5 + 1.2 + 1.23 + 0.75],
  ])("%s", (_name, counted, cpuMs, runs, dollars) => {
    expect(toDollars(toUse(counted, cpuMs, runs))).toBeCloseTo(dollars, 6);
  });

  it("what is written behind keeps the object awake for 200 ms, what is written at once does not", () => {
    expect([0, 1, 2, 3].map(awakeGbs)).toEqual(["0.00064", "0.00064", "0.02624", "0.05184"]);
  });

  it("a run's storage is its bytes for as long as each is kept", () => {
    // a run of 1.42 kB for 30 days, a charge of 0.1 kB for 400, an answer of 0.51 kB for 7; and in KV 0.6 kB for 3
    const objectKb = 1.42 + (0.1 * 400) / 30 + (0.51 * 7) / 30;
    expect(toDollars(storageUse())).toBeCloseTo(objectKb * 0.2 + 0.06 * 0.5, 6);
  });
});

describe("what one would run instead", () => {
  it("is a set of machines for each 1.3 billion runs a month, busy or not", () => {
    expect([1, 1_300_000_000, 1_300_000_001].map((runs) => othersDollars(runs, 0))).toEqual([250, 250, 500]);
  });
});
