// JSON that keeps its numbers: the caller's body goes on as the caller's own text, with at most two values of `data`
// replaced or inserted. A parse and a print would turn 12345678901234567890 and 1.10 into other numbers.
// The scan finds offsets and judges no syntax: JSON.parse does that, before or after it. Of a text that is no JSON it
// says something meaningless, in linear time, without throwing; so it may run first, and spare JSON.parse a text nested
// millions deep, which takes that one a second, and a text that is no object, whatever else it is.
// It refuses what two parsers could read differently in the envelope: a name that stands twice, and one that is read as
// another by a parser that ignores case, NUL or what is not visible. Below the members of `data` nothing is checked
// but the depth: a name that stands twice in `inputs` is the upstream's business.
import { RUN_REQUEST_MEMBERS } from "../contract/schemas.ts";
import { findTwin } from "../platform/fold.ts";
import { parseJson } from "../platform/json.ts";

/** Deeper than any honest input, and shallow enough for every recursive parser behind us. */
const MAX_JSON_DEPTH = 500;
/** What JSON.parse makes of a text may be twenty times as large. The bound is on an estimate: so much for each of its parts. */
const MAX_PARSED_BYTES = 64 * 1024 * 1024;
const CONTAINER_BYTES = 40;
const MEMBER_BYTES = 16;
const VALUE_BYTES = 8;
/** Their names are kept, to be compared. */
const ENVELOPE_MEMBER_BYTES = 100;

type Span = { start: number; end: number };

/** Offsets into the text it was located in; worth nothing for any other. */
export type Envelope = {
  kind: "envelope";
  /** Just after the `{` of `data`. */
  dataStart: number;
  dataIsEmpty: boolean;
  /** Where the values stand; null when the member is missing. */
  members: { callbackUrl: Span | null; idempotencyId: Span | null };
  maxDepth: number;
};

export type EnvelopeFault =
  | { kind: "duplicate"; pointer: string }
  /** A name that a lax parser takes for `known`. `members`: null where there is no `data`. */
  | { kind: "lookalike"; pointer: string; known: string; members: Envelope["members"] | null }
  | { kind: "too_deep" }
  /** Parsed, it would take too much memory. */
  | { kind: "too_many_values" }
  /** The object has no `data` that is one. */
  | { kind: "no_envelope" }
  /** The text is no object: it begins as another value, or as nothing that is JSON. */
  | { kind: "no_object"; beginsAsJson: boolean };

/** A pointer is shown to the caller and may be logged; a longer name is represented by its parent. */
const MAX_POINTER_NAME_LENGTH = 200;

type Lookalike = { name: string; known: string };

type Data = {
  start: number;
  names: Set<string>;
  repeatedName: string | null;
  lookalike: Lookalike | null;
  members: Envelope["members"];
};

/** The first name that stands twice in the object that `text` is; null when none does. */
export function findRepeatedName(text: string): string | null {
  const scan = beginScan(text);
  const names = new Set<string>();
  const repeated: string[] = [];
  readMembers(scan, (name) => {
    if (names.has(name)) repeated.push(name);
    names.add(name);
    skipValue(scan, 1);
  });
  return repeated[0] ?? null;
}

export function locateEnvelope(text: string): Envelope | EnvelopeFault {
  const scan = beginScan(text);
  if (!isAt(scan, OPEN_BRACE))
    return { kind: "no_object", beginsAsJson: BEGINS_OTHER_VALUE.test(text.charAt(scan.at)) };
  const found: (Data | null)[] = [];
  let lookalike: Lookalike | null = null;
  readMembers(scan, (name) => {
    lookalike ??= findLookalike(name, ["data"]);
    if (name === "data") found.push(readData(scan));
    else skipValue(scan, 1);
  });
  if (scan.parsedBytes > MAX_PARSED_BYTES) return { kind: "too_many_values" };
  if (found.length > 1) return { kind: "duplicate", pointer: "/data" };
  return judge(found[0] ?? null, lookalike, scan.deepest);
}

function judge(data: Data | null, beside: Lookalike | null, maxDepth: number): Envelope | EnvelopeFault {
  if (data?.repeatedName != null)
    return { kind: "duplicate", pointer: pointerTo("/data", data.repeatedName) };
  const lookalike = beside ?? data?.lookalike ?? null;
  if (lookalike !== null) {
    const pointer = pointerTo(beside === null ? "/data" : "", lookalike.name);
    return { kind: "lookalike", pointer, known: lookalike.known, members: data?.members ?? null };
  }
  if (maxDepth > MAX_JSON_DEPTH) return { kind: "too_deep" };
  if (data === null) return { kind: "no_envelope" };
  const { start, names, members } = data;
  return { kind: "envelope", dataStart: start, dataIsEmpty: names.size === 0, members, maxDepth };
}

/** Null for a known name, and for one that no reader takes for a known one. */
function findLookalike(name: string, known: readonly string[]): Lookalike | null {
  const twin = findTwin(name, known);
  return twin === null ? null : { name, known: twin };
}

