// How paths are judged whatever they look like; which of them a caller gets through with: test/security.
import { assert, constantFrom, property, string } from "fast-check";
import { expect, it } from "vitest";
import { isForwardable } from "../../src/upstream/forwardable.ts";

const RUNS = "/actions/v1/runs";
const RUN = "/actions/v1/stored-actions/a/run";

it.each([
  [`${RUNS}.json`, false],
  [`${RUNS}/.json`, false],
  [`${RUNS}/.x/.y`, false],
  [`${RUNS}.tar.gz`, false],
  [`${RUN}..`, false],
  ["/actions/v1/.runs", true],
  ["/actions/v1/files/report.2026.01.02", true],
  [`${RUNS}.x/y`, true],
])("%s is passed on: %s", (path, expected) => {
  expect(isForwardable(path)).toBe(expected);
});

it("a path of dots takes no longer than another of its length", () => {
  const startedAt = performance.now();
  for (const unit of [".", "a.", "/.", "./"]) isForwardable(`/actions/v1/${unit.repeat(20_000)}/x`);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

it("whatever is hung onto a route that counts as a format, it is not passed on", () => {
  const suffix = string({ unit: constantFrom(".", "x", "/."), minLength: 1, maxLength: 20 });
  assert(
    property(suffix, (text) => {
      expect(isForwardable(`${RUNS}.${text.replaceAll("//", "/")}`)).toBe(false);
    }),
  );
});
