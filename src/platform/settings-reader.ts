// Reads settings one by one, and notes what is wrong with each by name, without its content: some of them are secrets.

import { isFetchable } from "./fetchable.ts";
import type { SettingName } from "./settings.ts";
import { Fault } from "./settings-keys.ts";

const MAX_STEPS = 50;
const MIN_TOKEN_LENGTH = 16;
/** A bearer token, without the word: RFC 6750, section 2.1. Anything else can be in no request. */
const BEARER = /^[\w.~+/-]+=*$/;
const OF_A_BEARER = "letters, digits and -._~+/, then = maybe";

export class Reader {
  readonly problems: string[] = [];
  readonly #vars: Record<string, unknown>;

  constructor(vars: object) {
    this.#vars = { ...vars };
  }

  reject(name: SettingName, what: string): null {
    this.problems.push(`${name} ${what}`);
    return null;
  }

  text(name: SettingName): string | null {
    const value = this.#vars[name];
    if (value === undefined || value === "") return null;
    return typeof value === "string" ? value : this.reject(name, "must be a string");
  }

  url(name: SettingName): string | null {
    const text = this.text(name);
    if (text === null) return null;
    const url = URL.parse(text);
    const usable =
      url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
    if (!usable) return this.reject(name, "must be an http or https URL without credentials");
    return isFetchable(url)
      ? url.href
      : this.reject(name, "must have a host that can be fetched, and no port 0");
  }

  /** Without a slash at its end. A path would be dropped in silence: the gateway's own begin at the root. */
  origin(name: SettingName): string | null {
    const url = this.url(name);
    if (url === null) return null;
    const { origin } = new URL(url);
    return url === `${origin}/` ? origin : this.reject(name, "must have no path, no query and no fragment");
  }

  /** One that paths are put behind, without a slash at its end. */
  baseUrl(name: SettingName): string | null {
    const url = this.url(name);
    if (url !== null && /[?#]/.test(url)) return this.reject(name, "must have no query and no fragment");
    return url?.replace(/\/+$/, "") ?? null;
  }

  /** A token's scopes are split at blanks, so that none of them has one. */
  scope(name: SettingName): string | null {
    const text = this.text(name);
    return text !== null && /\s/.test(text) ? this.reject(name, "must be one scope, without blanks") : text;
  }

  bearer(name: SettingName): string | null {
    const text = this.text(name);
    if (text === null || BEARER.test(text)) return text;
    return this.reject(name, `must be a bearer token: ${OF_A_BEARER}`);
  }

  /** Up to `max` bearer tokens, separated by blanks. */
  tokens(name: SettingName, max: number): readonly string[] {
    const tokens = this.text(name)?.trim().split(/\s+/) ?? [];
    const isFit = (token: string) => token.length >= MIN_TOKEN_LENGTH && BEARER.test(token);
    if (tokens.length <= max && tokens.every(isFit)) return tokens;
    this.reject(
      name,
      `must be 1 to ${max} bearer tokens of at least ${MIN_TOKEN_LENGTH} characters (${OF_A_BEARER}), separated by blanks`,
    );
    return [];
  }

  /** Two that mean nothing without each other. */
  together<T>(first: SettingName, second: SettingName, parse: (a: string, b: string) => T): T | null {
    const [a, b] = [this.text(first), this.text(second)];
    if (a === null && b === null) return null;
    if (a === null || b === null)
      return this.reject(a === null ? first : second, `is required with ${a === null ? second : first}`);
    if (b !== b.trim()) return this.reject(second, "must have no white space around it");
    return this.#parsed(first, () => parse(a, b));
  }

  oneOf<T extends string>(name: SettingName, allowed: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const match = allowed.find((value) => value === text);
    if (match === undefined) this.reject(name, `must be one of ${allowed.join(", ")}`);
    return match ?? fallback;
  }

  integer(name: SettingName, fallback: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const value = integerIn(text, min, max);
    if (value === null) this.reject(name, `must be a whole number from ${min} to ${max}`);
    return value ?? fallback;
  }

  integers(name: SettingName, fallback: readonly number[], min: number, max: number): readonly number[] {
    const text = this.text(name);
    if (text === null) return fallback;
    const values = text.split(",").map((part) => integerIn(part.trim(), min, max));
    const usable = values.filter((value) => value !== null);
    if (usable.length === values.length && values.length <= MAX_STEPS) return usable;
    this.reject(name, `must be 1 to ${MAX_STEPS} whole numbers from ${min} to ${max}, separated by commas`);
    return fallback;
  }

  json<T>(name: SettingName, parse: (value: unknown) => T): T | null {
    const text = this.text(name);
    if (text === null) return this.reject(name, "is required");
    return this.#parsed(name, () => parse(JSON.parse(text)));
  }

  #parsed<T>(name: SettingName, parse: () => T): T | null {
    try {
      return parse();
    } catch (error) {
      return this.reject(name, error instanceof Fault ? error.message : "must be JSON");
    }
  }
}

function integerIn(text: string, min: number, max: number): number | null {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
