// npm start [-- [--verbose] OPTIONS OF wrangler dev]: the gateway with the sandbox behind it, a receiver for callbacks
// beside it, and commands that work when pasted. Whatever follows the `--` goes to wrangler dev and wins over what is set
// here; --verbose shows everything as wrangler prints it. package.json starts it with `node --`: without that, Node itself
// takes an --env-file that stands behind the script's name.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createReceiver } from "../examples/node-jose/receiver.mjs";
import type { Settings } from "../src/platform/settings.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { DEV_ISSUER, writePrivate } from "./dev-keys.ts";
import { devToken } from "./dev-token.ts";
import { makeOperatorsTables } from "./operators-tables.ts";
import { formatBanner, LAST_LINE } from "./start/banner.ts";
import { readSettings, settingsFailure } from "./start/given-settings.ts";
import { findOption, parseStartOptions, toOrigin, USAGE } from "./start/options.ts";
import { requireFreePort } from "./start/port.ts";
import { parseReadiness, type Readiness, WaitReport } from "./start/readiness.ts";
import { writeSandboxConfig } from "./start/sandbox.ts";
import { untilUnread } from "./start/unread.ts";
import { Wrangler } from "./start/wrangler.ts";

type Outcome =
  | { kind: "ready" }
  | { kind: "misconfigured"; problems: readonly string[] }
  | { kind: "ended"; code: number };

const PROJECT = fileURLToPath(new URL("../", import.meta.url));
const TOKEN_SECONDS = 3600;
const READY_POLL_MS = 100;
/** The gateway checks its dependencies every five seconds only. */
const NOT_READY_POLL_MS = 500;
const ANSWER_WITHIN_MS = 15_000;
/** The log names the bad settings at about the time of the answer that there are some. */
const PROBLEMS_WITHIN_MS = 2_000;
const PARENT_POLL_MS = 500;
/** A reader that wanted only the first lines has gone after this time, and the next write finds that out. */
const READER_GONE_MS = 200;

const parent = process.ppid;
const { asksForHelp, isVerbose, forWrangler } = parseStartOptions(process.argv.slice(2));
if (asksForHelp) {
  console.log(USAGE);
  process.exit(0);
}
const host = findOption(forWrangler, "--ip") ?? "127.0.0.1";
const port = findOption(forWrangler, "--port") ?? "8787";
const persistTo = findOption(forWrangler, "--persist-to") ?? ".dev/state";
const origin = toOrigin(host, port);
const ownTraceId = randomBytes(16).toString("hex");
// Nothing leaves the machine: no usage figures, no look-up of where it stands, none of newer versions (which goes with
// wrangler's own banner).
const env = {
  ...process.env,
  ...COMPILE_CACHE,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

const unread = untilUnread([process.stdout, process.stderr]);
await requireFreePort(host, port);
const given = await readSettings(forWrangler, origin);
for (const warning of given.warnings) console.error(warning);
console.log("Starting the gateway. This takes some seconds.");
const settingsFile = await writePrivate("gateway.env", formatDotenv(given.development));
const sandboxConfig = await writeSandboxConfig(
  resolve(PROJECT, persistTo),
  given.settings.completionTokens[0] ?? null,
);
await makeOperatorsTables(persistTo, env);

const misconfigured = Promise.withResolvers<Outcome>();
const wrangler = new Wrangler({
  args: wranglerArguments(given.own, settingsFile),
  env,
  isVerbose,
  ownTraceId,
  onProblems: (problems) => misconfigured.resolve({ kind: "misconfigured", problems }),
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));
void unread.then(() => wrangler.kill("SIGTERM"));
stopWithNpm();

const callbackUrl = await receiveCallbacks(given.settings);
const outcome = await Promise.race([untilEnded(), misconfigured.promise, untilReady(given.settings)]);
if (outcome.kind === "misconfigured") {
  wrangler.kill("SIGTERM");
  await wrangler.ended;
  throw settingsFailure(outcome.problems);
}
if (outcome.kind === "ready") {
  wrangler.showLines();
  const token = await tokenFor(given.settings);
  console.log(formatBanner({ origin, settings: given.settings, token, callbackUrl }));
  await sleep(READER_GONE_MS);
  console.log(LAST_LINE);
}
process.exit(await wrangler.ended);

// A killed npm does not pass the signal on, and a gateway that outlived it would hold the port for ever.
function stopWithNpm(): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  setInterval(() => process.ppid !== parent && wrangler.kill("SIGTERM"), PARENT_POLL_MS).unref();
}

