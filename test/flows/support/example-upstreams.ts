// The upstreams under examples/, started for a test with the command that people copy.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { completionToken } from "../../../scripts/dev-keys.ts";
import { PROJECT } from "./environment.ts";
import { endWithTests } from "./groups.ts";
import { until } from "./process.ts";

const STARTED_WITHIN_MS = 30_000;
/** By the folder of the example. */
const COMMANDS = {
  "node-upstream": [process.execPath, "examples/node-upstream/server.mjs"],
  // Its own modules are enough, so any Python will do; this one is there on every Debian.
  "python-upstream": ["/usr/bin/python3", "examples/python-upstream/server.py"],
} as const;

export const EXAMPLE_UPSTREAMS = ["node-upstream", "python-upstream"] as const;

type ExampleUpstream = { close(): void };

/** Behind the gateway at that URL, with the completion token that gateways of these tests have. */
export async function startExampleUpstream(
  name: keyof typeof COMMANDS,
  gatewayUrl: string,
  port: number,
): Promise<ExampleUpstream> {
  const [program, file] = COMMANDS[name];
  const args = [join(PROJECT, file), "--gateway", gatewayUrl, "--port", String(port)];
  const token = await completionToken();
  // Nothing is to be left behind in the folder of the example.
  const env = { ...process.env, COMPLETION_TOKEN: token, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(program, args, { detached: true, env, stdio: ["ignore", "pipe", "ignore"] });
  const forget = endWithTests(child);
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  await until(name, STARTED_WITHIN_MS, () => printed === `listening on http://127.0.0.1:${port}\n`);
  return {
    close: () => {
      child.kill("SIGKILL");
      forget();
    },
  };
}
