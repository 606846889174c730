// The flag is asked seldom, and what it says of one caller is never said of another.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limitMode } from "../../src/rate-limit/flag.ts";
import { moveClock, SECOND, stopClock } from "../support/clock.ts";

const ACTION = "00000000-0000-4000-8000-000000000001";
const ALICE = { userKey: "a".repeat(43), subject: "alice", issuer: "https://login.example" };
const BOB = { userKey: "b".repeat(43), subject: "bob", issuer: "https://login.example" };

beforeEach(() => stopClock());
afterEach(() => vi.useRealTimers());

/** A flag service that notes whom it was asked about. */
function flagService(answer: () => boolean, errorCode?: string, shadow = false) {
  const asked: unknown[] = [];
  const getBooleanDetails = async (flagKey: string, _: boolean, context: unknown) => {
    if (flagKey.endsWith("_shadow")) return { flagKey, value: shadow };
    asked.push(context);
    return { flagKey, value: answer(), errorCode };
  };
  // Of the binding, this is all that is used.
  return { asked, flags: { getBooleanDetails } as Partial<Flagship> as Flagship };
}

describe("the flag of one caller and one action", () => {
  it("is asked once in five seconds, and a change is noticed after them", async () => {
    let isOn = true;
    const { asked, flags } = flagService(() => isOn);
    expect(await limitMode(flags, true, ALICE, ACTION)).toBe("on");
    isOn = false;
    moveClock(5 * SECOND - 1);
    expect(await limitMode(flags, true, ALICE, ACTION)).toBe("on");
    expect(asked).toEqual([
      {
        targetingKey: ALICE.userKey,
        userId: "alice",
        issuer: "https://login.example",
        storedActionId: ACTION,
      },
    ]);
    moveClock(1);
    expect(await limitMode(flags, true, ALICE, ACTION)).toBe("off");
    expect(asked).toHaveLength(2);
  });

  it("is asked again when the clock has stepped back", async () => {
    const { asked, flags } = flagService(() => true);
    await limitMode(flags, true, ALICE, ACTION);
    moveClock(-60 * SECOND);
    await limitMode(flags, true, ALICE, ACTION);
    expect(asked).toHaveLength(2);
  });

  it("is not another caller's, another action's, nor that of runs without one", async () => {
    const { asked, flags } = flagService(() => true);
    await limitMode(flags, true, ALICE, ACTION);
    await limitMode(flags, true, BOB, ACTION);
    await limitMode(flags, true, ALICE, ACTION.replace("1", "2"));
    await limitMode(flags, true, ALICE, null);
    expect(asked).toHaveLength(4);
  });

  it("is not kept for a path that is no id, however long it is", async () => {
    const { asked, flags } = flagService(() => true);
    for (let again = 0; again < 2; again++) await limitMode(flags, true, ALICE, "x".repeat(8_000));
    expect(asked).toHaveLength(2);
  });

  it("holds a service that is down up once in five seconds, not at each request", async () => {
    const { asked, flags } = flagService(() => {
      throw new Error("down");
    });
    expect(await limitMode(flags, false, ALICE, ACTION)).toBe("off");
    expect(await limitMode(flags, false, ALICE, ACTION)).toBe("off");
    expect(asked).toHaveLength(1);
  });
});

describe("the flag of the shadow", () => {
  it.each([
    { limit: true, shadow: true, mode: "on" },
    { limit: true, shadow: false, mode: "on" },
    { limit: false, shadow: true, mode: "shadow" },
    { limit: false, shadow: false, mode: "off" },
  ])("counts where the limit is off: $limit, $shadow is $mode", async ({ limit, shadow, mode }) => {
    const { flags } = flagService(() => limit, undefined, shadow);
    expect(await limitMode(flags, true, ALICE, ACTION)).toBe(mode);
  });
});

it("a shadow that cannot be evaluated leaves the limit off", async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const flags = {
    getBooleanDetails: async (flagKey: string) => ({
      flagKey,
      value: false,
      ...(flagKey.endsWith("_shadow") && { errorCode: "GENERAL" }),
    }),
  } as Partial<Flagship> as Flagship;
  expect(await limitMode(flags, true, ALICE, ACTION)).toBe("off");
  vi.restoreAllMocks();
});

describe("an evaluation that says that it has failed", () => {
  it.each([
    { errorCode: "GENERAL", logged: ["FlagError: GENERAL"] },
    { errorCode: "TYPE_MISMATCH", logged: ["FlagError: TYPE_MISMATCH"] },
    // A flag that is not there has no value; that is no failure of its service.
    { errorCode: "FLAG_NOT_FOUND", logged: [] },
  ])("with $errorCode leaves the fallback, and is logged as $logged", async ({ errorCode, logged }) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    for (const fallback of [true, false]) {
      const { flags } = flagService(() => !fallback, errorCode);
      expect(await limitMode(flags, fallback, ALICE, ACTION)).toBe(fallback ? "on" : "off");
    }
    const events = lines.map((line): { event: string; error: string } => JSON.parse(line));
    const expected = logged.map((error) => expect.objectContaining({ event: "flag.unavailable", error }));
    expect(events).toEqual([...expected, ...expected]);
    vi.restoreAllMocks();
  });
});

it("of all callers is kept for five thousand, the oldest going first", async () => {
  const { asked, flags } = flagService(() => true);
  const users = Array.from({ length: 5_001 }, (_, at) => ({ ...ALICE, userKey: String(at) }));
  for (const user of users) await limitMode(flags, true, user, ACTION);
  expect(asked).toHaveLength(5_001);
  await limitMode(flags, true, { ...ALICE, userKey: "5000" }, ACTION);
  expect(asked).toHaveLength(5_001);
  await limitMode(flags, true, { ...ALICE, userKey: "0" }, ACTION);
  expect(asked).toHaveLength(5_002);
});
