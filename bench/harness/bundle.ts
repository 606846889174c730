// Workers as they are deployed: bundled by `wrangler deploy --dry-run`, with what their wrangler.toml says.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** A wrangler.toml of the project, and the environment of it that is meant. With `keepNames` it is not minified. */
export type Source = { config: string; environment?: string; keepNames?: boolean };

export type Module = { type: "ESModule" | "Text"; path: string };

const MAIN = "index.js";
const NO_MODULES = /\.map$|^README\.md$/;

/** Bundles a Worker; its modules, the main one first. */
export function bundle({ config, environment = "", keepNames = false }: Source, folder: string): Module[] {
  const minify = keepNames ? ["--no-minify"] : [];
  const args = [
    "deploy",
    "--dry-run",
    "--config",
    config,
    `--env=${environment}`,
    "--outdir",
    folder,
    ...minify,
  ];
  execFileSync("wrangler", args, {
    cwd: PROJECT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  });
  const files = readdirSync(folder).filter((name) => name !== MAIN && !NO_MODULES.test(name));
  // What is not code is imported as text; no Worker here has anything else.
  const texts = files.map((name): Module => ({ type: "Text", path: join(folder, name) }));
  return [{ type: "ESModule", path: join(folder, MAIN) }, ...texts];
}
