// All tests, in several runs of vitest side by side: a run transforms modules in one thread for all of its workers, and
// flows mostly wait. What measures time has the machine to itself, afterwards.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Count, TOOL_ENV } from "./checks.ts";
import { succeeds } from "./child.ts";

type Report = { numPassedTests: number; numFailedTests: number; testResults: unknown[] };
type Run = { name: string; parameters: string[]; isShown: boolean };

const SIDE_BY_SIDE: Run[] = [
  // Shown as it goes; the others when they have ended, so that they do not mix.
  { name: "flows", parameters: ["--project=flows"], isShown: true },
  { name: "unit", parameters: ["--project=unit", "--maxWorkers=1"], isShown: false },
  { name: "workers", parameters: ["--project=workers", "--maxWorkers=1"], isShown: false },
  { name: "alone", parameters: ["--project=alone", "--maxWorkers=1"], isShown: false },
];
const AFTERWARDS: Run = { name: "measuring", parameters: ["--project=measuring"], isShown: true };

/** Writes what came of all of them into one JSON report, as vitest's own. */
export async function runTests(reportPath: string): Promise<Count> {
  const reports = await Promise.all(SIDE_BY_SIDE.map((run) => vitest(run)));
  reports.push(await vitest(AFTERWARDS));
  const testResults = reports.flatMap((report) => report.testResults);
  const [passed = 0, failed = 0] = (["numPassedTests", "numFailedTests"] as const).map((of) =>
    reports.reduce((sum, report) => sum + report[of], 0),
  );
  writeFileSync(reportPath, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults }));
  return { passed, failed };
}

async function vitest({ name, parameters, isShown }: Run): Promise<Report> {
  const path = `dist/vitest-${name}.json`;
  rmSync(path, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${path}`];
  return reportOf(path, await succeeds("vitest", ["run", ...parameters, ...reporters], TOOL_ENV, isShown));
}

// A run that ended badly without a failed test (a crashed worker, say) has failed all the same.
function reportOf(path: string, endedWell: boolean): Report {
  try {
    const report: Report = JSON.parse(readFileSync(path, "utf8"));
    return { ...report, numFailedTests: Math.max(endedWell ? 0 : 1, report.numFailedTests) };
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] };
  }
}
