// The tables of the local operators' index, made by wrangler, which needs seconds to find out that there is nothing to do.
// So wrangler is asked once: an empty index with all tables is kept under .dev/ and copied to where there is none. A mark
// beside the data, gone when the data goes, says that the tables are up to date. State
// that has lost its index gets one of its own, because gates that have told the kept one would not tell it again.
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../", import.meta.url));
/** Where wrangler keeps everything below a folder of state, and where the databases. */
const STATE = "v3";
const DATABASES = `${STATE}/d1`;

/** Quiet when it succeeds; throws with everything that wrangler said when it does not. */
export function makeOperatorsTables(persistTo: string, env: NodeJS.ProcessEnv): void {
  const mark = markOfToday();
  const folder = resolve(PROJECT, persistTo, DATABASES);
  if (existsSync(resolve(folder, mark))) return;
  if (existsSync(resolve(PROJECT, persistTo, STATE))) return migrate(resolve(PROJECT, persistTo), mark, env);
  const empty = resolve(PROJECT, ".dev", mark);
  if (!existsSync(empty)) makeEmpty(empty, mark, env);
  mkdirSync(dirname(folder), { recursive: true });
  atOnce(folder, (draft) => cpSync(resolve(empty, DATABASES), draft, { recursive: true }));
}

// Everything that decides which file the index is in and what is in it.
function markOfToday(): string {
  const hash = createHash("sha256");
  const migrations = readdirSync(resolve(PROJECT, "migrations")).toSorted();
  const files = [
    "wrangler.toml",
    "node_modules/wrangler/package.json",
    ...migrations.map((name) => `migrations/${name}`),
  ];
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(resolve(PROJECT, file)));
  return `operators-${hash.digest("hex").slice(0, 16)}`;
}

function makeEmpty(folder: string, mark: string, env: NodeJS.ProcessEnv): void {
  mkdirSync(dirname(folder), { recursive: true });
  atOnce(folder, (draft) => migrate(draft, mark, env));
}

function migrate(stateFolder: string, mark: string, env: NodeJS.ProcessEnv): void {
  const command = ["d1", "migrations", "apply", "OPERATORS_DB", "--local", "--persist-to", stateFolder];
  // Without a terminal it does not ask.
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const { status, stdout, stderr, error } = spawnSync("wrangler", command, {
    cwd: PROJECT,
    encoding: "utf8",
    stdio,
    env,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the migrations of the operators' index failed:\n${stdout}${stderr}`);
  writeFileSync(resolve(stateFolder, DATABASES, mark), "");
}

/** Made beside and moved, so that no command ever finds half of it; of two commands at once the first one's holds. */
function atOnce(folder: string, make: (draft: string) => void): void {
  const draft = `${folder}.${randomUUID()}`;
  try {
    make(draft);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
