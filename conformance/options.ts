// The command line, checked whole before anything is asked.
import { parseArgs } from "node:util";
import { isHttpUrl } from "../scripts/http-url.ts";
import { SECTIONS } from "./clause.ts";

export const TOKENS = [
  "token",
  "other-token",
  "token-low-limit",
  "billable-token",
  "exempt-token",
  "expired-token",
  "no-scope-token",
  "bad-billing-token",
  "bad-rate-limit-token",
] as const;

const text = { type: "string" } as const;
const TEXTS = {
  url: text,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of those names
  ...(Object.fromEntries(TOKENS.map((name) => [name, text])) as Record<TokenOption, typeof text>),
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

export type TokenOption = (typeof TOKENS)[number];
type Given = Partial<Record<keyof typeof TEXTS, string>>;

/** `given` has the options that are texts, with the sandbox's own where none were given. */
export type Options = ReturnType<typeof parseOptions>;

export class UsageError extends Error {}

export const USAGE = `usage: npm run conformance -- --url https://… --token …
       npm run conformance -- --sandbox [--url http://127.0.0.1:8787]
The options are in docs/conformance.md.`;

const OF_THE_SANDBOX: Given = {
  url: "http://127.0.0.1:8787",
  "slow-action": sandboxAction("0003"),
  "failing-action": sandboxAction("0004"),
  "flaky-action": sandboxAction("0007"),
  "one-off-data": '{"action_key":"echo","inputs":{"message":"once"}}',
  receive: "0",
  // A page of charges has 100, and its next one needs one more.
  "max-tasks": "120",
};
const SANDBOX_REFUSALS = [402, 403, 404, 429, 500, 503].map(
  (status) => `${status}=${sandboxAction(`0${status}`)}`,
);

export function parseOptions(args: string[]) {
  const { refusing = [], only = [], sandbox = false, json = false, writes = false, ...texts } = read(args);
  const given: Given = { ...(sandbox ? OF_THE_SANDBOX : {}), ...texts };
  const url = origin(given.url ?? missing("--url"));
  if (given.token === undefined && !sandbox) missing("--token");
  const { receive, "one-off-data": oneOffData } = given;
  return {
    url,
    given,
    action: given.action ?? sandboxAction("0001"),
    refusing: refusals([...(sandbox ? SANDBOX_REFUSALS : []), ...refusing]),
    oneOffData: oneOffData === undefined ? null : oneOff(oneOffData),
    receive: receive === undefined ? null : listener(receive),
    windowSeconds: number("window", given.window, 300),
    defaultLimit: number("default-limit", given["default-limit"], 200),
    readLimit: number("read-limit", given["read-limit"], 6000),
    maxBodyBytes: number("max-body", given["max-body"], 6_291_456),
    maxTasks: number("max-tasks", given["max-tasks"], 2),
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
  const flags = { refusing: several, only: several, sandbox: flag, json: flag, writes: flag };
  try {
    return parseArgs({ args, options: { ...TEXTS, ...flags } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Without a trailing slash. */
export function origin(url: string): string {
  if (!isHttpUrl(url)) throw new UsageError(`--url ${url} is no http URL`);
  return url.replace(/\/+$/, "");
}

export function sandboxAction(end: string): string {
  return `00000000-0000-4000-8000-00000000${end}`;
}

export function refusals(given: readonly string[]): Partial<Record<number, string>> {
  return Object.fromEntries(
    given.map((pair) => {
      const [, status, id] = /^(\d{3})=(\S+)$/.exec(pair) ?? [];
      if (status === undefined || id === undefined)
        throw new UsageError(`--refusing ${pair} is not STATUS=ID`);
      return [Number(status), id];
    }),
  );
}

export function oneOff(given: string): object {
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new UsageError("--one-off-data is no JSON", { cause: error });
  }
  throw new UsageError("--one-off-data is no JSON object");
}

export function listener(given: string): { host: string; port: number } {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(given) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new UsageError(`--receive ${given} is no [HOST:]PORT`);
  return { host: host ?? "127.0.0.1", port: Number(port) };
}

export function number(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(given)) throw new UsageError(`--${name} takes a whole number, and ${given} is none`);
  return Number(given);
}

function knownSection(name: string): string {
  if (Object.hasOwn(SECTIONS, name)) return name;
  throw new UsageError(`--only ${name}: the sections are ${Object.keys(SECTIONS).join(", ")}`);
}

export function missing(option: string): never {
  throw new UsageError(`${option} is required`);
}
