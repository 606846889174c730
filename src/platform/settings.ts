// The only reader of vars and secrets. Parsed once per isolate into a typed value; every bad one is named in one
// message, without its content: some of them are secrets.

import { isIpAddress } from "./ip-address.ts";
import type { Jwk } from "./jwk.ts";
import { log } from "./observability/log.ts";
import { buildDestinationRules, checkDestination } from "./outbound/destination.ts";
import {
  accessIssuer,
  type Issuer,
  isLoopback,
  parseIssuers,
  parseSigningKeys,
  type Site,
} from "./settings-keys.ts";
import { Reader } from "./settings-reader.ts";

export type { Jwk } from "./jwk.ts";
export type { Issuer } from "./settings-keys.ts";

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
  /** Between polls of a run that has not ended; the last one repeats. */
  runPollScheduleSeconds: readonly number[];
  allowPrivateCallbacks: boolean;
  /** How long ended runs are kept, and how long charges. */
  runRetentionDays: number;
  chargeRetentionDays: number;
  /** How long the audit trail is kept. */
  auditRetentionDays: number;
  /** Bearer tokens with which the upstream proves that a completion is its own; two during a rotation. */
  completionTokens: readonly string[];
  /** Cloudflare Access in front of the console; null: it is not. */
  access: Issuer | null;
  /** Of tokens that open the console; null: none does. */
  operatorScope: string | null;
  /** Where operators are told of what breaks; null: nowhere. */
  operatorWebhookUrl: string | null;
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
  "RUN_RETENTION_DAYS",
  "CHARGE_RETENTION_DAYS",
  "AUDIT_RETENTION_DAYS",
  "COMPLETION_TOKEN",
  "ACCESS_TEAM_DOMAIN",
  "ACCESS_AUD",
  "OPERATOR_SCOPE",
  "OPERATOR_WEBHOOK_URL",
] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

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
export function readSettings(env: object): Settings {
  const settings = known.get(env) ?? tryParse(env);
  known.set(env, settings);
  if (settings instanceof SettingsError) throw settings;
  return settings;
}

