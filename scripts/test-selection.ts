// Some of the tests: one group, some files, or those of vitest's own options; with --watch again after each change.
import { spawnSync } from "node:child_process";
import { Failure } from "./failure.ts";
import { type Project, pathToRuntime, projectOf, testFiles } from "./test-projects.ts";

export type Group = "unit" | "worker" | "flows";

export const GROUPS: Record<Group, Project[]> = {
  unit: ["unit"],
  worker: ["workers", "alone"],
  flows: ["flows", "measuring"],
};

/** Of any group where it is null. Ends the process as vitest ends; throws Failure for a file of another group. */
export function runSelection(group: Group | null, parameters: string[]): never {
  const all = Object.values(testFiles()).flat();
  const files = parameters.filter((parameter) => all.includes(parameter));
  const allowed = group === null ? Object.values(GROUPS).flat() : GROUPS[group];
  for (const file of files) if (!allowed.includes(projectOf(file))) throw new Failure(whereItRuns(file));
  // A project that has none of the files takes its time to start all the same.
  const projects = files.length > 0 ? new Set(files.map(projectOf)) : allowed;
  const mode = parameters.includes("--watch") ? "watch" : "run";
  const options = parameters.filter((parameter) => parameter !== "--watch");
  const chosen = [...projects].map((project) => `--project=${project}`);
  const { status } = spawnSync("vitest", [mode, ...chosen, ...options], {
    stdio: "inherit",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  process.exit(status ?? 1);
}

function whereItRuns(file: string): string {
  const project = projectOf(file);
  const group = Object.entries(GROUPS).find(([, projects]) => projects.includes(project))?.[0];
  const path = pathToRuntime(file);
  const reason =
    group === "worker" && path !== null ? ` It needs the Workers runtime: ${path.join(" → ")}.` : "";
  return `${file} is run by \`npm run test:${group} -- ${file}\`.${reason}`;
}
