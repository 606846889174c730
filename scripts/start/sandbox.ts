// The sandbox as `npm start` runs it: sandbox/wrangler.toml, and the token with which it proves its completions. wrangler
// gives --var and --env-file to its first Worker alone; the others read a file .dev.vars beside their configuration. In
// sandbox/ itself it would be one for all gateways of this checkout, and `wrangler types` would read it, too.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SANDBOX = fileURLToPath(new URL("../../sandbox/", import.meta.url));
const MAIN = /^main = "(.+)"$/m;

/** The path of the configuration, below the state's folder. `completionToken` is null where the gateway believes none. */
export async function writeSandboxConfig(
  stateFolder: string,
  completionToken: string | null,
): Promise<string> {
  const folder = resolve(stateFolder, "sandbox");
  await mkdir(folder, { recursive: true });
  const secrets = completionToken === null ? "" : `COMPLETION_TOKEN='${completionToken}'\n`;
  await writeFile(resolve(folder, ".dev.vars"), secrets, { mode: 0o600 });
  const original = await readFile(resolve(SANDBOX, "wrangler.toml"), "utf8");
  const file = resolve(folder, "wrangler.toml");
  await writeFile(file, withAbsoluteMain(original));
  return file;
}

function withAbsoluteMain(config: string): string {
  return config.replace(MAIN, (_, main: string) => `main = ${JSON.stringify(resolve(SANDBOX, main))}`);
}
