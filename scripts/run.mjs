// node scripts/run.mjs FILE [ARGUMENTS]: runs a script of this project. What its user can mend (no `npm ci` yet, a Node that
// is too old, a Failure, an option that does not exist) is said in one sentence, with exit code 1; any other error keeps its
// stack, because it is a bug. Without FILE it only checks whether `npm ci` has been run, for a command behind `&&`.
// In plain JavaScript, because it also has to run on the Node that the machine had before `npm ci`.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

if (!existsSync(new URL("../node_modules/.package-lock.json", import.meta.url)))
  stop("The packages of this project are not installed. Run `npm ci` first.");
if (!process.features.typescript)
  stop(
    `Node ${process.versions.node} does not run TypeScript. Node 22.18 or later is needed; with npm, \`npm ci\` brings one.`,
  );

const { isForUser } = await import("./failure.ts");
process.argv.splice(1, 1);
const [, file] = process.argv;
try {
  if (file !== undefined) await import(pathToFileURL(resolve(file)).href);
} catch (error) {
  if (!isForUser(error)) throw error;
  stop(`\n${error.message}`);
}

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}
