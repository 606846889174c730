// npm run attacks [-- test/auth/ …]: runs every suite that docs/security.md names, or only some of them, and prints what
// each of them has tried.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { grouped, suitesIn, summaryOf } from "./attack-report.ts";
import { TOOL_ENV } from "./checks.ts";
import { testFiles } from "./test-projects.ts";
import { vitestFor } from "./test-selection.ts";

const REPORT = "dist/attacks.json";
const SUITES = [
  "test/security/",
  "test/auth/",
  "test/callbacks/deliver.test.ts",
  "test/callbacks/destination.",
  "test/callbacks/host-health.test.ts",
  "test/http/completions.test.ts",
  "test/console/markup.test.ts",
  "test/consumer/hints.test.ts",
  "test/gate/completion-ref.test.ts",
  "test/upstream/headers.test.ts",
  "test/upstream/upstream-problem.test.ts",
  "test/flows/private.test.ts",
  "test/flows/hostile-receivers.test.ts",
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((path) => !SUITES.some((suite) => path.startsWith(suite)));
if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: the suites are ${SUITES.join(", ")}`);

mkdirSync("dist", { recursive: true });
rmSync(REPORT, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const paths = chosen.length > 0 ? chosen : SUITES;
const { args } = vitestFor(null, paths, Object.values(testFiles()).flat());
const { status } = spawnSync("vitest", [...args, ...reporters], { stdio: "inherit", env: TOOL_ENV });

const suites = suitesIn(REPORT);
for (const { file, groups, tally } of suites) {
  const counted = tally && `: ${grouped(tally.refused)} refused, ${grouped(tally.served)} twins served`;
  console.log(`\n${file}${counted ?? ""}`);
  for (const [heading, { passed, failed }] of groups) {
    console.log(`${String(passed).padStart(6)} ${failed > 0 ? `(${failed} FAILED) ` : ""}${heading}`);
  }
}
console.log(`\n${summaryOf(suites)}`);
process.exit(status ?? 1);
