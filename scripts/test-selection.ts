// Some of the tests: one group, some files, or those of vitest's own options; with --watch again after each change.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Failure } from "./failure.ts";
import { findProject, type Project, pathToRuntime, testFiles } from "./test-projects.ts";

export type Group = "unit" | "worker" | "flows";

export const GROUPS: Record<Group, Project[]> = {
  unit: ["unit"],
  worker: ["workers", "alone"],
  flows: ["flows", "measuring"],
};

const REPORT = "dist/vitest-selection.json";

type Vitest = { args: string[]; mustRunSome: boolean };

/** Of any group where it is null. Ends the process as vitest ends; throws Failure for a name that is no test of the group. */
export async function runSelection(group: Group | null, parameters: readonly string[]): Promise<never> {
  const { args, mustRunSome } = vitestFor(group, parameters, Object.values(testFiles()).flat());
  mkdirSync("dist", { recursive: true });
  rmSync(REPORT, { force: true });
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  const vitest = spawn("vitest", args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => vitest.kill(signal));
  const [code] = await once(vitest, "exit");
  if (code === 0 && mustRunSome && !hasRunSome()) throw new Failure("No test has a name like that.");
  return process.exit(typeof code === "number" ? code : 1);
}

/** How vitest is called for these parameters: names first, each a file, a folder or a part of a path; then its options. */
export function vitestFor(
  group: Group | null,
  parameters: readonly string[],
  all: readonly string[],
): Vitest {
  const firstOption = parameters.findIndex((parameter) => parameter.startsWith("-"));
  const names = firstOption === -1 ? parameters : parameters.slice(0, firstOption);
  const options = parameters.slice(names.length);
  const allowed = group === null ? Object.values(GROUPS).flat() : GROUPS[group];
  const found = names.map((name) => findTests(name, allowed, all));
  // A project that has none of them takes its time to start all the same.
  const projects =
    names.length === 0 ? allowed : new Set(found.flatMap(({ files }) => files.map(findProject)));
  const ownProjects = options.some((option) => option.startsWith("--project"));
  const isWatch = options.includes("--watch") || options.includes("-w");
  const mustRunSome = !isWatch && options.some((option) => /^(?:-t|--testNamePattern)\b/.test(option));
  return {
    args: [
      isWatch ? "watch" : "run",
      ...(ownProjects ? [] : [...projects].map((project) => `--project=${project}`)),
      ...(mustRunSome ? ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`] : []),
      ...found.map(({ filter }) => filter),
      ...options.filter((option) => option !== "--watch" && option !== "-w"),
    ],
    mustRunSome,
  };
}

/** The files that a name means, as far as they may run here, and the name as vitest knows it. */
function findTests(
  name: string,
  allowed: readonly Project[],
  all: readonly string[],
): { filter: string; files: string[] } {
  const [, path = "", line = ""] = /^(.*?)(:\d+)?$/.exec(name) ?? [];
  const known = relative(".", resolve(path));
  const exact = all.filter((file) => file === known || file.startsWith(`${known}/`));
  const matching = exact.length > 0 ? exact : all.filter((file) => file.includes(path));
  const [first] = matching;
  if (first === undefined)
    throw new Failure(`${name} is no test file, no folder of some and no part of a name.`);
  const files = matching.filter((file) => allowed.includes(findProject(file)));
  if (files.length === 0) throw new Failure(describePlace(first));
  return { filter: `${exact.length > 0 ? known : path}${line}`, files };
}

function describePlace(file: string): string {
  const project = findProject(file);
  const group = Object.entries(GROUPS).find(([, projects]) => projects.includes(project))?.[0];
  const path = pathToRuntime(file);
  const reason =
    group === "worker" && path !== null ? ` It needs the Workers runtime: ${path.join(" → ")}.` : "";
  return `${file} is run by \`npm run test:${group} -- ${file}\`.${reason}`;
}

function hasRunSome(): boolean {
  const report: { numPassedTests: number; numFailedTests: number } = JSON.parse(readFileSync(REPORT, "utf8"));
  return report.numPassedTests + report.numFailedTests > 0;
}
