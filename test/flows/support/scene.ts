// Where documented commands are run: a terminal in a checkout, and an account.
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { FakeAccount } from "./account.ts";
import { type Environment, userEnvironment } from "./environment.ts";
import { stockedAccount } from "./stocked-account.ts";
import { type Pasted, Terminal } from "./terminal.ts";

/** `…` in a command stands for anything. */
export type Played = {
  command: string;
  /** Options that stand behind the page's own. */
  plus?: string;
  /** What it reads. */
  input?: string;
  /** It goes on beside the others, in place of what was there; and what it prints when it is ready. */
  beside?: [place: string, ready: RegExp];
  /** It is run again until it shows so. */
  soon?: true;
  /** What it prints, or what else is so afterwards. */
  shows: RegExp | ((output: string, scene: Scene) => unknown);
};

export type Scene = {
  terminal: Terminal;
  account: FakeAccount;
  checkout: string;
  /** Its user's home. */
  folder: string;
  /** Words of the pages, and what is put in their place, in this order. */
  replaced: ReadonlyMap<string, string>;
};

const SOON_MS = 30_000;
const PAUSE_MS = 100;

export async function openScene(
  checkout: string,
  folder: string,
  env: Environment,
  replaced: ReadonlyMap<string, string>,
): Promise<Scene> {
  const [account] = await Promise.all([stockedAccount(), mkdir(folder)]);
  const bin = await programs(join(folder, "bin"));
  const user = userEnvironment(folder);
  const all = {
    ...user,
    ...account.environment,
    HOME: folder,
    PATH: `${bin}${delimiter}${user["PATH"]}`,
    // With its banner goes its look-up of newer versions.
    WRANGLER_HIDE_BANNER: "true",
    ...env,
  };
  const api = "https://api.cloudflare.com/client/v4";
  return {
    terminal: new Terminal(all, checkout, folder),
    account,
    checkout,
    folder,
    replaced: new Map([[api, account.environment["CLOUDFLARE_API_BASE_URL"] ?? api], ...replaced]),
  };
}

export async function closeScene({ terminal, account }: Scene): Promise<void> {
  await terminal.close();
  account.close();
}

/**
 * An npx that finds this project's programs in no time (flag.test.ts has the real one), and a system that writes down
 * what it is to install.
 */
async function programs(bin: string): Promise<string> {
  const scripts = {
    // wrangler's bin is a process that only starts this one.
    npx: `PATH="$PWD/node_modules/.bin:$PATH"
[ "$1" = wrangler ] && shift && exec node --no-warnings "$PWD/node_modules/wrangler/wrangler-dist/cli.js" "$@"
exec "$@"`,
    "apt-get": 'echo "$@" >> "$HOME/apt-get"',
  };
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts))
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return bin;
}

/** Runs the command as the page has it, but for what is replaced, and looks at what comes of it. */
export async function play(row: Played, text: string, scene: Scene): Promise<void> {
  const { plus, shows } = row;
  let command = plus === undefined ? text : `${text} ${plus}`;
  for (const [word, other] of scene.replaced) command = command.replaceAll(word, other);
  const deadlineMs = Date.now() + (row.soon === true ? SOON_MS : 0);
  let pasted = await paste(row, command, scene);
  const isShown = () => !(shows instanceof RegExp) || shows.test(pasted.output);
  while (!isShown() && Date.now() < deadlineMs) {
    await sleep(PAUSE_MS);
    pasted = await paste(row, command, scene);
  }
  expect(pasted.code, `${command}\n${pasted.output}${pasted.errors}`).toBe(0);
  if (shows instanceof RegExp) expect(pasted.output, command).toMatch(shows);
  else await shows(pasted.output, scene);
}

function paste({ input, beside }: Played, command: string, { terminal }: Scene): Promise<Pasted> {
  if (beside === undefined) return terminal.run(command, input);
  return terminal.start(command, ...beside);
}