function pointerTo(parent: string, name: string): string {
  if (name.length > MAX_POINTER_NAME_LENGTH) return parent;
  return `${parent}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** `envelope` must have been located in this very `text`, and `text` be JSON. */
export function spliceEnvelope(
  text: string,
  envelope: Envelope,
  values: { callbackUrl?: string; idempotencyId?: string },
): string {
  const { callbackUrl, idempotencyId } = envelope.members;
  const edits: Edit[] = [];
  const inserted: string[] = [];
  for (const [name, span, value] of [
    ["callback_url", callbackUrl, values.callbackUrl],
    ["idempotency_id", idempotencyId, values.idempotencyId],
  ] as const) {
    if (value === undefined) continue;
    if (span === null) inserted.push(`"${name}":${JSON.stringify(value)}`);
    else edits.push({ span, by: JSON.stringify(value) });
  }
  if (inserted.length > 0) {
    const by = inserted.join(",") + (envelope.dataIsEmpty ? "" : ",");
    edits.push({ span: { start: envelope.dataStart, end: envelope.dataStart }, by });
  }
  return applyEdits(text, edits);
}

type Edit = { span: Span; by: string };

function applyEdits(text: string, edits: readonly Edit[]): string {
  const needed = edits.filter(({ span, by }) => text.slice(span.start, span.end) !== by);
  if (needed.length === 0) return text;
  const pieces: string[] = [];
  let copiedTo = 0;
  for (const { span, by } of needed.toSorted((a, b) => a.span.start - b.span.start)) {
    pieces.push(text.slice(copiedTo, span.start), by);
    copiedTo = span.end;
  }
  return pieces.join("") + text.slice(copiedTo);
}

/** An array, a string, a number, or the first letter of `true`, `false` and `null`. */
const BEGINS_OTHER_VALUE = /[["\-\dtfn]/;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

type Scan = { readonly text: string; at: number; deepest: number; parsedBytes: number };

function beginScan(text: string): Scan {
  const scan = { text, at: 0, deepest: 1, parsedBytes: 0 };
  skipBlanks(scan);
  return scan;
}

/** At `{`: hands over every member's decoded name, the scan standing at its value, which `visit` must pass. */
function readMembers(scan: Scan, visit: (name: string) => void): void {
  step(scan);
  while (!isAt(scan, CLOSE_BRACE) && scan.at < scan.text.length) {
    if (scan.parsedBytes > MAX_PARSED_BYTES) return;
    const name = readName(scan);
    skipBlanks(scan);
    step(scan);
    scan.parsedBytes += ENVELOPE_MEMBER_BYTES;
    visit(name);
    skipBlanks(scan);
    if (isAt(scan, COMMA)) step(scan);
  }
  scan.at += 1;
}

function readData(scan: Scan): Data | null {
  if (!isAt(scan, OPEN_BRACE)) {
    skipValue(scan, 1);
    return null;
  }
  scan.deepest = Math.max(scan.deepest, 2);
  const data: Data = {
    start: scan.at + 1,
    names: new Set(),
    repeatedName: null,
    lookalike: null,
    members: { callbackUrl: null, idempotencyId: null },
  };
  readMembers(scan, (name) => {
    if (data.names.has(name)) data.repeatedName ??= name;
    data.names.add(name);
    data.lookalike ??= findLookalike(name, RUN_REQUEST_MEMBERS);
    const start = scan.at;
    skipValue(scan, 2);
    if (name === "callback_url") data.members.callbackUrl = { start, end: scan.at };
    if (name === "idempotency_id") data.members.idempotencyId = { start, end: scan.at };
  });
  return data;
}

/**
 * Names are compared decoded: `"d\u0061ta"` is `data`. Each is parsed as a string, not as a member's name, because some
 * V8s misread escaped names (nodejs/node#63785). One that is no string ends the scan: the text is no JSON.
 */
function readName(scan: Scan): string {
  const start = scan.at;
  scan.at = endOfString(scan.text, start);
  const quoted = scan.text.slice(start, scan.at);
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  const name = parseJson(quoted);
  if (typeof name === "string") return name;
  scan.at = scan.text.length;
  return quoted;
}

function skipValue(scan: Scan, outerDepth: number): void {
  if (isAt(scan, QUOTE)) scan.at = endOfString(scan.text, scan.at);
  else if (isAt(scan, OPEN_BRACE) || isAt(scan, OPEN_BRACKET)) skipContainer(scan, outerDepth);
  else skipScalar(scan);
}

/** Counts brackets instead of recursing: the depth is the caller's to choose, our stack is not. */
function skipContainer(scan: Scan, outerDepth: number): void {
  const { text } = scan;
  let { at, deepest, parsedBytes } = scan;
  let depth = outerDepth;
  do {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      deepest = Math.max(deepest, ++depth);
      parsedBytes += CONTAINER_BYTES;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    else if (code === COMMA) parsedBytes += VALUE_BYTES;
    else if (code === COLON) parsedBytes += MEMBER_BYTES;
    at += 1;
  } while (depth > outerDepth && at < text.length);
  scan.at = at;
  scan.deepest = deepest;
  scan.parsedBytes = parsedBytes;
}

/** The offset after the string that opens at `open`. */
function endOfString(text: string, open: number): number {
  let quote = text.indexOf('"', open + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

/** Each run of backslashes is counted once, at the quote that follows it, so the whole stays linear. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - 1 - before) % 2 === 1;
}

function isAt(scan: Scan, code: number): boolean {
  return scan.text.charCodeAt(scan.at) === code;
}

/** Past one character of punctuation, and the blanks after it. */
function step(scan: Scan): void {
  scan.at += 1;
  skipBlanks(scan);
}

function skipBlanks(scan: Scan): void {
  while (isBlank(scan.text.charCodeAt(scan.at))) scan.at += 1;
}

function skipScalar(scan: Scan): void {
  while (scan.at < scan.text.length && !endsScalar(scan.text.charCodeAt(scan.at))) scan.at += 1;
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isBlank(code);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
