// npm run check [-- --watch]: types, lint and format, as fast as they go; with --watch again after each change. The lint
// that needs types takes much longer, and is part of `npm test`.
import { readdirSync, watch } from "node:fs";
import { parseArgs } from "node:util";
import { type Check, command, runLanes } from "./checks.ts";

/** An editor writes several files at once, and some of them twice. */
const QUIET_MS = 200;
/** Incremental: what tsc has found out is kept under node_modules/.cache, so that the next time takes a few seconds. */
const TYPES: Check[] = [
  ["types of the gateway and its tests", () => command("tsc", ["-p", "."])],
  ["types of the scripts and flows", () => command("tsc", ["-p", "tsconfig.node.json"])],
  ["types of the sandbox", () => command("tsc", ["-p", "sandbox"])],
];
const FORMAT: Check = ["format", () => command("biome", ["check", "."])];
const LINT: Check = ["lint without types", () => command("oxlint", ["--deny-warnings"])];
const IGNORED = /^(?:\.git|\.dev|\.wrangler|node_modules|dist|coverage)$/;

const { values } = parseArgs({ options: { watch: { type: "boolean", default: false } } });
const isGood = await check();
if (values.watch) watchTree();
else process.exit(isGood ? 0 : 1);

async function check(): Promise<boolean> {
  const startedAt = performance.now();
  const { failedChecks } = await runLanes([TYPES.slice(0, 1), [...TYPES.slice(1), LINT, FORMAT]]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = failedChecks.length > 0 ? `FAILED: ${failedChecks.join(", ")}` : "all well";
  console.log(`${verdict}, in ${seconds} s`);
  return failedChecks.length === 0;
}

/** Runs until it is stopped. A change during a check leads to one more check after it. */
function watchTree(): void {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(check);
    }, QUIET_MS);
  };
  const folders = readdirSync(".", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) if (!IGNORED.test(name)) watch(name, { recursive: true }, changed);
  watch(".", changed);
}
