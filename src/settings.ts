// The only reader of vars and secrets. Parsed once per isolate into a typed value; every bad one is named in one
// message, without its content: some of them are secrets.

import { isObject } from "./json.ts";
import { log } from "./observability/log.ts";

export type Jwk = JsonWebKey & {
  kid?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  x?: string;
  d?: string;
};

/** Where an issuer's public keys come from: fetched and cached, or written into the settings. */
export type KeySource = { kind: "url"; url: string } | { kind: "inline"; keys: readonly Jwk[] };

export type Issuer = {
  issuer: string;
  audience: string;
  /** Asymmetric JWS algorithms only. */
  algorithms: readonly string[];
  keys: KeySource;
};

export type Settings = {
  /** Origin without a trailing slash; null in development, where the request's own loopback origin stands in. */
  publicUrl: string | null;
  issuers: readonly Issuer[];
  requiredScope: string;
  upstreamUrl: string | null;
  upstreamAuth: "gateway" | "caller";
  upstreamToken: string | null;
  upstreamTimeoutMs: number;
  /** Ed25519 private keys; the first signs, all are published. */
  signingKeys: readonly Jwk[];
  rateLimit: number;
  rateLimitWindowMs: number;
  /** 0: reads are not counted. */
  readLimit: number;
  rateLimitResetFormat: "unix" | "date-time";
  rateLimitFlagDefault: boolean;
  maxBodyBytes: number;
  /** Requests that one isolate works on at a time. */
  maxInFlight: number;
  /** Between attempts: one more than these are made. */
  callbackRetryScheduleSeconds: readonly number[];
  callbackTimeoutMs: number;
  /** Between looks at a run that has not ended; the last one repeats. */
  runPollScheduleSeconds: readonly number[];
  allowPrivateCallbacks: boolean;
  ledgerRetentionDays: number;
};

/** Every bad setting, by name and with what it should be. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`bad settings: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

const known = new WeakMap<object, Settings | SettingsError>();

/** The settings of a Worker's environment, parsed once. Throws SettingsError. */
export function settingsOf(env: object): Settings {
  const settings = known.get(env) ?? tryParse(env);
  known.set(env, settings);
  if (settings instanceof SettingsError) throw settings;
  return settings;
}

