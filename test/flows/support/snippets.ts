// Blocks of code on a page. Those of one language are one program, in the order of the page; what each of them prints is told
// apart by a line that is printed after it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./environment.ts";

/** `name`: the heading above it, and which of this language's blocks it is there, from 1. */
export type Snippet = { name: string; text: string };

const BLOCK_OR_HEADING = /^## (.+)$|^```(\w*)\n([^]*?)^```$/gm;
const END = "--- end of the block ---";

export function readSnippets(page: string, language: string): Snippet[] {
  const text = readFileSync(join(PROJECT, page), "utf8");
  const snippets: Snippet[] = [];
  let heading = "";
  let count = 0;
  for (const { 1: title, 2: fenced, 3: body = "" } of text.matchAll(BLOCK_OR_HEADING)) {
    if (title !== undefined) [heading, count] = [title, 0];
    else if (fenced === language) snippets.push({ name: `${heading} ${++count}`, text: body });
  }
  return snippets;
}

/** `print` is the language's function, which takes a string. */
export function toProgram(snippets: readonly Snippet[], print: string): string {
  return snippets.map(({ text }) => `${text}\n${print}("${END}")\n`).join("");
}

/** What each block has printed, by its name. */
export function splitOutput(snippets: readonly Snippet[], output: string): Record<string, string> {
  const printed = output.split(`${END}\n`);
  return Object.fromEntries(snippets.map(({ name }, at) => [name, printed[at] ?? ""]));
}
