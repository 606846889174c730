// The command line, checked whole before anything is asked.
import { parseArgs } from "node:util";
import { SECTIONS } from "./clause.ts";
import type { TokenOption } from "./world.ts";

export type Options = {
  /** Origin, without a trailing slash. */
  url: string;
  tokens: Partial<Record<TokenOption, string>>;
  action: string;
  slowAction: string | null;
  failingAction: string | null;
  flakyAction: string | null;
  refusing: Partial<Record<number, string>>;
  oneOffData: object | null;
  receive: { host: string; port: number } | null;
  receiverUrl: string | null;
  windowSeconds: number;
  defaultLimit: number;
  readLimit: number;
  maxBodyBytes: number;
  maxTasks: number;
  maxWaitSeconds: number;
  writes: boolean;
  sandbox: boolean;
  json: boolean;
  only: string[];
};

export class UsageError extends Error {}

export const USAGE = `usage: npm run conformance -- --url https://… --token …
       npm run conformance -- --sandbox [--url http://127.0.0.1:8787]
The options are in docs/conformance.md.`;

const TOKENS = [
  "token",
  "other-token",
  "token-low-limit",
  "billable-token",
  "exempt-token",
  "expired-token",
  "no-scope-token",
  "bad-billing-token",
  "bad-rate-limit-token",
] as const satisfies readonly TokenOption[];

const SANDBOX_URL = "http://127.0.0.1:8787";
const ECHO = sandboxAction("0001");
const SANDBOX_REFUSALS = [402, 403, 404, 429, 500, 503];
/** A page of charges has 100, and its next one needs one more. */
const SANDBOX_MAX_TASKS = 120;

const text = { type: "string" } as const;
const TEXTS = {
  url: text,
  token: text,
  "other-token": text,
  "token-low-limit": text,
  "billable-token": text,
  "exempt-token": text,
  "expired-token": text,
  "no-scope-token": text,
  "bad-billing-token": text,
  "bad-rate-limit-token": text,
  action: text,
  "slow-action": text,
  "failing-action": text,
  "flaky-action": text,
  "one-off-data": text,
  receive: text,
  "receiver-url": text,
  window: text,
  "default-limit": text,
  "read-limit": text,
  "max-body": text,
  "max-tasks": text,
  "max-wait": text,
};

type Given = Partial<Record<keyof typeof TEXTS, string>>;

export function parseOptions(args: string[]): Options {
  const { values } = read(args);
  const { refusing = [], only = [], sandbox = false, json = false, writes = false, ...given } = values;
  const named = (value: string | undefined, end: string) => value ?? (sandbox ? sandboxAction(end) : null);
  return {
    url: origin(given.url ?? (sandbox ? SANDBOX_URL : missing("--url"))),
    tokens: parseTokens(given, sandbox),
    action: given.action ?? ECHO,
    slowAction: named(given["slow-action"], "0003"),
    failingAction: named(given["failing-action"], "0004"),
    flakyAction: named(given["flaky-action"], "0007"),
    refusing: { ...(sandbox ? sandboxRefusals() : {}), ...refusals(refusing) },
    oneOffData: oneOff(given["one-off-data"], sandbox),
    receive: listener(given.receive, sandbox),
    receiverUrl: given["receiver-url"] ?? null,
    windowSeconds: number("window", given.window, 300),
    defaultLimit: number("default-limit", given["default-limit"], 200),
    readLimit: number("read-limit", given["read-limit"], 6000),
    maxBodyBytes: number("max-body", given["max-body"], 6_291_456),
    maxTasks: number("max-tasks", given["max-tasks"], sandbox ? SANDBOX_MAX_TASKS : 2),
    maxWaitSeconds: number("max-wait", given["max-wait"], 330),
    writes: writes || sandbox,
    sandbox,
    json,
    only: only.map(knownSection),
  };
}

function read(args: string[]) {
  const several = { type: "string", multiple: true } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      options: { ...TEXTS, refusing: several, only: several, sandbox: flag, json: flag, writes: flag },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parseTokens(given: Given, sandbox: boolean): Options["tokens"] {
  if (given.token === undefined && !sandbox) missing("--token");
  return Object.fromEntries(
    TOKENS.flatMap((name) => {
      const token = given[name];
      return token === undefined ? [] : [[name, token]];
    }),
  );
}

function origin(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`--url ${url} is no http URL`);
  return url.replace(/\/+$/, "");
}

function sandboxAction(end: string): string {
  return `00000000-0000-4000-8000-00000000${end}`;
}

function sandboxRefusals(): Record<number, string> {
  return Object.fromEntries(SANDBOX_REFUSALS.map((status) => [status, sandboxAction(`0${status}`)]));
}

function refusals(given: readonly string[]): Record<number, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const [, status, id] = /^(\d{3})=(\S+)$/.exec(pair) ?? [];
      if (status === undefined || id === undefined)
        throw new UsageError(`--refusing ${pair} is not STATUS=ID`);
      return [Number(status), id];
    }),
  );
}

function oneOff(given: string | undefined, sandbox: boolean): object | null {
  if (given === undefined) return sandbox ? { action_key: "echo", inputs: { message: "once" } } : null;
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new UsageError("--one-off-data is no JSON", { cause: error });
  }
  throw new UsageError("--one-off-data is no JSON object");
}

function listener(given: string | undefined, sandbox: boolean): Options["receive"] {
  if (given === undefined) return sandbox ? { host: "127.0.0.1", port: 0 } : null;
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(given) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new UsageError(`--receive ${given} is no [HOST:]PORT`);
  return { host: host ?? "127.0.0.1", port: Number(port) };
}

function number(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(given)) throw new UsageError(`--${name} takes a whole number, and ${given} is none`);
  return Number(given);
}

function knownSection(name: string): string {
  if (Object.hasOwn(SECTIONS, name)) return name;
  throw new UsageError(`--only ${name}: the sections are ${Object.keys(SECTIONS).join(", ")}`);
}

function missing(option: string): never {
  throw new UsageError(`${option} is required`);
}
