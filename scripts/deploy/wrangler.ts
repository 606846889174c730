// The one door to the account. wrangler itself does everything there, never with a terminal, so that it asks nothing.
// A secret goes to its standard input: every user of the machine can read arguments.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import type { z } from "zod";
import { parseJson } from "../../src/platform/json.ts";
import { COMPILE_CACHE } from "../compile-cache.ts";
import { Failure } from "../failure.ts";
import { PROJECT } from "../kept-folder.ts";
import { SECRET_NAMES } from "./settings.ts";

/** What its bin starts, once it has looked at Node's version: each command is one process, and not two. */
const WRANGLER = createRequire(import.meta.url).resolve("wrangler");
/** wrangler asks for them, in its own words, when there is neither a token nor a login. */
const NOT_LOGGED_IN = /CLOUDFLARE_API_TOKEN environment variable|wrangler login/;
const DECORATION = /^\s*(?:🪵|If you think this is a bug|$)/u;

export class WranglerFailed extends Failure {
  readonly output: string;

  constructor(command: readonly string[], output: string) {
    super(`wrangler ${command.join(" ")} failed:\n${output}`);
    this.output = output;
  }

  get isNotLoggedIn(): boolean {
    return NOT_LOGGED_IN.test(this.output);
  }
}

/** Runs one command. Everything that it printed on standard output; throws WranglerFailed. */
export type RunCommand = (command: readonly string[], input?: string) => Promise<string>;

export class Wrangler {
  readonly run: RunCommand;

  constructor(run: RunCommand) {
    this.run = run;
  }

  /** What it printed, in the shape that it should have. */
  async json<T>(command: readonly string[], shape: z.ZodType<T>): Promise<T> {
    const printed = await this.run(command);
    const { success, data } = shape.safeParse(parseJson(printed));
    if (!success) throw new WranglerFailed(command, `this answer was not expected:\n${printed}`);
    return data;
  }
}

/** Each command in a process of its own. */
export function wranglerProcesses(configFile: string): RunCommand {
  const env = wranglerEnvironment(process.env);
  return (command, input = "") => runProcess(command, [...command, "--config", configFile], env, input);
}

/** The variables that wrangler gets: the shell's, without the secrets and without another choice of the environment. */
export function wranglerEnvironment(shell: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...shell,
    CI: "true",
    NO_COLOR: "1",
    FORCE_COLOR: "0",
    WRANGLER_SEND_METRICS: "false",
    // With its banner goes its look-up of newer versions.
    WRANGLER_HIDE_BANNER: "true",
    ...COMPILE_CACHE,
    // Its log file has the requests in it, and the values of secrets unless told so.
    WRANGLER_LOG_SANITIZE: "true",
  };
  for (const name of ["CLOUDFLARE_ENV", ...SECRET_NAMES]) delete env[name];
  return env;
}

async function runProcess(
  command: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string,
): Promise<string> {
  const child = spawn(process.execPath, ["--no-warnings", WRANGLER, ...args], {
    cwd: PROJECT,
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  // It may have ended before it has read all of it; its status says how.
  child.stdin.on("error", () => undefined).end(input);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0) throw new WranglerFailed(command, plain(stderr === "" ? stdout : stderr));
  return stdout;
}

function plain(output: string): string {
  // oxlint-disable-next-line no-control-regex -- colours that wrangler insists on
  const lines = output.replaceAll(/\u001B\[[\d;]*m/g, "").split("\n");
  return lines.filter((line) => !DECORATION.test(line)).join("\n");
}
