// Which vitest project a test file belongs to. Its imports decide, followed through all modules: a test that reaches the
// Workers runtime (a module `cloudflare:…`, or a global that only workerd has) runs in workerd, any other in plain Node,
// which starts sooner. So a new test file runs in the fastest place that can run it, and nobody keeps a list.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export type Project = "unit" | "workers" | "alone" | "flows" | "measuring";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FLOWS = "test/flows/";
/** Flows that measure time have the machine to themselves. */
const MEASURING = ["test/flows/callbacks-fairness.test.ts"];
const RUNTIME_MODULE = "cloudflare:";
const RUNTIME_GLOBAL =
  /\bscheduler(?=\.wait\b)|(?<=\bnew )(?:HTMLRewriter|FixedLengthStream|IdentityTransformStream|WebSocketPair)\b/;
/** Tests that may leave work behind, as an isolate that dies does: each such file has a workerd of its own. */
const LEAVES_WORK = /support\/dying|\bnever\b.*support\/bindings/;
/** `import type` is gone when the code runs; `import { type … }` is not. */
const IMPORT = /^(?:import|export)(?! type\b)(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']/gm;

/** The test files of each project, as paths from the project's folder. */
export function testFiles(): Record<Project, string[]> {
  const files: Record<Project, string[]> = { unit: [], workers: [], alone: [], flows: [], measuring: [] };
  for (const file of globSync("test/**/*.test.ts", { cwd: ROOT }).toSorted())
    files[projectOf(file)].push(file);
  return files;
}

export function projectOf(file: string): Project {
  if (MEASURING.includes(file)) return "measuring";
  if (file.startsWith(FLOWS)) return "flows";
  if (LEAVES_WORK.test(read(file))) return "alone";
  return pathToRuntime(file) === null ? "unit" : "workers";
}

/** The imports that lead from a file to the Workers runtime, the shortest way; null when it does not need the runtime. */
export function pathToRuntime(file: string): string[] | null {
  const paths = [[file]];
  const seen = new Set([file]);
  for (const path of paths) {
    const last = path.at(-1) ?? file;
    if (!/\.tsx?$/.test(last)) continue;
    const [global] = RUNTIME_GLOBAL.exec(read(last)) ?? [];
    if (global !== undefined) return [...path, global];
    for (const target of importsIn(last)) {
      if (target.startsWith(RUNTIME_MODULE)) return [...path, target];
      if (!seen.has(target)) paths.push([...path, target]);
      seen.add(target);
    }
  }
  return null;
}

/** Modules of the project as paths from its folder, all others by name. */
function importsIn(file: string): string[] {
  return [...read(file).matchAll(IMPORT)].map(([, name = ""]) =>
    name.startsWith(".") ? relative(ROOT, join(ROOT, dirname(file), name)) : name,
  );
}

function read(file: string): string {
  let text = texts.get(file);
  if (text === undefined) texts.set(file, (text = readFileSync(join(ROOT, file), "utf8")));
  return text;
}

const texts = new Map<string, string>();
