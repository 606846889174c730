import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Environment, PROJECT } from "./environment.ts";

export type Ended = { code: number | null; stdout: string; stderr: string };

/** Runs one command to its end, in the project's folder unless `cwd` says where. */
export async function run(
  command: string,
  args: readonly string[],
  env: Environment,
  cwd = PROJECT,
): Promise<Ended> {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      ended[name] += text;
    });
  }
  await once(child, "close");
  return { ...ended, code: child.exitCode };
}
