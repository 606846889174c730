// All tests, in several runs of vitest: the flows, which mostly wait, and beside them all others in turn. What measures
// time has the machine to itself, afterwards.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Count, TOOL_ENV } from "./checks.ts";
import { succeeds } from "./child.ts";

type Report = { numPassedTests: number; numFailedTests: number; testResults: unknown[] };
type Run = { name: string; parameters: string[]; isShown: boolean };

// Shown as they go; the others when they have ended, so that they do not mix.
const FLOWS: Run = { name: "flows", parameters: ["--project=flows"], isShown: true };
const IN_TURN: Run[] = ["workers", "alone", "unit"].map((name) => ({
  name,
  parameters: [`--project=${name}`, "--maxWorkers=1"],
  isShown: false,
}));
const AFTERWARDS: Run = { name: "measuring", parameters: ["--project=measuring"], isShown: true };

/** Writes what came of all of them into one JSON report, as vitest's own. */
export async function runTests(reportPath: string): Promise<Count> {
  const [flows, others] = await Promise.all([vitest(FLOWS), inTurn(IN_TURN)]);
  const reports = [flows, ...others, await vitest(AFTERWARDS)];
  const testResults = reports.flatMap((report) => report.testResults);
  const [passed = 0, failed = 0] = (["numPassedTests", "numFailedTests"] as const).map((name) =>
    reports.reduce((sum, report) => sum + report[name], 0),
  );
  writeFileSync(reportPath, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults }));
  return { passed, failed };
}

async function inTurn(runs: readonly Run[]): Promise<Report[]> {
  const reports: Report[] = [];
  for (const run of runs) reports.push(await vitest(run));
  return reports;
}

async function vitest({ name, parameters, isShown }: Run): Promise<Report> {
  const path = `dist/vitest-${name}.json`;
  rmSync(path, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${path}`];
  return readReport(path, await succeeds("vitest", ["run", ...parameters, ...reporters], TOOL_ENV, isShown));
}

// A run that ended badly without a failed test (a crashed worker, say) has failed all the same.
function readReport(path: string, endedWell: boolean): Report {
  try {
    const report: Report = JSON.parse(readFileSync(path, "utf8"));
    return { ...report, numFailedTests: Math.max(endedWell ? 0 : 1, report.numFailedTests) };
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] };
  }
}
