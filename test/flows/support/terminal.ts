// A shell as a reader of the documents has it open: what is pasted runs in order, and variables stay.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Environment } from "./environment.ts";
import { endWithTests, send } from "./groups.ts";
import { until } from "./process.ts";

export type Pasted = { code: number; output: string; errors: string };

const WITHIN_MS = 60_000;
const GONE_WITHIN_MS = 15_000;

export class Terminal {
  readonly #shell: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  readonly #folder: string;
  readonly #forget: () => void;
  /** Files of what runs in the background, by what its place is called. */
  readonly #behind = new Map<string, { pid: string; file: string }>();
  #pasted = 0;

  /** `folder` takes what is printed; the commands run in `cwd`. */
  constructor(env: Environment, cwd: string, folder: string) {
    const stdio: ["pipe", "pipe", "inherit"] = ["pipe", "pipe", "inherit"];
    const shell = spawn("sh", [], { cwd, env, detached: true, stdio });
    this.#shell = shell;
    this.#ended = once(shell, "close");
    this.#lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
    this.#folder = folder;
    this.#forget = endWithTests(shell);
  }

  /** Runs it to its end; `input` is what it reads. */
  async run(command: string, input = ""): Promise<Pasted> {
    const file = await this.#files(input);
    const code = await this.#say(`{ ${command}\n} < ${file}.in > ${file} 2> ${file}.err; echo $?`);
    const [output, errors] = await Promise.all([readFile(file, "utf8"), readFile(`${file}.err`, "utf8")]);
    return { code: Number(code), output, errors };
  }

  /** Starts it beside the others, in place of what was started as `place` before; says what it printed until `ready`. */
  async start(command: string, place: string, ready: RegExp): Promise<Pasted> {
    await this.#stop(place);
    const file = await this.#files("");
    const pid = await this.#say(`{ exec ${command}\n} < ${file}.in > ${file} 2>&1 & echo $!`);
    this.#behind.set(place, { pid, file });
    await until(`${ready} of ${command}`, WITHIN_MS, async () => ready.test(await this.printedBy(place)));
    return { code: 0, output: await this.printedBy(place), errors: "" };
  }

  async printedBy(place: string): Promise<string> {
    return readFile(this.#behind.get(place)?.file ?? "", "utf8");
  }

  async close(): Promise<void> {
    // Each alone, and not its group: a command that is killed has to end what it has started.
    const pids = [...this.#behind.values()].map(({ pid }) => pid);
    this.#shell.stdin?.end(pids.length === 0 ? "" : `kill ${pids.join(" ")} 2> /dev/null\n`);
    try {
      await this.#ended;
      await until("the end of what it ran", GONE_WITHIN_MS, () => !send(this.#shell, 0));
    } finally {
      send(this.#shell, "SIGKILL");
      this.#forget();
    }
  }

  async #stop(place: string): Promise<void> {
    const before = this.#behind.get(place);
    if (before !== undefined) await this.#say(`kill ${before.pid}; wait ${before.pid}; echo`);
  }

  async #files(input: string): Promise<string> {
    const file = join(this.#folder, `pasted-${this.#pasted++}`);
    await Promise.all([writeFile(file, ""), writeFile(`${file}.in`, input)]);
    return file;
  }

  /** The line with which the shell answers. */
  async #say(line: string): Promise<string> {
    this.#shell.stdin?.write(`${line}\n`);
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`the shell has ended at ${line}`);
    return value;
  }
}
