// Workers as they are deployed: bundled by `wrangler deploy --dry-run`, with what their wrangler.toml says.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { keptFolder, PROJECT } from "./kept-folder.ts";

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
  const options = ["--config", config, `--env=${environment}`, "--outdir", folder];
  const args = ["deploy", "--dry-run", ...(entry === undefined ? [] : [entry]), ...options];
  if (keepNames) args.push("--no-minify");
  await promisify(execFile)("wrangler", args, {
    cwd: PROJECT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  });
  return readModules(folder);
}

export type KeptBundle = {
  /** Of its modules. */
  folder: string;
  /** What its wrangler.toml says, as miniflare takes it. */
  workerOptions: object;
};

/** Everything that may decide what is in a bundle, beside its own wrangler.toml. */
const SOURCES = ["src/**", "bench/workers/**", "wrangler.toml", "tsconfig.json", "scripts/bundle.ts"];
/** What is installed, which package-lock.json only asks for. */
const INSTALLED = "node_modules/.package-lock.json";

/** A Worker's bundle, made when its source has changed. */
export async function keptBundle(source: Source): Promise<KeptBundle> {
  const { config, environment = "", entry = "", keepNames = false } = source;
  const what = JSON.stringify([config, environment, entry, keepNames]);
  const name = `bundle-${createHash("sha256").update(what).digest("hex").slice(0, 8)}`;
  const kept = await keptFolder(name, [...SOURCES, INSTALLED], async (folder) => {
    await bundle(source, join(folder, "modules"));
    // It warns of bindings that are left out on purpose.
    process.env["WRANGLER_LOG"] = "error";
    // A large library, and of no use once this is made.
    const { unstable_getMiniflareWorkerOptions } = await import("wrangler");
    const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT, config), environment);
    writeFileSync(join(folder, "options.json"), JSON.stringify(workerOptions));
  });
  const workerOptions: object = JSON.parse(readFileSync(join(kept, "options.json"), "utf8"));
  return { folder: join(kept, "modules"), workerOptions };
}

/** Those of a bundle that is there already. */
export function readModules(folder: string): Module[] {
  const files = readdirSync(folder);
  // Only the code has one; what else there is is imported as text.
  const isMain = (name: string) => files.includes(`${name}${SOURCE_MAP}`);
  const modules = files.filter((name) => !name.endsWith(SOURCE_MAP) && name !== "README.md");
  return modules
    .toSorted((a, b) => Number(isMain(b)) - Number(isMain(a)))
    .map((name) => ({ type: isMain(name) ? "ESModule" : "Text", path: join(folder, name) }));
}
