// Where a test file runs follows from what it imports.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { findProject, pathToRuntime, testFiles } from "../../scripts/test-projects.ts";

it.each([
  ["test/gate/window.test.ts", "unit", null],
  ["test/gate/alarm.test.ts", "workers", ["test/gate/alarm.test.ts", "cloudflare:test"]],
  [
    "test/auth/token.test.ts",
    "workers",
    ["test/auth/token.test.ts", "test/support/auth-io.ts", "cloudflare:workers"],
  ],
  ["test/console/markup.test.ts", "workers", ["test/console/markup.test.ts", "the global HTMLRewriter"]],
])("%s runs in %s, for the way that leads from it to the runtime", (file, project, path) => {
  expect(findProject(file)).toBe(project);
  expect(pathToRuntime(file)).toEqual(path);
});

it.each([
  ["test/http/shed.test.ts", "alone"],
  ["test/start/killed.test.ts", "alone"],
  ["test/flows/json.test.ts", "flows"],
  ["test/flows/callbacks-fairness.test.ts", "measuring"],
])("%s runs in %s, whatever it imports", (file, project) => {
  expect(findProject(file)).toBe(project);
});

it("no file that is named like a test is left out", () => {
  const all = readdirSync("test", { recursive: true, encoding: "utf8" }).map((path) => `test/${path}`);
  const testFilesFound = all.filter((path) => /[.-](?:test|spec)\.[a-z]+$/i.test(path));
  expect(testFilesFound.toSorted()).toEqual(Object.values(testFiles()).flat().toSorted());
});
