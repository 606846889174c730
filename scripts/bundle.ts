// Workers as they are deployed: bundled by `wrangler deploy --dry-run`, with what their wrangler.toml says.
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const PROJECT = fileURLToPath(new URL("../", import.meta.url));

/**
 * A wrangler.toml of the project, the environment of it that is meant, and a file in place of the one that it names. With
 * `keepNames` it is not minified.
 */
export type Source = { config: string; environment?: string; entry?: string; keepNames?: boolean };

export type Module = { type: "ESModule" | "Text"; path: string };

const SOURCE_MAP = ".map";

/** Bundles a Worker; its modules, the main one first. */
export async function bundle(
  { config, environment = "", entry, keepNames = false }: Source,
  folder: string,
): Promise<Module[]> {
  const minify = keepNames ? ["--no-minify"] : [];
  const args = [
    "deploy",
    "--dry-run",
    ...(entry === undefined ? [] : [entry]),
    "--config",
    config,
    `--env=${environment}`,
    "--outdir",
    folder,
    ...minify,
  ];
  await promisify(execFile)("wrangler", args, {
    cwd: PROJECT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  });
  return modulesOf(folder);
}

/** Those of a bundle that is there already. */
export function modulesOf(folder: string): Module[] {
  const files = readdirSync(folder);
  // Only the code has one; what else there is is imported as text.
  const isMain = (name: string) => files.includes(`${name}${SOURCE_MAP}`);
  const modules = files.filter((name) => !name.endsWith(SOURCE_MAP) && name !== "README.md");
  return modules
    .toSorted((a, b) => Number(isMain(b)) - Number(isMain(a)))
    .map((name) => ({ type: isMain(name) ? "ESModule" : "Text", path: join(folder, name) }));
}