function wranglerArguments(own: Record<string, string>, developmentFile: URL): string[] {
  const defaults: [string, string][] = [
    ["--ip", host],
    ["--port", port],
    // Any free one: of two gateways that start at once, wrangler gives both 9229, and the second one fails.
    ["--inspector-port", "0"],
    ["--persist-to", persistTo],
    ["--env-file", fileURLToPath(developmentFile)],
    // Not in that file, which two gateways at once would share. Of two settings of one name the last one holds.
    ...Object.entries(own).map(([name, value]): [string, string] => ["--var", `${name}:${value}`]),
  ];
  const repeatable = ["--env-file", "--var"];
  const needed = defaults.filter(
    ([name]) => findOption(forWrangler, name) === null || repeatable.includes(name),
  );
  return [
    "dev",
    "--config=wrangler.toml",
    `--config=${sandboxConfig}`,
    "--show-interactive-dev-session=false",
    ...needed.flat(),
    ...forWrangler,
  ];
}

/** wrangler lets --var win over a dotenv file. */
function formatDotenv(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");
}

/** Where the example's receiver listens; it says so when a callback has come. */
async function receiveCallbacks({ publicUrl }: Settings): Promise<string> {
  const receiver = createReceiver({
    gatewayUrl: publicUrl ?? origin,
    // It prints that a callback has come and keeps nothing of it.
    isExpectedUser: () => true,
    onRun: (runId, run) =>
      console.log(`callback received and verified: run ${runId}, status ${parseStatus(run)}`),
  });
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  const address = receiver.address();
  if (address === null || typeof address === "string") throw new Error("the receiver listens on no port");
  return `http://127.0.0.1:${address.port}/`;
}

function parseStatus(run: unknown): string {
  return typeof run === "object" && run !== null && "status" in run ? String(run.status) : "unknown";
}

async function untilEnded(): Promise<Outcome> {
  return { kind: "ended", code: await wrangler.ended };
}

async function untilReady(settings: Settings): Promise<Outcome> {
  const report = new WaitReport(origin, settings, Date.now());
  for (;;) {
    const readiness = await askReadiness();
    if (readiness.kind === "ready") return readiness;
    if (readiness.kind === "misconfigured") {
      await sleep(PROBLEMS_WITHIN_MS);
      return { kind: "misconfigured", problems: [] };
    }
    const sentence = report.observe(readiness, Date.now());
    if (sentence !== null) {
      wrangler.showLines();
      console.log(sentence);
    }
    await sleep(readiness.kind === "silent" ? READY_POLL_MS : NOT_READY_POLL_MS);
  }
}

async function askReadiness(): Promise<Readiness> {
  try {
    const response = await fetch(`${origin}/readyz`, {
      headers: { traceparent: `00-${ownTraceId}-${randomBytes(8).toString("hex")}-00` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return parseReadiness(response.status, await response.text());
  } catch {
    return { kind: "silent" };
  }
}

/** Null when the gateway takes no tokens of the development issuer. */
async function tokenFor({ issuers, requiredScope }: Settings): Promise<string | null> {
  if (!issuers.some(({ issuer }) => issuer === DEV_ISSUER)) return null;
  return devToken({ sub: "newcomer", scope: requiredScope, expiresSeconds: TOKEN_SECONDS, claims: {} });
}
