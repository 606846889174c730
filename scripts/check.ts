// npm run check [-- --watch]: types, lint, format, imports and words, as fast as they go; with --watch again after each change.
// The lint that needs types takes much longer, and is part of `npm test`.
import { globSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Check, command, GENERATED, runLanes } from "./checks.ts";
import { checkImports } from "./imports.ts";
import { checkWords } from "./words.ts";

/** Incremental: what tsc has found out is kept under node_modules/.cache, so that the next time takes a few seconds. */
const TYPES: Check[] = [
  ["types of the gateway and its tests", () => command("tsc", ["-p", "."])],
  ["types of the scripts and flows", () => command("tsc", ["-p", "tsconfig.node.json"])],
  ["types of the sandbox", () => command("tsc", ["-p", "sandbox"])],
  ["types of the client", () => command("tsc", ["-p", "clients/typescript", "--noEmit"])],
];
const FORMAT: Check = ["format", () => command("biome", ["check", "."])];
const LINT: Check = ["lint without types", () => command("oxlint", ["--deny-warnings"])];
const IMPORTS: Check = ["imports", checkImports];
const WORDS: Check = ["words", checkWords];
const POLL_EVERY_MS = 500;

const { values } = parseArgs({ options: { watch: { type: "boolean", default: false } } });
let seen = describeTree();
const isGood = await check();
if (!values.watch) process.exit(isGood ? 0 : 1);
// Times of change are compared, because the system's own notices stop for a file that an editor has replaced.
for (;;) {
  const tree = describeTree();
  if (tree === seen) await sleep(POLL_EVERY_MS);
  else {
    seen = tree;
    await check();
  }
}

async function check(): Promise<boolean> {
  const startedAt = performance.now();
  const { failedChecks } = await runLanes([
    [...TYPES.slice(0, 1), WORDS, IMPORTS],
    [...TYPES.slice(1), LINT, FORMAT],
  ]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = failedChecks.length > 0 ? `FAILED: ${failedChecks.join(", ")}` : "all well";
  console.log(`${verdict}, in ${seconds} s`);
  return failedChecks.length === 0;
}

/** Every file of the project with its size and time of change. */
function describeTree(): string {
  const files = globSync("**", { exclude: (name) => GENERATED.includes(name) });
  return files.map(describeFile).join("\n");
}

function describeFile(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true ? `${file} ${stat.size} ${stat.mtimeMs}` : "";
}