/** The same for code that must go on without them: null, and the log names every bad one. */
export function settingsOrNull(env: object): Settings | null {
  try {
    return readSettings(env);
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
const DAY_SECONDS = 86_400;
/** For so long an upstream may answer an idempotency id with its earlier run, which must still be known then. */
const MIN_RUN_RETENTION_DAYS = 7;

const RUN_RETENTION_DAYS = 30;
const CHARGE_RETENTION_DAYS = 400;

/** Throws SettingsError. `vars` is the Worker's environment; bindings in it are left alone. */
export function parseSettings(vars: object): Settings {
  const read = new Reader(vars);
  const publicUrl = read.origin("PUBLIC_URL");
  const secure = publicUrl?.startsWith("https:") ?? false;
  const site = { isSecure: secure, isPublic: secure && !isLoopback(publicUrl ?? "") };
  const settings: Settings = {
    publicUrl,
    issuers: read.json("JWT_ISSUERS", (value) => parseIssuers(value, site)) ?? [],
    requiredScope: read.scope("REQUIRED_SCOPE") ?? "external",
    upstreamUrl: read.baseUrl("UPSTREAM_URL"),
    upstreamAuth: read.oneOf("UPSTREAM_AUTH", ["gateway", "caller"], "gateway"),
    upstreamToken: read.bearer("UPSTREAM_TOKEN"),
    upstreamTimeoutMs: read.integer("UPSTREAM_TIMEOUT_MS", 10_000, 1, 120_000),
    signingKeys: read.json("SIGNING_KEYS", parseSigningKeys) ?? [],
    rateLimit: read.integer("RATE_LIMIT_DEFAULT", 200, 1, MAX_LIMIT),
    rateLimitWindowMs: read.integer("RATE_LIMIT_WINDOW_SECONDS", 300, 1, 86_400) * 1000,
    readLimit: read.integer("READ_LIMIT", 6000, 0, MAX_LIMIT),
    rateLimitResetFormat: read.oneOf("RATE_LIMIT_RESET_FORMAT", ["unix", "date-time"], "unix"),
    rateLimitFlagDefault: read.oneOf("RATE_LIMIT_FLAG_DEFAULT", ["on", "off"], "on") === "on",
    maxBodyBytes: read.integer("MAX_BODY_BYTES", 6_291_456, 1, 100_000_000),
    maxInFlight: read.integer("MAX_IN_FLIGHT", 1000, 1, MAX_LIMIT),
    callbackTimeoutMs: read.integer("CALLBACK_TIMEOUT_MS", 15_000, 1, 60_000),
    allowPrivateCallbacks: read.oneOf("ALLOW_PRIVATE_CALLBACKS", ["true", "false"], "false") === "true",
    ...readGateSettings(read),
    auditRetentionDays: read.integer("AUDIT_RETENTION_DAYS", 400, 1, 3650),
    completionTokens: read.tokens("COMPLETION_TOKEN", 2),
    access: read.together("ACCESS_TEAM_DOMAIN", "ACCESS_AUD", accessIssuer),
    operatorScope: read.scope("OPERATOR_SCOPE") ?? (secure ? null : "operator"),
    operatorWebhookUrl: read.text("OPERATOR_WEBHOOK_URL"),
  };
  if (settings.allowPrivateCallbacks && secure) {
    read.reject("ALLOW_PRIVATE_CALLBACKS", "must not be true while PUBLIC_URL is https");
  }
  requireRetention(read, settings);
  requireUpstreamElsewhere(read, settings, site);
  requireWebhook(read, settings);
  const { issuers } = settings;
  const hasOperators = issuers.length === 0 || issuers.some((issuer) => issuer.hasOperators);
  if (read.text("OPERATOR_SCOPE") !== null && !hasOperators)
    read.reject("OPERATOR_SCOPE", 'needs an entry of JWT_ISSUERS with "operators": true');
  if (settings.operatorScope === settings.requiredScope) {
    read.reject("OPERATOR_SCOPE", "must not be REQUIRED_SCOPE: every caller would be an operator");
  }
  if (read.problems.length > 0) throw new SettingsError(read.problems);
  return settings;
}

export type GateSettings = Pick<
  Settings,
  "callbackRetryScheduleSeconds" | "runPollScheduleSeconds" | "runRetentionDays" | "chargeRetentionDays"
>;

/** What a gate goes by. Never throws: a bad one has its default here, and stops the Worker elsewhere. */
export function parseGateSettings(env: object): GateSettings {
  return readGateSettings(new Reader(env));
}

/** For an object that has nothing to tell operators otherwise. Never throws. */
export function hasOperatorWebhook(env: object): boolean {
  return new Reader(env).text("OPERATOR_WEBHOOK_URL") !== null;
}

function readGateSettings(read: Reader): GateSettings {
  return {
    callbackRetryScheduleSeconds: read.integers("CALLBACK_RETRY_SCHEDULE", RETRY_SCHEDULE, 0, 604_800),
    // At least a second: a run that never ends is polled for ever.
    runPollScheduleSeconds: read.integers("RUN_POLL_SCHEDULE", POLL_SCHEDULE, 1, 604_800),
    runRetentionDays: read.integer("RUN_RETENTION_DAYS", RUN_RETENTION_DAYS, 1, 400),
    chargeRetentionDays: read.integer("CHARGE_RETENTION_DAYS", CHARGE_RETENTION_DAYS, 1, 3650),
  };
}

function requireUpstreamElsewhere(
  read: Reader,
  { publicUrl, upstreamUrl }: Pick<Settings, "publicUrl" | "upstreamUrl">,
  { isSecure, isPublic }: Site,
): void {
  if (publicUrl === null || upstreamUrl === null) return;
  if (isSecure && upstreamUrl.startsWith("http:"))
    read.reject("UPSTREAM_URL", "must be https while PUBLIC_URL is https");
  if (isPublic && isLoopback(upstreamUrl))
    read.reject("UPSTREAM_URL", "must not be on localhost while PUBLIC_URL is elsewhere");
  else if (isPublic && isIpAddress(new URL(upstreamUrl).hostname))
    read.reject("UPSTREAM_URL", "must name a host, not an IP address, while PUBLIC_URL is https");
  // In development two programs of one machine differ in their ports; at the edge each port is the gateway's.
  const parseHost = (url: string) => new URL(url)[isPublic ? "hostname" : "host"].replace(/\.$/, "");
  if (parseHost(publicUrl) === parseHost(upstreamUrl))
    read.reject("UPSTREAM_URL", "must not be on the host of PUBLIC_URL: the gateway would call itself");
}

// As each attempt judges it again: what would be refused there would never arrive.
function requireWebhook(read: Reader, settings: Settings): void {
  const { operatorWebhookUrl: url } = settings;
  const destination = url === null ? null : checkDestination(url, buildDestinationRules(settings));
  if (destination?.kind === "refused") read.reject("OPERATOR_WEBHOOK_URL", destination.detail);
}

// A dead letter must outlive the attempts that made it, and an ended run the answer that names it. Each attempt may be
// deferred to twice its planned time by the receiver.
function requireRetention(
  read: Reader,
  {
    runRetentionDays,
    callbackRetryScheduleSeconds,
  }: Pick<Settings, "runRetentionDays" | "callbackRetryScheduleSeconds">,
): void {
  if (runRetentionDays < MIN_RUN_RETENTION_DAYS)
    read.reject(
      "RUN_RETENTION_DAYS",
      "must be at least 7: an upstream may know an idempotency id for 7 days",
    );
  const seconds = callbackRetryScheduleSeconds.reduce((sum, step) => sum + step, 0);
  if (2 * seconds > runRetentionDays * DAY_SECONDS)
    read.reject(
      "RUN_RETENTION_DAYS",
      "must be at least twice as long as CALLBACK_RETRY_SCHEDULE takes in all",
    );
}
