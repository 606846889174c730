// What takes long to make and depends on files alone is made once, and kept under node_modules/.cache until one of these
// files changes.
import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DAY_MS = 86_400_000;
export const PROJECT = fileURLToPath(new URL("../", import.meta.url));
const CACHE = fileURLToPath(new URL("../node_modules/.cache/edge-actions", import.meta.url));

/** The folder that `make` fills from these files (globs from the project's folder), as far as it is not there already. */
export async function keptFolder(
  name: string,
  globs: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  for (;;) {
    const hash = hashFiles(globs);
    const folder = join(CACHE, `${name}-${hash}`);
    if (existsSync(folder)) return folder;
    const draft = `${folder}.${randomUUID()}`;
    mkdirSync(draft, { recursive: true });
    try {
      await make(draft);
      // When a file was changed meanwhile, it may have been read before or after that.
      if (hashFiles(globs) !== hash) continue;
      removeEarlier(`${name}-`);
      moveOnce(draft, folder);
      return folder;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
}

/** So that nothing ever finds half of it; of two commands at once the first one's holds. */
export function moveOnce(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function hashFiles(globs: readonly string[]): string {
  const hash = createHash("sha256");
  const entries = globSync(globs, { cwd: PROJECT, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  for (const file of files)
    hash
      .update(`${file.slice(PROJECT.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Those that were made of earlier files more than a day ago: what still runs may read a younger one again. */
function removeEarlier(prefix: string): void {
  const names = readdirSync(CACHE).filter((name) => name.startsWith(prefix));
  for (const path of names.map((name) => join(CACHE, name)))
    if (statSync(path).mtimeMs < Date.now() - DAY_MS) rmSync(path, { recursive: true, force: true });
}
