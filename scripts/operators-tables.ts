// The tables of the local operators' index, made by wrangler, which needs seconds to find out that there is nothing to do.
// So wrangler is asked once: an empty index with all tables is kept, and copied to where there is none. A mark beside the
// data, gone when the data goes, says that the tables are up to date. State that has lost its index gets one of its own,
// because gates that have reported to the kept one would not do so again.
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { keptFolder, moveOnce, PROJECT } from "./kept-folder.ts";

/** Where wrangler keeps everything below a folder of state, and where the databases. */
const STATE = "v3";
const DATABASES = `${STATE}/d1`;
/** Everything that decides which file the index is in and what is in it. */
const SOURCES = ["wrangler.toml", "node_modules/wrangler/package.json", "migrations/*"];

/** Quiet when it succeeds; throws with everything that wrangler said when it does not. */
export async function makeOperatorsTables(persistTo: string, env: NodeJS.ProcessEnv): Promise<void> {
  const empty = await keptFolder("operators-index", SOURCES, async (draft) => migrate(draft, env));
  const mark = basename(empty);
  const state = resolve(PROJECT, persistTo);
  const folder = resolve(state, DATABASES);
  if (existsSync(resolve(folder, mark))) return;
  if (existsSync(resolve(state, STATE))) {
    migrate(state, env);
    writeFileSync(resolve(folder, mark), "");
    return;
  }
  const draft = `${folder}.${randomUUID()}`;
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(resolve(empty, DATABASES), draft, { recursive: true });
  writeFileSync(resolve(draft, mark), "");
  moveOnce(draft, folder);
}

function migrate(stateFolder: string, env: NodeJS.ProcessEnv): void {
  const command = ["d1", "migrations", "apply", "OPERATORS_DB", "--local", "--persist-to", stateFolder];
  // Without a terminal it does not ask.
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const options = { cwd: PROJECT, encoding: "utf8", stdio, env } as const;
  const { status, stdout, stderr, error } = spawnSync("wrangler", command, options);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the migrations of the operators' index failed:\n${stdout}${stderr}`);
}
