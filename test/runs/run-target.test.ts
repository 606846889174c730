import { describe, expect, it } from "vitest";
import { buildRunPath, buildStartPath } from "../../src/runs/run-target.ts";

const ACTION = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE";
const RUN = "0B6C8D1E-8F0A-4B7E-9A55-0F6F8A7F3C11";

describe("the upstream's path, one spelling for one thing", () => {
  it("starts a stored action", () => {
    expect(buildStartPath({ kind: "stored", storedActionId: ACTION.toLowerCase() })).toBe(
      "/actions/v1/stored-actions/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/run",
    );
  });

  it("starts a one-off run", () => {
    expect(buildStartPath({ kind: "one_off" })).toBe("/actions/v1/runs");
  });

  it("reads a stored action's run", () => {
    expect(buildRunPath({ kind: "stored", storedActionId: ACTION }, RUN)).toBe(
      "/actions/v1/stored-actions/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/runs/0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
    );
  });

  it("reads a one-off run", () => {
    expect(buildRunPath({ kind: "one_off" }, RUN)).toBe(
      "/actions/v1/runs/0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
    );
  });

  it("leaves no room for a path inside an id", () => {
    expect(buildRunPath({ kind: "one_off" }, "../stored-actions")).toBe(
      "/actions/v1/runs/..%2Fstored-actions",
    );
  });
});
