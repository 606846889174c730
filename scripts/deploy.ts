// npm run deploy -- [--env production|staging] [--dry-run] …: takes an account from nothing to a gateway that runs, and
// says of each thing what it did. It can be stopped anywhere and run again. The steps: deploy/steps.ts.
import { enableCompileCache } from "node:module";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { readOptions } from "./deploy/options.ts";
import { SYSTEM_CLOCK } from "./deploy/probe.ts";
import { promptOrNull } from "./deploy/prompt.ts";
import { wranglerProcesses } from "./deploy/wrangler.ts";

const options = readOptions(process.argv.slice(2));
// The steps load wrangler's code, which takes a second: not before the options make sense, and compiled once only.
enableCompileCache(COMPILE_CACHE.NODE_COMPILE_CACHE);
const { deploy } = await import("./deploy/steps.ts");
await deploy(options, {
  configFile: "wrangler.toml",
  folder: "dist/deploy",
  wranglerWith: wranglerProcesses,
  shell: process.env,
  ask: promptOrNull(),
  clock: SYSTEM_CLOCK,
  fetch,
  print: (line) => console.log(line),
});