/** The same for whoever must go on without them: null, and the log names every bad one. */
export function settingsOrNull(env: object): Settings | null {
  try {
    return settingsOf(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    log({ event: "settings.invalid", problems: error.problems });
    return null;
  }
}

function tryParse(env: object): Settings | SettingsError {
  try {
    return parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
}

const ASYMMETRIC = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  "Ed25519",
];
const MAX_LIMIT = 1_000_000;
const RETRY_SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const POLL_SCHEDULE = [2, 4, 8, 16, 32, 64, 128, 300];
const MAX_STEPS = 50;

/** Throws SettingsError. `vars` is the Worker's environment; bindings in it are left alone. */
export function parseSettings(vars: object): Settings {
  const read = new Reader(vars);
  const publicUrl = read.url("PUBLIC_URL");
  const secure = publicUrl?.startsWith("https:") ?? false;
  const settings: Settings = {
    publicUrl: publicUrl === null ? null : new URL(publicUrl).origin,
    issuers: read.json("JWT_ISSUERS", (value) => parseIssuers(value, secure)) ?? [],
    requiredScope: read.text("REQUIRED_SCOPE") ?? "external",
    upstreamUrl: read.url("UPSTREAM_URL")?.replace(/\/+$/, "") ?? null,
    upstreamAuth: read.oneOf("UPSTREAM_AUTH", ["gateway", "caller"], "gateway"),
    upstreamToken: read.text("UPSTREAM_TOKEN"),
    upstreamTimeoutMs: read.integer("UPSTREAM_TIMEOUT_MS", 10_000, 1, 120_000),
    signingKeys: read.json("SIGNING_KEYS", parseSigningKeys) ?? [],
    rateLimit: read.integer("RATE_LIMIT_DEFAULT", 200, 1, MAX_LIMIT),
    rateLimitWindowMs: read.integer("RATE_LIMIT_WINDOW_SECONDS", 300, 1, 86_400) * 1000,
    readLimit: read.integer("READ_LIMIT", 6000, 0, MAX_LIMIT),
    rateLimitResetFormat: read.oneOf("RATE_LIMIT_RESET_FORMAT", ["unix", "date-time"], "unix"),
    rateLimitFlagDefault: read.oneOf("RATE_LIMIT_FLAG_DEFAULT", ["on", "off"], "on") === "on",
    maxBodyBytes: read.integer("MAX_BODY_BYTES", 6_291_456, 1, 100_000_000),
    maxInFlight: read.integer("MAX_IN_FLIGHT", 1000, 1, MAX_LIMIT),
    callbackRetryScheduleSeconds: read.integers("CALLBACK_RETRY_SCHEDULE", RETRY_SCHEDULE, 0, 604_800),
    callbackTimeoutMs: read.integer("CALLBACK_TIMEOUT_MS", 15_000, 1, 60_000),
    // At least a second: a run that never ends is looked at for ever.
    runPollScheduleSeconds: read.integers("RUN_POLL_SCHEDULE", POLL_SCHEDULE, 1, 604_800),
    allowPrivateCallbacks: read.oneOf("ALLOW_PRIVATE_CALLBACKS", ["true", "false"], "false") === "true",
    ledgerRetentionDays: read.integer("LEDGER_RETENTION_DAYS", 30, 1, 3650),
  };
  if (settings.allowPrivateCallbacks && secure) {
    read.reject("ALLOW_PRIVATE_CALLBACKS", "must not be true while PUBLIC_URL is https");
  }
  if (read.problems.length > 0) throw new SettingsError(read.problems);
  return settings;
}

class Reader {
  readonly problems: string[] = [];
  readonly #vars: Record<string, unknown>;

  constructor(vars: object) {
    this.#vars = { ...vars };
  }

  reject(name: string, what: string): null {
    this.problems.push(`${name} ${what}`);
    return null;
  }

  text(name: string): string | null {
    const value = this.#vars[name];
    if (value === undefined || value === "") return null;
    return typeof value === "string" ? value : this.reject(name, "must be a string");
  }

  url(name: string): string | null {
    const text = this.text(name);
    if (text === null) return null;
    const url = URL.parse(text);
    const usable =
      url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
    return usable ? url.href : this.reject(name, "must be an http or https URL without credentials");
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const match = allowed.find((value) => value === text);
    if (match === undefined) this.reject(name, `must be one of ${allowed.join(", ")}`);
    return match ?? fallback;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const value = integerIn(text, min, max);
    if (value === null) this.reject(name, `must be a whole number from ${min} to ${max}`);
    return value ?? fallback;
  }

  integers(name: string, fallback: readonly number[], min: number, max: number): readonly number[] {
    const text = this.text(name);
    if (text === null) return fallback;
    const values = text.split(",").map((part) => integerIn(part.trim(), min, max));
    const usable = values.filter((value) => value !== null);
    if (usable.length === values.length && values.length <= MAX_STEPS) return usable;
    this.reject(name, `must be 1 to ${MAX_STEPS} whole numbers from ${min} to ${max}, separated by commas`);
    return fallback;
  }

  json<T>(name: string, parse: (value: unknown) => T): T | null {
    const text = this.text(name);
    if (text === null) return this.reject(name, "is required");
    try {
      return parse(JSON.parse(text));
    } catch (error) {
      return this.reject(name, error instanceof Fault ? error.message : "must be JSON");
    }
  }
}

function integerIn(text: string, min: number, max: number): number | null {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

/** What is wrong with the content of a JSON setting, in words that may be logged. */
class Fault extends Error {}

function parseIssuers(value: unknown, secure: boolean): Issuer[] {
  if (!Array.isArray(value) || value.length === 0) throw new Fault("must be a non-empty JSON array");
  const issuers = value.map((entry, index) => parseIssuer(entry, `entry ${index}`, secure));
  if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length)
    throw new Fault("names an issuer twice");
  return issuers;
}

function parseIssuer(entry: unknown, where: string, secure: boolean): Issuer {
  if (!isObject(entry)) throw new Fault(`${where} must be an object`);
  const { issuer, audience, algorithms, jwks_uri: uri, jwks } = entry;
  if (!isText(issuer) || !isText(audience)) throw new Fault(`${where} needs "issuer" and "audience"`);
  if (
    !Array.isArray(algorithms) ||
    algorithms.length === 0 ||
    !algorithms.every((name) => ASYMMETRIC.includes(name))
  ) {
    throw new Fault(`${where} needs "algorithms", each one of ${ASYMMETRIC.join(", ")}`);
  }
  if ((uri === undefined) === (jwks === undefined))
    throw new Fault(`${where} needs either "jwks_uri" or "jwks"`);
  const keys = uri === undefined ? parseInlineKeys(jwks, where) : parseKeyUrl(uri, where, secure);
  return { issuer, audience, algorithms, keys };
}

function parseKeyUrl(uri: unknown, where: string, secure: boolean): KeySource {
  const url = isText(uri) ? URL.parse(uri) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Fault(`${where} has a "jwks_uri" that is no URL`);
  if (secure && url.protocol !== "https:")
    throw new Fault(`${where} has a plain-http "jwks_uri" while PUBLIC_URL is https`);
  return { kind: "url", url: url.href };
}

function parseInlineKeys(jwks: unknown, where: string): KeySource {
  if (!isObject(jwks) || !Array.isArray(jwks["keys"]) || !jwks["keys"].every(isJwk)) {
    throw new Fault(`${where} has a "jwks" that is no JWK set`);
  }
  if (jwks["keys"].some((key) => "d" in key || "k" in key))
    throw new Fault(`${where} has a private key in "jwks"`);
  return { kind: "inline", keys: jwks["keys"] };
}

function parseSigningKeys(value: unknown): Jwk[] {
  const keys = isObject(value) ? value["keys"] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isSigningKey)) {
    throw new Fault('must be a JWK set of Ed25519 private keys, each with a "kid"');
  }
  // Whoever verifies would have two keys to choose from, and libraries refuse to.
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw new Fault("names a kid twice");
  return keys;
}

function isSigningKey(value: unknown): value is Jwk {
  return (
    isJwk(value) &&
    value.kty === "OKP" &&
    value.crv === "Ed25519" &&
    isText(value.kid) &&
    isKeyHalf(value.d) &&
    isKeyHalf(value.x)
  );
}

/** 32 bytes in base64url. Anything else would only be noticed by the first request that needs the key. */
function isKeyHalf(value: unknown): boolean {
  return isText(value) && /^[\w-]{43}$/.test(value);
}

function isJwk(value: unknown): value is Jwk {
  return isObject(value) && isText(value["kty"]);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
