// Where a test file runs follows from what it imports.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { pathToRuntime, projectOf, testFiles } from "../../scripts/test-projects.ts";

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
  expect(projectOf(file)).toBe(project);
  expect(pathToRuntime(file)).toEqual(path);
});

it.each([
  ["test/http/shed.test.ts", "alone"],
  ["test/start/killed.test.ts", "alone"],
  ["test/flows/json.test.ts", "flows"],
  ["test/flows/callbacks-fairness.test.ts", "measuring"],
])("%s runs in %s, whatever it imports", (file, project) => {
  expect(projectOf(file)).toBe(project);
});

it("each test file is in one project, and none is empty", () => {
  const groups = Object.values(testFiles());
  expect(groups.every((files) => files.length > 0)).toBe(true);
  const all = groups.flat();
  expect(new Set(all).size).toBe(all.length);
});

it("no file that is named like a test is left out", () => {
  const all = readdirSync("test", { recursive: true, encoding: "utf8" }).map((path) => `test/${path}`);
  const named = all.filter((path) => /[.-](?:test|spec)\.[a-z]+$/i.test(path));
  expect(named.toSorted()).toEqual(Object.values(testFiles()).flat().toSorted());
});

it("an import of a file that is not there keeps no other test from running", () => {
  expect(pathToRuntime("test/not-written-yet.ts")).toBeNull();
});
