import { expect, it } from "vitest";
import { buildRunPath, buildStartPath } from "../../src/runs/run-target.ts";

const ACTION = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE";
const RUN = "0B6C8D1E-8F0A-4B7E-9A55-0F6F8A7F3C11";

const STORED = { kind: "stored", storedActionId: ACTION } as const;
const ONE_OFF = { kind: "one_off" } as const;
const STORED_ACTION = "/actions/v1/stored-actions/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

it.each([
  [
    "starts a stored action",
    buildStartPath({ ...STORED, storedActionId: ACTION.toLowerCase() }),
    `${STORED_ACTION}/run`,
  ],
  ["starts a one-off run", buildStartPath(ONE_OFF), "/actions/v1/runs"],
  [
    "reads a stored action's run",
    buildRunPath(STORED, RUN),
    `${STORED_ACTION}/runs/0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11`,
  ],
  [
    "reads a one-off run",
    buildRunPath(ONE_OFF, RUN),
    "/actions/v1/runs/0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  ],
  ["leaves no room for a path inside an id", buildRunPath(ONE_OFF, "../x"), "/actions/v1/runs/..%2Fx"],
])("the upstream's path, one spelling for one thing: %s", (_name, path, expected) => {
  expect(path).toBe(expected);
});
