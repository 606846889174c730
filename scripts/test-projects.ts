// Which vitest project a test file belongs to. Its imports decide, followed through all modules: a test that reaches the
// Workers runtime (a module `cloudflare:…`, or a global that only workerd has) runs in workerd, any other in plain Node,
// which starts sooner. So a new test file runs in the fastest place that can run it, and there is no list to keep.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export type Project = "unit" | "workers" | "alone" | "flows" | "measuring";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FLOWS = "test/flows/";
/** Flows that measure time have the machine to themselves. */
const MEASURING = ["test/flows/callbacks-fairness.test.ts", "test/flows/fairness.test.ts"];
const RUNTIME_MODULE = "cloudflare:";
const RUNTIME_GLOBAL = "the global ";
const GLOBALS =
  /\bscheduler(?=\.wait\b)|(?<=\bnew )(?:HTMLRewriter|FixedLengthStream|IdentityTransformStream|WebSocketPair)\b/g;
const OWN_WORKERD = "test/support/own-workerd.ts";
/** `import type` is gone when the code runs; `import { type … }` is not. */
const IMPORT =
  /^(?:import|export)(?! type\b)(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

/** The test files of each project, as paths from the project's folder. */
export function testFiles(): Record<Project, string[]> {
  const files: Record<Project, string[]> = { unit: [], workers: [], alone: [], flows: [], measuring: [] };
  for (const file of globSync("test/**/*.test.ts", { cwd: ROOT }).toSorted())
    files[findProject(file)].push(file);
  return files;
}

export function findProject(file: string): Project {
  if (MEASURING.includes(file)) return "measuring";
  if (file.startsWith(FLOWS)) return "flows";
  if (findPath(file, (target) => target === OWN_WORKERD) !== null) return "alone";
  return pathToRuntime(file) === null ? "unit" : "workers";
}

/** The imports that lead from a file to the Workers runtime, the shortest way; null when it does not need the runtime. */
export function pathToRuntime(file: string): string[] | null {
  return findPath(file, (target) => target.startsWith(RUNTIME_MODULE) || target.startsWith(RUNTIME_GLOBAL));
}

function findPath(file: string, isEnd: (target: string) => boolean): string[] | null {
  const paths = [[file]];
  const seen = new Set([file]);
  for (const path of paths)
    for (const target of reachedBy(path.at(-1) ?? file)) {
      if (isEnd(target)) return [...path, target];
      if (!seen.has(target)) paths.push([...path, target]);
      seen.add(target);
    }
  return null;
}

/** What a module imports, of the project as paths from its folder, all others by name; and workerd's globals in it. */
function reachedBy(file: string): string[] {
  const known = reached.get(file);
  if (known !== undefined) return known;
  // One that is not there is vitest's to name, in the file that imports it.
  const isRead = /\.tsx?$/.test(file) && existsSync(join(ROOT, file));
  const text = isRead ? readFileSync(join(ROOT, file), "utf8") : "";
  const globals = [...text.matchAll(GLOBALS)].map(([name]) => `${RUNTIME_GLOBAL}${name}`);
  const modules = [...text.matchAll(IMPORT)]
    .map(([, fixed, dynamic = ""]) => fixed ?? dynamic)
    .map((name) => (name.startsWith(".") ? relative(ROOT, join(ROOT, dirname(file), name)) : name));
  reached.set(file, [...globals, ...modules]);
  return reachedBy(file);
}

const reached = new Map<string, string[]>();
