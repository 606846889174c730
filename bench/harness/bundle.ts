// Workers as they are deployed: bundled by `wrangler deploy --dry-run`, with what their wrangler.toml says.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** A wrangler.toml of the project, and the environment of it that is meant. With `keepNames` it is not minified. */
export type Source = { config: string; environment?: string; keepNames?: boolean };

/** Bundles a Worker; the path of its module. */
export function bundle({ config, environment = "", keepNames = false }: Source, folder: string): string {
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
  return join(folder, "index.js");
}
