// The figure itself is for the README and a quiet machine; here it is only seen that the command measures.
import { beforeAll, expect, it } from "vitest";
import { type Environment, makeFolder, removeFolder, userEnvironment } from "./support/environment.ts";
import { run } from "./support/run.ts";

let env: Environment;
beforeAll(async () => {
  const folder = await makeFolder();
  env = userEnvironment(folder);
  return () => removeFolder(folder);
});

it("npm run bench:completion prints the time from a completion's push to its callback, as a line of a table", async () => {
  const { code, stdout, stderr } = await run(
    "npm",
    ["run", "--silent", "bench:completion", "--", "--runs", "20", "--at-once", "2"],
    env,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [line] = stdout.trimEnd().split("\n").toReversed();
  const [runs, atOnce, ...figures] =
    line
      ?.split("|")
      .map((cell) => cell.trim())
      .filter(Boolean) ?? [];
  expect([runs, atOnce]).toEqual(["20", "2"]);
  const [median, p99, longest] = figures.map((figure) => Number.parseFloat(figure));
  expect(figures).toHaveLength(3);
  expect(median).toBeGreaterThan(0);
  expect(p99).toBeGreaterThanOrEqual(median ?? 0);
  expect(longest).toBeGreaterThanOrEqual(p99 ?? 0);
});
