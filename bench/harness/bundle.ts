// Workers as they are deployed: bundled by `wrangler deploy --dry-run`, with what their wrangler.toml says.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** A wrangler.toml of the project, and the environment of it that is meant. */
export type Source = { config: string; environment?: string };

/** Bundles a Worker; the path of its module. */
export function bundle({ config, environment = "" }: Source, folder: string): string {
  const args = ["deploy", "--dry-run", "--config", config, `--env=${environment}`, "--outdir", folder];
  execFileSync("wrangler", args, {
    cwd: PROJECT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  });
  return join(folder, "index.js");
}
