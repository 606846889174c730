import { parseArgs } from "node:util";
import { describe, expect, it } from "vitest";
import { Failure, isForUser } from "../../scripts/failure.ts";
import { parseWholeNumber } from "../../scripts/whole-number.ts";

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe("what the user of a command can mend", () => {
  it.each([
    ["a Failure", new Failure("wrk is not installed"), true],
    ["an unknown option", thrownBy(() => parseArgs({ args: ["--nonsense"] })), true],
    [
      "an option without its value",
      thrownBy(() => parseArgs({ args: ["--runs"], options: { runs: { type: "string" } } })),
      true,
    ],
    ["a number that is none", thrownBy(() => parseWholeNumber("--seconds", "0")), true],
    ["a bug", new TypeError("x is not a function"), false],
    ["a system's error", Object.assign(new Error("no such file"), { code: "ENOENT" }), false],
  ])("%s: %j", (_what, error, expected) => {
    expect(isForUser(error)).toBe(expected);
  });

  it("a whole number above 0 is one", () => {
    expect(["1", "600"].map((text) => parseWholeNumber("--seconds", text))).toEqual([1, 600]);
  });

  it.each(["0", "-1", "1.5", "abc", ""])("%j is no whole number above 0", (text) => {
    expect(() => parseWholeNumber("--seconds", text)).toThrow("--seconds must be a whole number above 0.");
  });
});
