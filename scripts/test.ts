// npm test: everything that must hold, in one command. Every check runs, so that one run shows all that is wrong; the
// last line counts checks and tests together. Checks run one after the other beside the tests.
// npm test -- FILE… OPTIONS: these test files alone, wherever they run, with vitest's options.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { readModules } from "./bundle.ts";
import { type Check, type Count, command, runLanes } from "./checks.ts";
import { runTests } from "./test-runs.ts";
import { runSelection } from "./test-selection.ts";

const REPORT = "dist/vitest.json";
const BUNDLE = "dist/gateway";
/** A Worker may have 3 MB of it, and 1 s to start: 149 KB took 74 ms (`wrangler check startup`). */
const MAX_GZIPPED_BYTES = 200_000;

const QUICK = ["--rounds", "2", "--seconds", "1"];

/** Each needs a core for itself and nothing of the others: they pass while the tests wait for something. */
const BESIDE_THE_TESTS: Check[] = [
  ["generated types are fresh", () => command("npm", ["run", "--silent", "types:check"])],
  ["types, lint, format, imports and words", () => command("npm", ["run", "--silent", "check"])],
  ["lint with types", () => command("oxlint", ["--type-aware", "--deny-warnings"])],
  ["unused code and dependencies", () => command("knip", [])],
  ["licences", () => command("node", ["scripts/licences.ts"])],
  ["bundle for production", bundle],
  ["bundle size", bundleSize],
];
const TESTS: Check[] = [
  ["tests", () => runTests(REPORT)],
  // How fast it is beside a bare proxy is printed, and is no reason to fail. That an answer was wrong is one.
  ["bench in short", () => command("npm", ["run", "--silent", "bench", "--", "--short", ...QUICK])],
];

const parameters = process.argv.slice(2);
if (parameters.length > 0) await runSelection(null, parameters);

mkdirSync("dist", { recursive: true });
rmSync(REPORT, { force: true });
const { passed, failed, failedChecks } = await runLanes([BESIDE_THE_TESTS, TESTS]);
if (failedChecks.length > 0) console.log(`\nfailed: ${failedChecks.join(", ")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

function bundle(): Promise<Count> {
  // Text modules are named by their hash, and wrangler leaves those of earlier bundles where they are.
  rmSync(BUNDLE, { recursive: true, force: true });
  return command("wrangler", ["deploy", "--dry-run", "--env", "production", "--outdir", BUNDLE]);
}

/** Of everything that is uploaded. */
function bundleSize(): Count {
  const modules = existsSync(BUNDLE) ? readModules(BUNDLE) : [];
  const sizes = modules.map(({ path }) => gzipSync(readFileSync(path)).byteLength);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const size = `${(bytes / 1000).toFixed(1)} KB gzipped, at most ${MAX_GZIPPED_BYTES / 1000} KB`;
  console.log(`${BUNDLE}: ${modules.length} modules, ${size}`);
  return bytes > 0 && bytes <= MAX_GZIPPED_BYTES ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}
