// The `status` of a run whose JSON is too long to be held: found as it passes by, with nothing kept of it but names and
// texts of a few bytes, at the top and directly under `data`. It judges no syntax beyond brackets and strings.

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** `status` and `data` spelt with an escape for each letter, and more. */
const MAX_SPELLING_BYTES = 64;

export class StatusScan {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The outermost value is an object. */
  #isObject = false;
  #inData = false;
  /** Of the string that is being read, as it is spelt; null where nobody wants to know. */
  #spelling: number[] | null = null;
  /** The last string of the member, if that is all that came after its name. */
  #text: string | null = null;
  #name: string | null = null;
  #ended = false;
  readonly #found: { top: string | null; data: string | null } = { top: null, data: null };

  read(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (this.#inString) this.#readString(byte);
      else this.#readStructure(byte);
    }
  }

  /** As `JSON.parse` has it, the last of two wins. Null: there is none that is a text, or the value has not ended. */
  status(): string | null {
    return this.#ended ? (this.#found.top ?? this.#found.data) : null;
  }

  #readString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) return this.#endString();
    if (this.#spelling !== null && this.#spelling.push(byte) > MAX_SPELLING_BYTES) this.#spelling = null;
  }

  #endString(): void {
    this.#inString = false;
    this.#text = this.#spelling && spelt(this.#spelling);
  }

  #readStructure(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#spelling = this.#isWanted() ? [] : null;
        return;
      case COLON:
        if (!this.#isWanted()) return;
        this.#name = this.#text;
        this.#text = null;
        return;
      case COMMA:
        return this.#endMember();
      case OPEN_BRACE:
      case OPEN_BRACKET:
        return this.#open(byte === OPEN_BRACE);
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        return this.#close();
    }
  }

  #open(isObject: boolean): void {
    if (this.#depth === 0) this.#isObject = isObject;
    if (isObject && this.#depth === 1 && this.#name === "data") {
      this.#found.data = null;
      this.#inData = true;
      this.#name = null;
    }
    this.#depth += 1;
  }

  #close(): void {
    this.#endMember();
    this.#depth -= 1;
    if (this.#depth === 1) this.#inData = false;
    if (this.#depth === 0) this.#ended = true;
  }

  #endMember(): void {
    if (!this.#isWanted()) return;
    if (this.#name === "status") this.#found[this.#inData ? "data" : "top"] = this.#text;
    if (this.#name === "data" && !this.#inData) this.#found.data = null;
    this.#name = null;
    this.#text = null;
  }

  #isWanted(): boolean {
    return (this.#depth === 1 && this.#isObject) || (this.#depth === 2 && this.#inData);
  }
}

function spelt(bytes: readonly number[]): string | null {
  try {
    const text: unknown = JSON.parse(`"${new TextDecoder().decode(new Uint8Array(bytes))}"`);
    return typeof text === "string" ? text : null;
  } catch {
    return null;
  }
}
