// Which row of a table a documented command belongs to.
import type { Command } from "./documents.ts";

/** `…` in it stands for anything. */
export type Row = { command: string; plus?: string };

/** The row that says most of the command, if any does. */
export function findRow<R extends Row>({ text }: Pick<Command, "text">, rows: readonly R[]): R | null {
  const matching = rows.filter(({ command }) => toPattern(command).test(text));
  return matching.toSorted((a, b) => b.command.length - a.command.length)[0] ?? null;
}

function toPattern(command: string): RegExp {
  const literal = command.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("…", ".*")}$`, "s");
}

/** Within a sentence a command may be named in short, or with other values: never with a word or an option of its own. */
export function isMentioned({ text, isInline }: Command, known: readonly string[]): boolean {
  const { words, options } = parseParts(text);
  const alike = known.map(parseParts).filter((one) => words.every((word, at) => one.words[at] === word));
  const all = new Set(alike.flatMap((one) => [...one.options]));
  return isInline && alike.length > 0 && [...options].every((option) => all.has(option));
}

/**
 * Its words up to the first option, and the names of its options. A setting's name counts as one. Of what is put into a
 * variable, that which puts it there.
 */
export function parseParts(text: string): { words: string[]; options: Set<string> } {
  const inner = text.replace(/^[A-Z_]+=\$\((.*)\)$/s, "$1");
  const parts = inner.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  const own = parts.filter((part) => !/^(?:[A-Z_]+=.*|npx|--silent|--)$/s.test(part));
  const first = own.findIndex((part) => part.startsWith("-"));
  const [words, rest] = first === -1 ? [own, []] : [own.slice(0, first), own.slice(first)];
  const names = rest.flatMap((part, at) => {
    if (rest[at - 1] === "--var") return [part.replace(/:.*$/, "")];
    return part.startsWith("--") ? [part] : [];
  });
  return { words, options: new Set(names) };
}
