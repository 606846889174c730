// The only reader of vars and secrets. Parsed once per isolate into a typed value; every bad one is named in one
// message, without its content: some of them are secrets.

import { log } from "./observability/log.ts";
import {
  accessIssuer,
  Fault,
  type Issuer,
  type Jwk,
  parseIssuers,
  parseSigningKeys,
} from "./settings-keys.ts";

export type { Issuer, Jwk } from "./settings-keys.ts";

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
  /** Cloudflare Access in front of the console; null: it is not. */
  access: Issuer | null;
  /** Of tokens that open the console; null: none does. */
  operatorScope: string | null;
};

/** Every name that is read. Any other name in a Worker's environment is a binding's. */
export const SETTING_NAMES = [
  "PUBLIC_URL",
  "JWT_ISSUERS",
  "SIGNING_KEYS",
  "REQUIRED_SCOPE",
  "UPSTREAM_URL",
  "UPSTREAM_AUTH",
  "UPSTREAM_TOKEN",
  "UPSTREAM_TIMEOUT_MS",
  "RATE_LIMIT_DEFAULT",
  "RATE_LIMIT_WINDOW_SECONDS",
  "READ_LIMIT",
  "RATE_LIMIT_RESET_FORMAT",
  "RATE_LIMIT_FLAG_DEFAULT",
  "MAX_BODY_BYTES",
  "MAX_IN_FLIGHT",
  "CALLBACK_RETRY_SCHEDULE",
  "CALLBACK_TIMEOUT_MS",
  "RUN_POLL_SCHEDULE",
  "ALLOW_PRIVATE_CALLBACKS",
  "LEDGER_RETENTION_DAYS",
  "ACCESS_TEAM_DOMAIN",
  "ACCESS_AUD",
  "OPERATOR_SCOPE",
] as const;
type SettingName = (typeof SETTING_NAMES)[number];

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

const MAX_LIMIT = 1_000_000;
/** `CALLBACK_RETRY_SCHEDULE` where it is not set: seconds between attempts. */
export const RETRY_SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
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
    requiredScope: read.scope("REQUIRED_SCOPE") ?? "external",
    upstreamUrl: read.baseUrl("UPSTREAM_URL"),
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
    access: read.together("ACCESS_TEAM_DOMAIN", "ACCESS_AUD", accessIssuer),
    operatorScope: read.scope("OPERATOR_SCOPE") ?? (secure ? null : "operator"),
  };
  if (settings.allowPrivateCallbacks && secure) {
    read.reject("ALLOW_PRIVATE_CALLBACKS", "must not be true while PUBLIC_URL is https");
  }
  if (settings.operatorScope === settings.requiredScope) {
    read.reject("OPERATOR_SCOPE", "must not be REQUIRED_SCOPE: every caller would be an operator");
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
    return usable ? url.href : this.reject(name, "must be an http or https URL without credentials");
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

  /** Two that mean nothing without each other. */
  together<T>(first: SettingName, second: SettingName, parse: (a: string, b: string) => T): T | null {
    const [a, b] = [this.text(first), this.text(second)];
    if (a === null && b === null) return null;
    if (a === null || b === null)
      return this.reject(a === null ? first : second, `is required with ${a === null ? second : first}`);
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
