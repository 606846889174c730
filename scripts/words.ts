// One word for one thing (README, "Glossary"): finds words that were given up for a standard one. They are found in names
// only, because in prose the same word may be an ordinary one. A name is what is declared in code, a compound (`a_b`, `aB`)
// or a dotted event anywhere, a string of one word in src/, and the path of a file.
import { globSync, readFileSync } from "node:fs";
import ts from "typescript";
import { type Count, GENERATED } from "./checks.ts";

/** As a whole name: in a longer one these have an ordinary meaning. */
const NAMES: Record<string, string> = {
  "Pointer|pointers": "RunMessage",
  "Shift|shift": "InvocationBudget, budget",
  "Turns|turns": "Semaphore",
  within: "withTimeout",
  Hold: "Reservation",
  Work: "LeasedRun",
  "Sighting|sighting|Seen|isSeen": "Observation, observation",
  "Place|placeOf": "Cursor, decodeCursor",
  "Tally|tally|Figures|figures|bins": "stats, Histogram",
  "Memory|memory\\.ts": "the answer cache",
  timeOf: "formatTime, parseTime",
};
/** As words of any name, in the form `a_b`. */
const WORDS: Record<string, string> = {
  "rooms?": "MemoryBudget, Reservation",
  held_runs: "RunLeases, leases",
  "looks?(?!_up)": "poll, check",
  "tells?|told|telling|retell|tried|tries": "applyAttempt, DeliveryResult, reported, attempts",
  put_off: "deferral",
  "bury|buried|gives?_up|given_up|gave_up|lost": "deadLetter of a delivery, abandon of a run",
  "books|booked|unbooked": "charges, recorded",
  "recalls?|remembers?|remembered": "get, put",
  in_memory_only: "cacheAnswerOnly",
  "rests|resting|probing": "open, half_open",
  "would_try|may_try": "peek, acquire",
  journal: "audit store, record",
  began: "created, started",
  made: "attempts, created",
  revival: "redelivery",
  "(?<!dead_)letters?": "dead letter, redelivery batch",
  pushed: "notified",
  named: "hintedRunId, or what the name is for",
  parcel: "CallbackRequest",
  "tends?|tend_rollups": "refresh, maintain",
  upstream_id: "runKey",
  "(?<!.)of(?!.)": "what it is",
};
/** The same in the console and its tests. */
const CONSOLE_WORDS: Record<string, string> = {
  "acts?|shows?|parts": "form handler, page handler, component",
};
const ANYWHERE: readonly [RegExp, string][] = [
  [/\b(?:some|any|every|no)body\b|\bwhoever\b/gi, "the part: the gate, the consumer, the receiver, a caller"],
  [/\bgate_(?:open|closed)\b/g, "failed_open, failed_closed"],
  [/\bprogress\//g, "consumer/"],
  [/\b(?:claim\??\.id|(?:promise|ref)\.key)\b/g, "runKey"],
  [/\bbeing tried\b/g, "attempts to come, half open"],
];

type Rule = readonly [pattern: RegExp, standard: string];
/** Where it begins in the text. */
type Name = readonly [name: string, index: number];

const WHOLE = Object.entries(NAMES).map(([old, standard]): Rule => [RegExp(`^(?:${old})$`), standard]);
const PARTS = Object.entries(WORDS).map(toPartRule);
const CONSOLE_PARTS = Object.entries(CONSOLE_WORDS).map(toPartRule);
const COMPOUND = /\b[A-Za-z][A-Za-z0-9]*(?:_|(?<=[a-z0-9])[A-Z])\w*/g;
const EVENT = /(?<=["'`])[a-z_]+(?:\.[a-z_]+)+(?=["'`])/g;
const OLD = [NAMES, WORDS, CONSOLE_WORDS].flatMap(Object.keys).join("|").replaceAll("_", "_?");
// Two quick looks: most names have no old word in them, and most files none that stands alone in code.
const MAY_BE_OLD = RegExp(`${OLD}|^of$`, "i");
const MAY_HAVE_OLD = RegExp(String.raw`(?<![.\w])(?:${OLD}|of(?=\s*[:,)}=]))\b`, "i");
const COMMENT_LINE = /^\s*(?:\/\/|\/?\*).*$/gm;
const FILES = "**/*.{ts,tsx,mjs,js,css,md,sql,toml,py,yml}";
/** The first two have to name the words; the changelog says what was renamed; the last two are generated. */
const EXEMPT = ["words.ts", "words.test.ts", "CHANGELOG.md", "worker-configuration.d.ts", "api.generated.ts"];

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
  const rules = rulesFor(file);
  for (const [name, index] of findNames(file, text)) {
    if (!MAY_BE_OLD.test(name)) continue;
    const rule = rules.find(([pattern]) => pattern.test(name) || pattern.test(toWords(name)));
    if (rule !== undefined) found.push(say(text, index, name, rule[1]));
  }
  return found;
}

function rulesFor(file: string): readonly Rule[] {
  return [...WHOLE, ...PARTS, ...(/\bconsole\//.test(file) ? CONSOLE_PARTS : [])];
}

function toPartRule([old, standard]: [string, string]): Rule {
  return [RegExp(`(?:^|_)(?:${old})(?:_|$)`), standard];
}

/** `HTTPServer_isTold`: `http_server_is_told`. */
function toWords(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+/g, "_").toLowerCase();
}

function findNames(file: string, text: string): Name[] {
  const inPath = file.split("/").map((part): Name => [part, 0]);
  const inText = [...text.matchAll(COMPOUND), ...text.matchAll(EVENT)].map(
    ({ 0: name, index }): Name => [name, index],
  );
  const isSuspect = /\.(?:tsx?|mjs|js)$/.test(file) && MAY_HAVE_OLD.test(text.replaceAll(COMMENT_LINE, ""));
  return [...inPath, ...inText, ...(isSuspect ? findWords(file, text) : [])];
}

/** Names of one word, which only the syntax tells from prose. */
function findWords(file: string, text: string): Name[] {
  const found: Name[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isMemberName(node) && isOurs(node)) found.push([node.text.replace("#", ""), node.getStart()]);
    else if (ts.isStringLiteralLike(node) && file.startsWith("src/"))
      found.push([node.text, node.getStart()]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found.filter(([name]) => /^[a-z]+$/i.test(name));
}

/** A member may be a library's, `list.shift()`: one of ours is found where it is declared. `of` is for no variable. */
function isOurs({ text, parent }: ts.MemberName): boolean {
  if (text === "of")
    return ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isVariableDeclaration(parent);
  return !ts.isPropertyAccessExpression(parent) || parent.name.text !== text;
}

function say(text: string, index: number, word: string, standard: string): string {
  return `${text.slice(0, index).split("\n").length}: "${word}" is now ${standard}`;
}
