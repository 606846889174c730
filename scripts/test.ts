// npm test: everything that must hold, in one command. Every check runs, so that one run shows all that is wrong; the
// last line counts checks and tests together. Checks run one after the other beside the tests.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { suitesIn, summaryOf, uncounted } from "./attack-report.ts";
import { modulesOf } from "./bundle.ts";
import { endsWell } from "./child.ts";
import { type Count, runTests } from "./test-runs.ts";

const REPORT = "dist/vitest.json";
const SECURITY_PAGE = "docs/security.md";
const BUNDLE = "dist/gateway";
const MAX_GZIPPED_BYTES = 150_000;

const QUICK = ["--rounds", "2", "--seconds", "1"];

const ENV = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", FORCE_COLOR: "0" };

type Check = [name: string, run: () => Count | Promise<Count>];

/** Each needs a core for itself and nothing of the others: they pass while the tests wait for something. */
const BESIDE_THE_TESTS: Check[] = [
  ["generated types are fresh", () => command("npm", ["run", "--silent", "types:check"])],
  ["types of the gateway and its tests", () => command("tsc", ["-p", "."])],
  ["types of the sandbox", () => command("tsc", ["-p", "sandbox"])],
  ["types of the scripts and flows", () => command("tsc", ["-p", "tsconfig.node.json"])],
  ["lint", () => command("oxlint", ["--type-aware", "--deny-warnings"])],
  ["format", () => command("biome", ["check", "."])],
  ["unused code and dependencies", () => command("knip", [])],
  ["licences", () => command("node", ["scripts/licences.ts", "--check"])],
  ["bundle for production", bundle],
  ["bundle size", bundleSize],
];
const TESTS: Check[] = [
  ["tests", () => runTests(REPORT, ENV)],
  ["attacks", attacks],
  // How fast it is beside a bare proxy is printed, and is no reason to fail. That an answer was wrong is one.
  ["bench in short", () => command("npm", ["run", "--silent", "bench", "--", "--short", ...QUICK])],
];

mkdirSync("dist", { recursive: true });
rmSync(REPORT, { force: true });
const total: Count = { passed: 0, failed: 0 };
const broken: string[] = [];
await Promise.all([inOrder(BESIDE_THE_TESTS), inOrder(TESTS)]);
if (broken.length > 0) console.log(`\nfailed: ${broken.join(", ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 ? 1 : 0);

async function inOrder(checks: readonly Check[]): Promise<void> {
  for (const [name, run] of checks) {
    const startedAt = performance.now();
    const { passed, failed } = await run();
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) broken.push(name);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`# ${name}: ${failed > 0 ? "FAILED" : "ok"} in ${seconds} s`);
  }
}

async function command(name: string, parameters: string[]): Promise<Count> {
  return (await endsWell(name, parameters, ENV)) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function bundle(): Promise<Count> {
  // Text modules are named by their hash, and wrangler leaves those of earlier bundles where they are.
  rmSync(BUNDLE, { recursive: true, force: true });
  return command("wrangler", ["deploy", "--dry-run", "--env", "production", "--outdir", BUNDLE]);
}

/** Of everything that is uploaded. */
function bundleSize(): Count {
  const modules = existsSync(BUNDLE) ? modulesOf(BUNDLE) : [];
  const sizes = modules.map(({ path }) => gzipSync(readFileSync(path)).byteLength);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const size = `${(bytes / 1000).toFixed(1)} KB gzipped, at most ${MAX_GZIPPED_BYTES / 1000} KB`;
  console.log(`${BUNDLE}: ${modules.length} modules, ${size}`);
  return bytes > 0 && bytes <= MAX_GZIPPED_BYTES ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Every attack suite says what it has tried, and the documents say the same. */
function attacks(): Count {
  // Without a report the tests have failed, and that has been counted.
  const suites = existsSync(REPORT) ? suitesIn(REPORT) : [];
  const silent = uncounted(suites);
  for (const file of silent) console.log(`${file} has no count of what it has tried`);
  const line = summaryOf(suites);
  const isDocumented = readFileSync(SECURITY_PAGE, "utf8").includes(line);
  if (!isDocumented) console.log(`${SECURITY_PAGE} says otherwise; \`npm run attacks\` prints its numbers`);
  console.log(line);
  return silent.length === 0 && isDocumented ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}
