// The lines that are printed.
import { type Result, SECTIONS } from "./clause.ts";

export type Summary = { ok: number; breaches: number; skipped: number };

const MARKS = { ok: "ok     ", breach: "BREACH ", skipped: "skipped" };
const ID_WIDTH = 26;

export function heading({ section }: Result): string {
  return `\n${SECTIONS[section]}`;
}

export function line({ id, text, outcome, detail }: Result): string {
  return `  ${MARKS[outcome]} ${id.padEnd(ID_WIDTH)} ${text}${detail === null ? "" : ` — ${detail}`}`;
}

export function summarize(results: readonly Result[]): Summary {
  const count = (wanted: Result["outcome"]) => results.filter(({ outcome }) => outcome === wanted).length;
  return { ok: count("ok"), breaches: count("breach"), skipped: count("skipped") };
}

export function summaryLine({ ok, breaches, skipped }: Summary): string {
  const all = ok + breaches + skipped;
  return `\n${all} clauses: ${ok} ok, ${breaches} breached, ${skipped} skipped`;
}
