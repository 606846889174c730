// Asks the user at the terminal. In CI, or without a terminal, there is none.
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Ask } from "./settings.ts";

export function promptOrNull(): Ask {
  const isThere = process.stdin.isTTY && process.stdout.isTTY && !process.env["CI"];
  return isThere ? prompt : null;
}

async function prompt(name: string, meaning: string, isSecret: boolean): Promise<string> {
  const question = `${name} (${meaning}): `;
  if (!isSecret) return answer(process.stdout, question);
  process.stdout.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const secret = await answer(unseen, "");
  process.stdout.write("\n");
  return secret;
}

async function answer(output: NodeJS.WritableStream, question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
