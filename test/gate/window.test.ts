import { describe, expect, it } from "vitest";
import { giveBack, peek, retryAfterSeconds, take, type Window } from "../../src/rate-limit/window.ts";

const RULE = { limit: 3, windowMs: 300_000 };
const OPENED_AT = 1_000_000;
const ENDS_AT = 1_300_000;

/** What is seen of a window of that rule. */
function left(remaining: number, resetAtMs = ENDS_AT) {
  return { limit: 3, remaining, resetAtMs, windowMs: 300_000 };
}

describe("take", () => {
  it("opens the window with the first counted request, counts up to the cap, and leaves it as it is beyond", () => {
    let window: Window | null = null;
    const counts = [OPENED_AT, OPENED_AT + 1, OPENED_AT + 150_000, ENDS_AT - 1, ENDS_AT - 1].map((nowMs) => {
      const count = take(window, RULE, nowMs);
      window = count.window;
      return [count.admitted, count.view, window];
    });
    const counted = (count: number) => ({ count, endsAtMs: ENDS_AT });
    expect(counts).toEqual([
      [true, left(2), counted(1)],
      [true, left(1), counted(2)],
      [true, left(0), counted(3)],
      [false, left(0), counted(3)],
      [false, left(0), counted(3)],
    ]);
  });

  it.each([
    { name: "one millisecond before the end, the window still holds", nowMs: ENDS_AT - 1, admitted: false },
    { name: "exactly at the end, a new window opens", nowMs: ENDS_AT, admitted: true },
    { name: "long after the end, a new window opens", nowMs: ENDS_AT + 3_600_000, admitted: true },
  ])("$name", ({ nowMs, admitted }) => {
    const full = { count: 3, endsAtMs: ENDS_AT };
    const count = take(full, RULE, nowMs);
    expect(count.admitted).toBe(admitted);
    expect(count.window).toEqual(admitted ? { count: 1, endsAtMs: nowMs + 300_000 } : full);
  });

  it("a clock that stepped back leaves no window open for longer than the rule says", () => {
    const anHourEarlier = OPENED_AT - 3_600_000;
    expect(take({ count: 3, endsAtMs: ENDS_AT }, RULE, anHourEarlier)).toEqual({
      admitted: false,
      isOver: true,
      window: { count: 3, endsAtMs: anHourEarlier + 300_000 },
      view: left(0, anHourEarlier + 300_000),
    });
  });

  it("a window made shorter by a deploy ends by the shorter rule", () => {
    const { window } = take(
      { count: 1, endsAtMs: ENDS_AT },
      { limit: 3, windowMs: 10_000 },
      OPENED_AT + 5_000,
    );
    expect(window).toEqual({ count: 2, endsAtMs: OPENED_AT + 15_000 });
  });

  it("a cap made lower while the window is open says that nothing remains, never less than nothing", () => {
    expect(take({ count: 150, endsAtMs: ENDS_AT }, RULE, OPENED_AT)).toEqual({
      admitted: false,
      isOver: true,
      window: { count: 150, endsAtMs: ENDS_AT },
      view: left(0),
    });
  });

  it("in the shadow counts on beyond the cap, refuses nothing, and says what it would have refused", () => {
    const shadow = { ...RULE, isShadow: true } as const;
    expect([1, 2, 3, 4].map((count) => take({ count, endsAtMs: ENDS_AT }, shadow, OPENED_AT))).toMatchObject([
      { admitted: true, isOver: false, window: { count: 2 }, view: { remaining: 1, isShadow: true } },
      { admitted: true, isOver: false, window: { count: 3 }, view: { remaining: 0, isShadow: true } },
      { admitted: true, isOver: true, window: { count: 4 }, view: { remaining: 0, isShadow: true } },
      { admitted: true, isOver: true, window: { count: 5 }, view: { remaining: 0, isShadow: true } },
    ]);
  });

  it("a cap made higher while the window is open lets the difference pass", () => {
    const higher = { limit: 5, windowMs: 300_000 };
    expect(take({ count: 3, endsAtMs: ENDS_AT }, higher, OPENED_AT).view.remaining).toBe(1);
  });
});

describe("peek", () => {
  it.each([
    { window: null, nowMs: OPENED_AT, remaining: 3, resetAtMs: ENDS_AT },
    { window: { count: 2, endsAtMs: ENDS_AT }, nowMs: ENDS_AT - 1, remaining: 1, resetAtMs: ENDS_AT },
    { window: { count: 3, endsAtMs: ENDS_AT }, nowMs: ENDS_AT, remaining: 3, resetAtMs: ENDS_AT + 300_000 },
  ])(
    "of $window at $nowMs sees $remaining left, and counts nothing",
    ({ window, nowMs, remaining, resetAtMs }) => {
      const before = structuredClone(window);
      expect(peek(window, RULE, nowMs)).toEqual(left(remaining, resetAtMs));
      expect(window).toEqual(before);
    },
  );
});

describe("giveBack", () => {
  it.each([
    [
      "takes one back from the window that counted it",
      { count: 2, endsAtMs: ENDS_AT },
      { count: 1, endsAtMs: ENDS_AT },
    ],
    [
      "takes none from a later window",
      { count: 2, endsAtMs: ENDS_AT + 300_000 },
      { count: 2, endsAtMs: ENDS_AT + 300_000 },
    ],
    ["never counts below nothing", { count: 0, endsAtMs: ENDS_AT }, { count: 0, endsAtMs: ENDS_AT }],
    ["has nothing to take where there is no window", null, null],
  ])("%s", (_name, window, after) => {
    expect(giveBack(window, ENDS_AT)).toEqual(after);
  });
});

describe("retryAfterSeconds", () => {
  it.each([
    { restMs: 300_000, seconds: 300 },
    { restMs: 299_001, seconds: 300 },
    { restMs: 299_000, seconds: 299 },
    { restMs: 1_000, seconds: 1 },
    { restMs: 1, seconds: 1 },
    { restMs: 0, seconds: 1 },
    { restMs: -5_000, seconds: 1 },
  ])("$restMs ms before the end: $seconds s", ({ restMs, seconds }) => {
    expect(retryAfterSeconds(left(0), ENDS_AT - restMs)).toBe(seconds);
  });
});
