import { describe, expect, test } from "vitest";
import { acquire, type Breaker, CLOSED, isForgettable, report } from "../../src/callbacks/breaker.ts";
import { MINUTE, SECOND } from "../support/clock.ts";

const T0 = 1_800_000_000_000;

/** Reports one attempt a second: `x` failed, `.` succeeded. */
function after(history: string, startMs = T0, breaker: Breaker = CLOSED): Breaker {
  return history
    .split("")
    .reduce((state, mark, at) => report(state, mark === ".", startMs + at * SECOND), breaker);
}

const DOWN = after("xxxxxxxxxx"); // since T0 + 9 s
const OPEN_UNTIL = T0 + 39 * SECOND;

describe("a host is left alone from 70 % failures of ten attempts on", () => {
  test.each([
    ["...xxxxxxx", "open"],
    ["xxxxxxx...", "open"],
    ["x.xx.xx.xx", "open"],
    ["....xxxxxx", "closed"],
    ["xxxxxxxxx", "closed"],
    ["......xxxxxxxxxxxxx", "closed"], // 13 of 19
    ["......xxxxxxxxxxxxxx", "open"], // 14 of 20
    [`${".".repeat(100)}xxxxxxxxxx`, "closed"],
  ])("%s: %s", (history, status) => {
    expect(after(history).status).toBe(status);
  });

  test("of the last hundred, so that a busy host's outage is noticed before its five good minutes are over", () => {
    const busy = after(".".repeat(200));
    expect(after("x".repeat(69), T0 + 200 * SECOND, busy).status).toBe("closed");
    expect(after("x".repeat(70), T0 + 200 * SECOND, busy).status).toBe("open");
  });

  test("within five minutes", () => {
    const nine = after("xxxxxxxxx");
    expect(report(nine, false, T0 + 5 * MINUTE - 1).status).toBe("open");
    expect(report(nine, false, T0 + 5 * MINUTE).status).toBe("closed");
  });

  test("for 30 seconds from the report that was one too many", () => {
    expect(DOWN).toEqual({ status: "open", untilMs: OPEN_UNTIL });
    expect(acquire(DOWN, T0 + 10 * SECOND)).toEqual([DOWN, { kind: "open", untilMs: OPEN_UNTIL }]);
    expect(acquire(DOWN, OPEN_UNTIL - 1)[1]).toEqual({ kind: "open", untilMs: OPEN_UNTIL });
    expect(acquire(DOWN, OPEN_UNTIL)[1]).toEqual({ kind: "go" });
  });
});

test("a host that is not down may always be tried, and asking changes nothing", () => {
  const healthy = after("xxxxxx....");
  expect(acquire(healthy, T0 + MINUTE)).toEqual([healthy, { kind: "go" }]);
  expect(acquire(CLOSED, T0)).toEqual([CLOSED, { kind: "go" }]);
});

describe("after the rest one attempt is the probe:", () => {
  const [halfOpen] = acquire(DOWN, OPEN_UNTIL + 5 * SECOND);
  const probeMs = OPEN_UNTIL + 5 * SECOND;

  test("its success closes the breaker, with nothing held against the host", () => {
    const closed = report(halfOpen, true, probeMs + SECOND);
    expect(closed).toEqual({ status: "closed", samples: [] });
    expect(acquire(closed, probeMs + SECOND)[1]).toEqual({ kind: "go" });
    expect(after("xxxxxxxxx", probeMs + 2 * SECOND, closed).status).toBe("closed");
  });

  test("its failure opens the breaker anew", () => {
    const failedMs = probeMs + SECOND;
    expect(report(halfOpen, false, failedMs)).toEqual({ status: "open", untilMs: failedMs + 30 * SECOND });
  });

  test("it is the only attempt in 30 seconds, unless it ends before", () => {
    const untilMs = probeMs + 30 * SECOND;
    expect(acquire(halfOpen, untilMs - 1)).toEqual([halfOpen, { kind: "open", untilMs }]);
    expect(acquire(halfOpen, untilMs)[1]).toEqual({ kind: "go" });
  });
});

test("what is reported during the rest began before it, and changes nothing", () => {
  expect(report(DOWN, true, T0 + 10 * SECOND)).toBe(DOWN);
  expect(report(DOWN, false, T0 + 10 * SECOND)).toBe(DOWN);
  expect(report(DOWN, false, OPEN_UNTIL + SECOND)).toBe(DOWN);
});

test("a clock that steps back keeps no breaker open for longer", () => {
  expect(acquire(DOWN, T0 - 60 * MINUTE)[1]).toEqual({
    kind: "open",
    untilMs: T0 - 60 * MINUTE + 30 * SECOND,
  });
});

describe("a breaker may be forgotten", () => {
  test.each<[string, Breaker, number, boolean]>([
    ["when it never heard anything", CLOSED, T0, true],
    ["not while a sample counts", after("x"), T0 + 5 * MINUTE - 1, false],
    ["when its samples are too old to count", after("x"), T0 + 5 * MINUTE, true],
    ["not while it is open", DOWN, OPEN_UNTIL - 1, false],
    ["not soon after it", DOWN, OPEN_UNTIL + 5 * MINUTE - 1, false],
    ["when no request came for five minutes after it", DOWN, OPEN_UNTIL + 5 * MINUTE, true],
  ])("%s", (_, breaker, nowMs, forgettable) => {
    expect(isForgettable(breaker, nowMs)).toBe(forgettable);
  });
});
