// The `status` and the `id` of a run, found in its JSON as the bytes arrive: no result is ever parsed whole, so neither its size nor a
// detail that JSON.parse refuses (NaN, a byte-order mark, bytes that are not UTF-8) keeps a result from being delivered.
// The scan reads one object, and keeps only short names and texts of that object and of the one under `data`. It knows
// strings and brackets, and judges no other syntax. What does not begin with `{` is no run: a proxy's HTML page with a
// `status` in one of its scripts must not end anything. Whatever follows the object is not read.

import { parseJson } from "../platform/json.ts";

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const BEFORE_OBJECT = new Set([TAB, LINE_FEED, CARRIAGE_RETURN, SPACE, ...BYTE_ORDER_MARK]);
/** A UUID and more; the longest of the words spelt with an escape for each letter, and more. */
const MAX_SPELLING_BYTES = 64;

/** What a run says of itself. */
export type RunStatus = "waiting" | "success" | "error";
/** What the scan looks for, at the top and under `data`. */
type Member = "status" | "id";
type Found = Record<Member, string | null>;
/** In place of a string that is too long to mean anything here. */
const TOO_LONG = "";

export class RunScan {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inData = false;
  /** Of the string that is being read, as it is spelt; null where its value does not matter. */
  #spelling: number[] | null = null;
  /** The last string of the member, if that is all that came after its name. */
  #text: string | null = null;
  #name: string | null = null;
  #ended = false;
  #top: Found = { status: null, id: null };
  #data: Found = { status: null, id: null };

  /** The next bytes, cut wherever. */
  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      if (this.#depth === 0) at = this.#readBefore(chunk, at);
      else if (this.#inString) at = this.#readString(chunk, at);
      else at = this.#readStructure(chunk, at);
    }
  }

  /**
   * The status at `status`, or at `data.status` where there is no text at `status`; of two members with one name the last
   * counts, as in `JSON.parse`. Null: there is none, or the object has not ended.
   */
  status(): RunStatus | null {
    const word = this.#find("status");
    return word === "waiting" || word === "success" || word === "error" ? word : null;
  }

  /** What the run calls itself, found in the same places: any short text. */
  id(): string | null {
    return this.#find("id");
  }

  #find(member: Member): string | null {
    return this.#ended ? (this.#top[member] ?? this.#data[member]) : null;
  }

  #readBefore(chunk: Uint8Array, at: number): number {
    const byte = chunk[at] ?? SPACE;
    if (byte === OPEN_BRACE) this.#depth = 1;
    else if (!BEFORE_OBJECT.has(byte)) this.#ended = true;
    return at + 1;
  }

  #readString(chunk: Uint8Array, from: number): number {
    if (this.#spelling === null) return this.#skipString(chunk, from);
    const byte = chunk[from] ?? QUOTE;
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) return this.#endString(from);
    if (this.#spelling.push(byte) > MAX_SPELLING_BYTES) this.#spelling = null;
    return from + 1;
  }

  /** Most bytes of a large result are passed over here, by the engine's own search. */
  #skipString(chunk: Uint8Array, from: number): number {
    const start = this.#escaped ? from + 1 : from;
    const quoteAt = chunk.indexOf(QUOTE, start);
    const end = quoteAt === -1 ? chunk.length : quoteAt;
    let backslashes = 0;
    while (end - backslashes > start && chunk[end - backslashes - 1] === BACKSLASH) backslashes += 1;
    const isEscaped = backslashes % 2 === 1;
    this.#escaped = quoteAt === -1 && isEscaped;
    if (quoteAt === -1) return chunk.length;
    return isEscaped ? quoteAt + 1 : this.#endString(quoteAt);
  }

  #endString(quoteAt: number): number {
    this.#inString = false;
    this.#text = this.#isWanted() ? parseText(this.#spelling) : null;
    return quoteAt + 1;
  }

  /** To the next string. */
  #readStructure(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#inString = true;
        this.#spelling = this.#isWanted() ? [] : null;
        return at + 1;
      }
      if (byte === COLON) this.#endName();
      else if (byte === COMMA) this.#endMember();
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open(byte === OPEN_BRACE);
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#close(byte === CLOSE_BRACE);
      if (this.#ended) return at + 1;
    }
    return chunk.length;
  }

  #open(isObject: boolean): void {
    if (isObject && this.#depth === 1 && this.#name === "data") {
      this.#data = { status: null, id: null };
      this.#inData = true;
      this.#name = null;
    }
    this.#depth += 1;
  }

  #close(isObject: boolean): void {
    // Deeper brackets are only counted.
    if (this.#isWanted() && !isObject) return this.#stop();
    this.#endMember();
    this.#depth -= 1;
    if (this.#depth === 1) this.#inData = false;
    if (this.#depth === 0) this.#ended = true;
  }

  #stop(): void {
    this.#top = { status: null, id: null };
    this.#data = { status: null, id: null };
    this.#ended = true;
  }

  #endName(): void {
    if (!this.#isWanted()) return;
    this.#name = this.#text;
    this.#text = null;
  }

  #endMember(): void {
    if (!this.#isWanted()) return;
    const name = this.#name;
    if (name === "status" || name === "id") (this.#inData ? this.#data : this.#top)[name] = this.#text;
    if (name === "data" && !this.#inData) this.#data = { status: null, id: null };
    this.#name = null;
    this.#text = null;
  }

  /** Directly in one of the two objects that may have the status. */
  #isWanted(): boolean {
    return this.#depth === 1 || (this.#depth === 2 && this.#inData);
  }
}

/** Bytes outside ASCII are in none of the words, so each may stand for a character of its own here. */
function parseText(spelling: readonly number[] | null): string {
  if (spelling === null) return TOO_LONG;
  const text = String.fromCharCode(...spelling);
  if (!spelling.includes(BACKSLASH)) return text;
  const parsed = parseJson(`"${text}"`);
  return typeof parsed === "string" ? parsed : TOO_LONG;
}
