// What is deployed: one environment of wrangler.toml, written out as a configuration of its own, into which ids and
// settings go. So wrangler.toml stays as it is in git, and no setting stands in an argument.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Unstable_Config as Config, unstable_readConfig as readConfig } from "wrangler";
import { Failure } from "../failure.ts";
import { PROJECT } from "../kept-folder.ts";

export type { Config };

export type Target = {
  environment: string;
  /** Name of the Worker. */
  name: string;
  /** Takes its configuration and its bundle. */
  folder: string;
  config: Config;
};

type Places = { configFile: string; folder: string };

/** `configFile` is wrangler.toml. */
export function readTarget(environment: string, { configFile, folder }: Places): Target {
  const file = resolve(PROJECT, configFile);
  try {
    const config = readConfig({ config: file, env: environment }, { hideWarnings: true });
    if (config.name === undefined) throw new Error(`wrangler.toml names no Worker for ${environment}`);
    return { environment, name: config.name, folder: resolve(PROJECT, folder), config };
  } catch (error) {
    // wrangler says what is wrong with it, an environment that it does not have included.
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

export function configPath({ folder, environment }: Target): string {
  return resolve(folder, `${environment}.json`);
}

/** Writes the configuration that wrangler gets, which knows no other environments. */
export function writeConfig(target: Target): void {
  mkdirSync(target.folder, { recursive: true });
  writeFileSync(configPath(target), JSON.stringify(buildConfig(target), null, 2));
}

export function bundleFolder({ folder, environment }: Target): string {
  return resolve(folder, environment);
}

/** Names what runs: the same code with the same bindings and settings has the same. */
export function buildTag(target: Target, projectVersion: string): string {
  const hash = createHash("sha256").update(readFileSync(resolve(bundleFolder(target), "index.js")));
  const { main: _path, ...config } = buildConfig(target);
  hash.update(
    JSON.stringify(config, (key, value: unknown) => (key === "migrations_dir" ? undefined : value)),
  );
  return `${projectVersion}-${hash.digest("hex").slice(0, 16)}`;
}

function buildConfig({ config }: Target): Partial<Config> {
  const { configPath: _a, userConfigPath: _b, topLevelName: _c, definedEnvironments: _d, ...rest } = config;
  const { targetEnvironment: _e, dev: _f, unsafe, d1_databases: databases, ...kept } = rest;
  return {
    ...kept,
    // Every setting is named in it: one that is not named is one that was removed.
    keep_vars: false,
    // wrangler warns of it even when it is empty.
    ...(Object.keys(unsafe).length > 0 && { unsafe }),
    d1_databases: databases.map((database) => ({
      ...database,
      // Relative to the file that names it.
      migrations_dir: resolve(PROJECT, database.migrations_dir ?? "migrations"),
    })),
  };
}
