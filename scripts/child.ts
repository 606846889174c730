import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** Whether it ends with exit code 0. What it prints is shown as it goes, or at its end, so that it stands together. */
export async function succeeds(
  name: string,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv,
  isShown = false,
): Promise<boolean> {
  const output = isShown ? "inherit" : "pipe";
  const child = spawn(name, parameters, { stdio: ["ignore", output, output], env });
  const ended = new Promise<number | null>((resolve) => {
    child
      .once("error", (error) => {
        console.error(`${name}: ${error.message}`);
        resolve(null);
      })
      .once("close", resolve);
  });
  const printed = [child.stdout, child.stderr].map(async (stream) => (stream === null ? "" : text(stream)));
  for (const each of await Promise.all(printed)) process.stdout.write(each);
  return (await ended) === 0;
}
