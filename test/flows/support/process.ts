// A gateway in a process group of its own, so that a kill takes all of it at once and leaves nothing but the stored state:
// as it is deployed (`startProcess`), or as its users start it (`startNpm`: npm, wrangler, and what is around workerd then).
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bundlesFolder } from "./bundles.ts";
import {
  type Environment,
  freePort,
  makeFolder,
  PROJECT,
  removeFolder,
  userEnvironment,
  withOwnPrograms,
} from "./environment.ts";
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
  /** Sends the signal to the whole group, and waits until every process of it is gone. */
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGINT"): Promise<void>;
  /** Starts it on the same port and state, `args` in place of the former ones where given. */
  restart(args?: string[]): Promise<void>;
  /** Kills whatever still runs and removes every trace. Throws when it has ever printed a secret. */
  close(): Promise<void>;
};

type Options = {
  /** What serve.ts takes, or `npm start --`; where neither is named here, --port and --persist-to are added. */
  args?: string[];
  port?: number;
  /** Kept when given; otherwise one is made, and removed by `close`. */
  stateDir?: string;
};

const STARTED_WITHIN_MS = 60_000;
const GONE_WITHIN_MS = 15_000;
const POLL_EVERY_MS = 20;
/** An answer takes the CPU that others wait for. */
const ASK_EVERY_MS = 100;

/** What is run, and the last that it prints before it is ready. */
type Program = {
  command: readonly [string, ...string[]];
  ready: RegExp;
  env: (folder: string) => Environment;
};

const NPM_START: Program = {
  command: ["npm", "start", "--"],
  ready: /^Ctrl-C stops the gateway\..*\n/m,
  env: userEnvironment,
};
const SERVE = fileURLToPath(new URL("serve.ts", import.meta.url));

/** As it is deployed, with the sandbox behind it. */
export async function startProcess(options: Options = {}): Promise<GatewayProcess> {
  const bundles = await bundlesFolder();
  const serve: Program = {
    command: [process.execPath, SERVE, "--bundles", bundles],
    ready: /^READY\n/m,
    // wrangler makes the tables of the operators' index.
    env: (folder) => withOwnPrograms(userEnvironment(folder)),
  };
  return start(serve, options);
}

/** Settings as options. */
export function vars(settings: Record<string, string | number>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
}

/** As its users start it. */
export function startNpm(options: Options = {}): Promise<GatewayProcess> {
  return start(NPM_START, options);
}

async function start(program: Program, options: Options): Promise<GatewayProcess> {
  const folder = await makeFolder();
  const port = options.port ?? (await freePort());
  const stateDir = options.stateDir ?? `${folder}/state`;

  const printed: string[] = [];
  let group = new Group(program, withDefaults(options.args ?? [], port, stateDir), folder);
  try {
    await group.untilReady();
  } catch (error) {
    await group.kill("SIGKILL");
    await removeFolder(folder);
    throw error;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    stateDir,
    group: () => group.pid,
    output: () => group.output,
    kill: (signal) => group.kill(signal),
    restart: async (args = options.args ?? []) => {
      printed.push(group.output);
      group = new Group(program, withDefaults(args, port, stateDir), folder);
      await group.untilReady();
    },
    close: async () => {
      await group.kill("SIGKILL");
      await removeFolder(folder);
      for (const output of [...printed, group.output]) await expectNoSecretIn(output);
    },
  };
}

class Group {
  output = "";
  readonly #child: ChildProcess;
  readonly #ready: RegExp;
  readonly #ended: Promise<unknown>;
  readonly #forget: () => void;

  constructor({ command, ready, env }: Program, args: string[], folder: string) {
    const [program, ...first] = command;
    this.#ready = ready;
    this.#child = spawn(program, [...first, ...args], {
      cwd: PROJECT,
      detached: true,
      env: env(folder),
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
    await until("the gateway", STARTED_WITHIN_MS, () => {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`the gateway ended before it was ready:\n${this.output}`);
      return this.#ready.test(this.output);
    });
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    send(this.#child, signal);
    await this.#ended;
    await until("the end of the process group", GONE_WITHIN_MS, () => !send(this.#child, 0));
    this.#forget();
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

/** Checks again and again until it is so; fails when it takes longer than any honest wait. */
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
    await sleep(answer instanceof Promise ? ASK_EVERY_MS : POLL_EVERY_MS);
  }
}
