// The gateway as its users start it: `npm start`, in a process group of its own, so that a kill takes all of it at
// once (npm, wrangler, workerd) and leaves nothing but the stored state.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, makeFolder, PROJECT, removeFolder, userEnvironment } from "./environment.ts";
import { endWithTests, send } from "./groups.ts";
import { expectNoSecretIn } from "./secrets.ts";

export type GatewayProcess = {
  /** Origin, without a trailing slash; the same after a restart. */
  url: string;
  stateDir: string;
  /** Process group of everything that runs now. */
  group(): number | undefined;
  /** Everything that it has printed since its latest start. */
  output(): string;
  /** Sends the signal to the whole group, or to npm alone, and waits until every process of it is gone. */
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGINT", whom?: "group" | "npm"): Promise<void>;
  /** Starts it on the same port and state, `args` in place of the former ones where given. */
  restart(args?: string[]): Promise<void>;
  /** Kills whatever still runs and removes every trace. Throws when it has ever printed a secret. */
  close(): Promise<void>;
};

type Options = {
  /** What follows `npm start --`; where neither is named here, --port and --persist-to are added. */
  args?: string[];
  port?: number;
  /** Kept when given; otherwise one is made, and removed by `close`. */
  stateDir?: string;
};

const STARTED_WITHIN_MS = 60_000;
const GONE_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 20;
/** A gateway under `wrangler dev` takes milliseconds of CPU for each answer. */
const ASK_EVERY_MS = 100;
const LAST_LINE_OF_BANNER = /RUN_ID\?wait_seconds=.*\n/;

export async function startProcess(options: Options = {}): Promise<GatewayProcess> {
  const folder = await makeFolder();
  const port = options.port ?? (await freePort());
  const stateDir = options.stateDir ?? `${folder}/state`;

  const printed: string[] = [];
  let npm = new Npm(withDefaults(options.args ?? [], port, stateDir), folder);
  try {
    await npm.untilReady();
  } catch (error) {
    await npm.kill("SIGKILL", "group");
    await removeFolder(folder);
    throw error;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    stateDir,
    group: () => npm.pid,
    output: () => npm.output,
    kill: (signal, whom = "group") => npm.kill(signal, whom),
    restart: async (args = options.args ?? []) => {
      printed.push(npm.output);
      npm = new Npm(withDefaults(args, port, stateDir), folder);
      await npm.untilReady();
    },
    close: async () => {
      await npm.kill("SIGKILL", "group");
      await removeFolder(folder);
      for (const output of [...printed, npm.output]) await expectNoSecretIn(output);
    },
  };
}

class Npm {
  output = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #forget: () => void;

  constructor(args: string[], folder: string) {
    this.#child = spawn("npm", ["start", "--", ...args], {
      cwd: PROJECT,
      detached: true,
      env: userEnvironment(folder),
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.#ended = once(this.#child, "exit");
    this.#forget = endWithTests(this.#child);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async untilReady(): Promise<void> {
    await until("the banner", STARTED_WITHIN_MS, () => {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`npm start ended before it was ready:\n${this.output}`);
      return LAST_LINE_OF_BANNER.test(this.output);
    });
  }

  async kill(signal: NodeJS.Signals, whom: "group" | "npm"): Promise<void> {
    this.send(signal, whom);
    await this.#ended;
    await until("the end of the process group", GONE_WITHIN_MS, () => !this.send(0, "group"));
    this.#forget();
  }

  /** Says whether there was anybody to send it to. */
  send(signal: NodeJS.Signals | 0, whom: "group" | "npm"): boolean {
    return send(this.#child, signal, whom === "group");
  }
}

function withDefaults(args: string[], port: number, stateDir: string): string[] {
  const has = (name: string) => args.some((arg) => arg === name || arg.startsWith(`${name}=`));
  return [
    ...(has("--port") ? [] : ["--port", String(port)]),
    ...(has("--persist-to") ? [] : ["--persist-to", stateDir]),
    ...args,
  ];
}

/** Looks again and again until it is so; fails when it takes longer than any honest wait. */
export async function until(
  what: string,
  withinMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const answer = isSo();
    if (await answer) return;
    if (Date.now() > deadlineMs) throw new Error(`${what} did not come within ${withinMs} ms`);
    await sleep(answer instanceof Promise ? ASK_EVERY_MS : LOOK_EVERY_MS);
  }
}
