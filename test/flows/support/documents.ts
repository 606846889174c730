// The commands that the documents name: what stands in their `sh` fences, and inline code that begins like a command.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./environment.ts";

export type Command = {
  page: string;
  line: number;
  text: string;
  /** Named within a sentence or a table, not to be pasted. */
  isInline: boolean;
};

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "docs/*.md",
  "examples/**/*.md",
  "clients/**/*.md",
];
const FENCE = /^( *)```(\w*)\n(.*?)^\1```$/gms;
const SPAN = /`([^`]+)`/g;
/** A program by itself is a name, a script by itself is a command. */
const COMMAND =
  /^(?:[A-Z_]+=\S+ )*(?:(?:npm|npx|node|wrangler|curl|python3|pip|apt-get|printf|git|sh) \S|(?:bench\/setup\.sh|\.ci\/run)$)/;
/** In a table, options may stand apart from their command. */
const MORE_OPTIONS = /^(?:-- )?--\w/;
const COMMENT = /(?:^|\s)#\s.*$/;

/** In the order of the pages. */
export function documentedCommands(): Command[] {
  return globSync(PAGES, { cwd: PROJECT })
    .toSorted()
    .flatMap((page) => commandsIn(page, readFileSync(join(PROJECT, page), "utf8")));
}

function commandsIn(page: string, text: string): Command[] {
  const prose = text.replaceAll(FENCE, (fence) => fence.replaceAll(/[^\n]/g, ""));
  return [...fenced(page, text), ...inline(page, prose)].toSorted((a, b) => a.line - b.line);
}

function fenced(page: string, text: string): Command[] {
  return [...text.matchAll(FENCE)].flatMap(({ 1: indent = "", 2: language, 3: body = "", index }) => {
    const first = lineAt(text, index) + 1;
    const lines = body.split("\n").map((line) => line.slice(indent.length));
    return language === "sh" ? parseCommands(lines, first, page) : [];
  });
}

function parseCommands(lines: readonly string[], first: number, page: string): Command[] {
  const commands: Command[] = [];
  let begun = "";
  let line = first;
  for (const [index, each] of lines.entries()) {
    if (begun === "") line = first + index;
    begun += isQuoteOpen(begun) ? each : each.replace(COMMENT, "").trimEnd();
    if (begun === "") continue;
    if (isQuoteOpen(begun) || begun.endsWith("|")) begun += "\n";
    else if (begun.endsWith("\\")) begun = `${begun.slice(0, -1).trimEnd()} `;
    else {
      for (const text of begun.split(" && ")) commands.push({ page, line, text, isInline: false });
      begun = "";
    }
  }
  return commands;
}

/** Whether the next line belongs to a word that has been begun. */
function isQuoteOpen(text: string): boolean {
  const closed = text.replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\\./gs, "");
  return /['"]/.test(closed);
}

function inline(page: string, prose: string): Command[] {
  const commands: Command[] = [];
  for (const { 1: span = "", index } of prose.matchAll(SPAN)) {
    const line = lineAt(prose, index);
    const text = span.replaceAll(/\s*\n\s*/g, " ").replaceAll("\\|", "|");
    const before = commands.findLast((command) => command.line === line)?.text;
    const isInTable = prose.split("\n")[line - 1]?.startsWith("|") ?? false;
    const whole =
      isInTable && before !== undefined && MORE_OPTIONS.test(text) ? extended(before, text) : text;
    if (COMMAND.test(whole))
      for (const each of whole.split(" && ")) commands.push({ page, line, text: each, isInline: true });
  }
  return commands;
}

/** Those that begin with `-- ` are another form of the command, any others go on with it. */
function extended(command: string, options: string): string {
  const [base = ""] = command.split(" -- ");
  if (options.startsWith("-- ")) return `${base} ${options}`;
  return base === command ? `${command} -- ${options}` : `${command} ${options}`;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

export function readLines(page: string, which: RegExp): string[] {
  const lines = readFileSync(join(PROJECT, page), "utf8").split("\n");
  return lines.filter((line) => which.test(line));
}
