// The TypeScript client as a caller has it: built, in a folder of its own.
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, PROJECT } from "./environment.ts";
import { run } from "./run.ts";

const SOURCE = "clients/typescript";

/** Puts the package into this folder; its modules are in `dist/`. */
export async function buildClient(folder: string, env: Environment): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(join(PROJECT, SOURCE, "package.json"), join(folder, "package.json"));
  const built = await run(
    "npx",
    ["--no-install", "tsc", "-p", SOURCE, "--outDir", join(folder, "dist")],
    env,
  );
  if (built.code !== 0) throw new Error(`the client cannot be built:\n${built.stdout}${built.stderr}`);
}
