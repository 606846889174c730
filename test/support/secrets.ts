// What must never be in a log: whatever it is that a test comes by, it is remembered here, and each line that any code
// logs is searched for all of it. Texts are found by their beginnings, so that a thousand secrets cost no more than one.

/** Shorter ones are found in honest lines, too. */
const MIN_LENGTH = 16;
/** The beginning of a body gives it away as well as the whole. */
const MAX_LENGTH = 1_000;
/** Bodies beyond these are meant to be a burden, and are none here. */
const MAX_PARSED = 100_000;
const MAX_DEPTH = 5;
/** Parameters of the console whose values a log line may name: they are what its fields `user` and `run_id` are for. */
const LOGGED = ["user", "run_id"];
/** Beginnings are first looked up by a hash of four characters: of a log's millions of places hardly one is the beginning of a secret. */
const HASHES = 2 ** 20;
/** An id names something and opens nothing: lines are about runs, and say which. */
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class Secrets {
  readonly #byBeginning = new Map<string, Set<string>>();
  readonly #known = new Uint8Array(HASHES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(text: string): void {
    if (text.length < MIN_LENGTH || ID.test(text)) return;
    const secret = text.slice(0, MAX_LENGTH);
    const beginning = secret.slice(0, MIN_LENGTH);
    const alike = this.#byBeginning.get(beginning) ?? new Set<string>();
    if (!alike.has(secret)) this.#count += 1;
    this.#byBeginning.set(beginning, alike.add(secret));
    this.#known[hashAt(secret, 0)] = 1;
  }

  /** A token's payload and signature; the header is the same in all of them. */
  addToken(token: string): void {
    for (const part of token.split(".").slice(1)) this.add(part);
  }

  /** What stands in a URL's query, as it is written and as it is meant. */
  addQuery(url: string): void {
    const { search, searchParams } = new URL(url);
    const values = [...searchParams].filter(([name]) => !LOGGED.includes(name)).map(([, value]) => value);
    for (const part of [search.slice(1), ...values]) this.add(part);
  }

  /** A JSON text, the strings that it starts a run with, and where its result is to be sent. */
  addBody(text: string): void {
    this.add(text);
    const { inputs, callback_url: url } = parseData(text);
    if (typeof url === "string") this.add(url);
    if (typeof url === "string" && URL.canParse(url)) this.addQuery(url);
    for (const value of stringsIn(inputs)) this.add(value);
  }

  /** The private members of a JWK. */
  addKey(jwk: object): void {
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "k"]) {
      const part: unknown = Reflect.get(jwk, name);
      if (typeof part === "string") this.add(part);
    }
  }

  /** The first secret in a line of a log, as it is or in a string of JSON; null when there is none. */
  findIn(line: string): string | null {
    const unescaped = line.includes("\\") ? line.replaceAll(/\\(["\\/])/g, "$1") : "";
    return this.#find(line) ?? this.#find(unescaped) ?? credentialIn(line);
  }

  #find(text: string): string | null {
    for (let at = 0; at + MIN_LENGTH <= text.length; at += 1) {
      if (this.#known[hashAt(text, at)] === 0) continue;
      const alike = this.#byBeginning.get(text.slice(at, at + MIN_LENGTH)) ?? [];
      for (const secret of alike) if (text.startsWith(secret, at)) return secret;
    }
    return null;
  }
}

function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let next = at; next < at + 4; next += 1) hash = Math.imul(hash, 31) + text.charCodeAt(next);
  return (Math.imul(hash, 0x9e_37_79_b1) >>> 0) % HASHES;
}

/** The gateway's own lines name routes and hosts, and never a URL or an Authorization header. */
function credentialIn(line: string): string | null {
  return line.includes('{"time":') ? (/https?:\/\/[^\s"]+|bearer [^\s"]+/i.exec(line)?.[0] ?? null) : null;
}

function parseData(text: string): Record<string, unknown> {
  try {
    const { data }: { data?: unknown } = text.length > MAX_PARSED ? {} : JSON.parse(text);
    return typeof data === "object" && data !== null ? { ...data } : {};
  } catch {
    return {};
  }
}

function stringsIn(value: unknown, depth = MAX_DEPTH): string[] {
  if (typeof value === "string") return [value];
  if (depth === 0 || typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((member) => stringsIn(member, depth - 1));
}
