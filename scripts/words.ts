// One word for one thing (README, "Glossary"): finds words that were given up for a standard one. Names are found in code
// only: in prose the same word may be an ordinary one.
import { globSync, readFileSync } from "node:fs";
import ts from "typescript";
import { type Count, GENERATED } from "./checks.ts";

const NAMES: Record<string, string> = {
  "Pointer|pointers": "RunMessage",
  "Shift|shift": "InvocationBudget, budget",
  "Turns|turns": "Semaphore",
  within: "withTimeout",
  "Room|Hold": "MemoryBudget, Reservation",
  "HeldRuns|heldRuns": "RunLeases, leases",
  Work: "LeasedRun",
  "Sighting|sighting": "Observation, observation",
  "look|looks": "poll",
  "told|Telling|telling|tried": "applyAttempt, DeliveryResult, reported",
  putOff: "deferral",
  "bury|buried|giveUp|lost": "deadLetter of a delivery, abandon of a run",
  "books|booked|unbooked": "charges, recorded",
  "recall|remember": "get, put",
  inMemoryOnly: "cacheAnswerOnly",
  "resting|probing": "open, half_open",
  "wouldTry|mayTry": "peek, acquire",
  "Place|placeOf": "Cursor, decodeCursor",
  journal: "audit store, record",
  "figures|Tally|tally|bins": "stats, Histogram",
  began: "created",
  "made|tries": "attempts",
  revival: "redelivery",
  pushed: "notified",
  Parcel: "CallbackRequest",
  tendRollups: "refreshRollups",
};
const ANYWHERE: readonly [RegExp, string][] = [
  [/\b(?:some|any|every|no)body\b|\bwhoever\b/gi, "the part: the gate, the consumer, the receiver, a caller"],
  [/\bgate_(?:open|closed)\b/g, "failed_open, failed_closed"],
  [/\bprogress\//g, "consumer/"],
];

const STANDARD = new Map(
  Object.entries(NAMES).flatMap(([old, standard]) => old.split("|").map((name) => [name, standard])),
);
const IS_SUSPECT = new RegExp(String.raw`(?<![.\w])(?:${[...STANDARD.keys()].join("|")})\b`);
const COMMENT_LINE = /^\s*(?:\/\/|\/?\*).*$/gm;
const FILES = "**/*.{ts,tsx,mjs,js,css,md,sql,toml}";
/** The first two have to name the words; the changelog says what was renamed; the last one is generated. */
const EXEMPT = ["words.ts", "words.test.ts", "CHANGELOG.md", "worker-configuration.d.ts"];

export function checkWords(): Count {
  const files = globSync(FILES, { exclude: (name) => [...GENERATED, ...EXEMPT].includes(name) });
  const faults = files.flatMap((file) =>
    findOldWords(file, readFileSync(file, "utf8")).map((fault) => `${file}:${fault}`),
  );
  for (const fault of faults) console.error(fault);
  return { passed: files.length, failed: faults.length };
}

/** Each as `line: "word" is now …`. */
export function findOldWords(file: string, text: string): string[] {
  const found = ANYWHERE.flatMap(([pattern, standard]) =>
    [...text.matchAll(pattern)].map(({ 0: word, index }) => say(text, index, word, standard)),
  );
  // Parsing takes long, so that only files are parsed in which an old name may stand in code.
  const isSuspect = /\.tsx?$/.test(file) && IS_SUSPECT.test(text.replaceAll(COMMENT_LINE, ""));
  return isSuspect ? [...found, ...findOldNames(file, text)] : found;
}

function findOldNames(file: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isOurs = ts.isMemberName(node) && !isMember(node);
    const standard = isOurs ? STANDARD.get(node.text.replace("#", "")) : undefined;
    if (standard !== undefined) found.push(say(text, node.getStart(), node.getText(), standard));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** May be a library's: `list.shift()`. A member of ours is found where it is declared. */
function isMember(name: ts.MemberName): boolean {
  return ts.isPropertyAccessExpression(name.parent) && name.parent.name === name;
}

function say(text: string, index: number, word: string, standard: string): string {
  return `${text.slice(0, index).split("\n").length}: "${word}" is now ${standard}`;
}
