// The command line of the questions to an upstream, checked whole before anything is asked.
import { parseArgs } from "node:util";
import { listener, missing, number, oneOff, origin, refusals, sandboxAction, UsageError } from "./options.ts";
import { UPSTREAM_SECTIONS } from "./upstream-clauses/clause.ts";

const text = { type: "string" } as const;
const several = { type: "string", multiple: true } as const;
const flag = { type: "boolean" } as const;

const OPTIONS = {
  url: text,
  token: text,
  "other-token": text,
  "upstream-token": text,
  "signing-keys": text,
  issuer: text,
  "users-issuer": text,
  user: text,
  "other-user": text,
  action: text,
  "slow-action": text,
  "failing-action": text,
  "one-off-data": text,
  refusing: several,
  "sandbox-actions": flag,
  receive: text,
  "receiver-url": text,
  "completion-token": text,
  "timeout-ms": text,
  "max-body": text,
  patience: text,
  only: several,
  json: flag,
};

export type UpstreamOptions = ReturnType<typeof parseUpstreamOptions>;

export const UPSTREAM_USAGE = `usage: npm run conformance:upstream -- --url http://… --receive 8799 --completion-token …
       npm run conformance:upstream -- --url https://… --token …
The options are in docs/conformance.md.`;

const SANDBOX_ACTIONS = {
  "slow-action": sandboxAction("0003"),
  "failing-action": sandboxAction("0004"),
  "one-off-data": '{"action_key":"echo","inputs":{"message":"once"}}',
};
const SANDBOX_REFUSALS = [402, 403, 429].map((status) => `${status}=${sandboxAction(`0${status}`)}`);

export function parseUpstreamOptions(args: string[]) {
  const values = read(args);
  const isLikeSandbox = values["sandbox-actions"] === true;
  const given = { ...(isLikeSandbox ? SANDBOX_ACTIONS : {}), ...values };
  const { receive, "one-off-data": oneOffData, "signing-keys": signingKeysFile, only = [] } = given;
  const url = origin(given.url ?? missing("--url"));
  if (given.token === undefined && signingKeysFile === undefined && receive === undefined)
    missing("--token, --signing-keys or --receive");
  if (signingKeysFile !== undefined && given.issuer === undefined) missing("--issuer");
  return {
    url,
    given,
    signingKeysFile: signingKeysFile ?? null,
    action: given.action ?? sandboxAction("0001"),
    refusing: refusals([...(isLikeSandbox ? SANDBOX_REFUSALS : []), ...(given.refusing ?? [])]),
    oneOffData: oneOffData === undefined ? null : oneOff(oneOffData),
    receive: receive === undefined ? null : listener(receive),
    timeoutMs: number("timeout-ms", given["timeout-ms"], 10_000),
    maxBodyBytes: number("max-body", given["max-body"], 6_291_456),
    patienceMs: 1000 * number("patience", given.patience, 30),
    only: only.map(knownSection),
    json: given.json === true,
  };
}

function read(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function knownSection(name: string): string {
  if (Object.hasOwn(UPSTREAM_SECTIONS, name)) return name;
  throw new UsageError(`--only ${name}: the sections are ${Object.keys(UPSTREAM_SECTIONS).join(", ")}`);
}
