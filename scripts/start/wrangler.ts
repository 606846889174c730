// The process of `wrangler dev`, and which of its lines reach the terminal. Before the gateway is ready only errors do; what
// else is not known as noise waits, and is printed when the gateway is ready, or when wrangler ends before that.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { PROJECT } from "../kept-folder.ts";
import { findProblems } from "./log-line.ts";
import { type Shown, stripColours, WranglerOutput } from "./output.ts";

type Options = {
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Prints every line as it comes. */
  isVerbose: boolean;
  /** Requests of this trace are not shown. */
  ownTraceId: string;
  /** The gateway has found its settings to be bad. */
  onProblems: (problems: readonly string[]) => void;
};

/** What wrangler has started may hold its output open for a little longer than it lives. */
const LAST_LINES_WITHIN_MS = 1_000;
const HAS_COLOURS = process.stdout.isTTY && !process.env["NO_COLOR"];

export class Wrangler {
  /** Its exit code; a signal counts as 1. */
  readonly ended: Promise<number>;
  readonly #options: Options;
  readonly #child: ChildProcess;
  #isReady = false;
  #isStopping = false;
  #hasShownError = false;
  #waiting: string[] = [];
  #everything: string[] = [];

  constructor(options: Options) {
    this.#options = options;
    const child = spawn("wrangler", options.args, {
      cwd: PROJECT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...options.env, ...(HAS_COLOURS ? { FORCE_COLOR: "1" } : {}) },
    });
    this.#child = child;
    this.#read(child.stdout, process.stdout);
    this.#read(child.stderr, process.stderr);
    this.ended = this.#untilEnded();
  }

  kill(signal: NodeJS.Signals): void {
    this.#isStopping = true;
    this.#child.kill(signal);
  }

  /** From now on its lines are shown as they come. */
  showLines(): void {
    this.#isReady = true;
    this.#printWaiting();
  }

  #read(stream: Readable, target: Writable): void {
    const output = new WranglerOutput(this.#options.ownTraceId);
    createInterface({ input: stream }).on("line", (line) => {
      this.#scanForProblems(line);
      if (this.#options.isVerbose) target.write(`${line}\n`);
      else this.#show(line, output.read(line), target);
    });
  }

  #scanForProblems(line: string): void {
    const problems = this.#isReady ? null : findProblems(stripColours(line));
    if (problems !== null) this.#options.onProblems(problems);
  }

  #show(line: string, shown: Shown, target: Writable): void {
    if (!this.#isReady) this.#everything.push(line);
    if (shown.kind === "nothing" || (shown.kind === "activity" && !this.#isReady)) return;
    if (this.#isReady) return print(shown.text, target);
    if (target !== process.stderr) return void this.#waiting.push(shown.text);
    this.#hasShownError = true;
    print(shown.text, target);
  }

  async #untilEnded(): Promise<number> {
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    try {
      const [code]: (number | null)[] = await once(this.#child, "exit");
      await Promise.race([closed, sleep(LAST_LINES_WITHIN_MS)]);
      this.#explainEnd(code ?? 1);
      return code ?? 1;
    } catch (error) {
      console.error(`wrangler does not start (${String(error)}). Run \`npm ci\` first.`);
      return 1;
    }
  }

  #explainEnd(code: number): void {
    if (this.#isStopping || this.#options.isVerbose) return;
    if (this.#isReady) return console.error(`wrangler dev has ended, with exit code ${code}.`);
    if (this.#hasShownError) return;
    if (this.#waiting.length === 0) this.#waiting = this.#everything;
    this.#printWaiting();
  }

  #printWaiting(): void {
    for (const text of this.#waiting) print(text, process.stdout);
    this.#waiting = [];
  }
}

function print(text: string, target: Writable): void {
  target.write(`${HAS_COLOURS ? text : stripColours(text)}\n`);
}
