// npm start [-- OPTIONS OF wrangler dev]: the gateway with the sandbox behind it, a receiver for callbacks beside it, and
// curls that work when pasted. Whatever follows the `--` goes to wrangler dev and wins over what is set here.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createReceiver } from "../examples/node-jose/receiver.mjs";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { devSettings, writePrivate } from "./dev-keys.ts";
import { devToken } from "./dev-token.ts";
import { makeLedgerTables } from "./ledger-tables.ts";

const ECHO = "00000000-0000-4000-8000-000000000001";
const TOKEN_SECONDS = 3600;
const READY_POLL_MS = 100;
const PARENT_POLL_MS = 500;

const parent = process.ppid;
const given = process.argv.slice(2);
const host = optionOf("--ip") ?? "127.0.0.1";
const port = optionOf("--port") ?? "8787";
const origin = `http://${host}:${port}`;
// Background work has no request to take an origin from.
const publicUrl = varOf("PUBLIC_URL") ?? origin;
const persistTo = optionOf("--persist-to") ?? ".dev/state";
// Nothing leaves the machine: no usage figures, no look-up of where it stands.
const env = {
  ...process.env,
  ...COMPILE_CACHE,
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

const settingsFile = await writePrivate("gateway.env", await settingsAsDotenv());
makeLedgerTables(persistTo, env);

const wrangler = spawn("wrangler", wranglerArguments(), {
  cwd: fileURLToPath(new URL("../", import.meta.url)),
  stdio: ["ignore", "inherit", "inherit"],
  env,
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));
stopWithNpm();
wrangler.on("exit", (code) => process.exit(code ?? 1));
wrangler.on("error", (error) => {
  console.error(`wrangler does not start: ${error.message}. Has \`npm ci\` been run?`);
  process.exit(1);
});

const callbackUrl = await receiveCallbacks();
await untilHealthy();
console.log(await banner());

// A killed npm does not pass the signal on, and a gateway that outlived it would hold the port for ever.
function stopWithNpm(): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  setInterval(() => process.ppid !== parent && wrangler.kill("SIGTERM"), PARENT_POLL_MS).unref();
}

function wranglerArguments(): string[] {
  const own: [string, string][] = [
    ["--ip", host],
    ["--port", port],
    // Any free one: of two gateways that start at once, wrangler gives both 9229, and the second one fails.
    ["--inspector-port", "0"],
    ["--persist-to", persistTo],
    ["--env-file", fileURLToPath(settingsFile)],
    // Not in that file, which two gateways at once would share. Of two settings of one name the last one holds.
    ["--var", `PUBLIC_URL:${publicUrl}`],
  ];
  const repeatable = ["--env-file", "--var"];
  const defaults = own.filter(([name]) => optionOf(name) === null || repeatable.includes(name)).flat();
  return [
    "dev",
    "--config=wrangler.toml",
    "--config=sandbox/wrangler.toml",
    "--show-interactive-dev-session=false",
    ...defaults,
    ...given,
  ];
}

// As a dotenv file: wrangler lets --var win over it.
async function settingsAsDotenv(): Promise<string> {
  return Object.entries(await devSettings())
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");
}

function optionOf(name: string): string | null {
  const joined = given.findLast((argument) => argument.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = given.lastIndexOf(name);
  return at === -1 ? null : (given[at + 1] ?? null);
}

/** The value of a setting that was given as `--var NAME:VALUE`. */
function varOf(name: string): string | null {
  const found = given.findLast((argument) => argument.replace(/^--var=/, "").startsWith(`${name}:`));
  return found?.slice(found.indexOf(`${name}:`) + name.length + 1) ?? null;
}

/** Where the example's receiver listens; it says so when a callback has come. */
async function receiveCallbacks(): Promise<string> {
  const receiver = createReceiver({
    gatewayUrl: publicUrl,
    onRun: (runId, run) =>
      console.log(`callback received and verified: run ${runId}, status ${statusOf(run)}`),
  });
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  const address = receiver.address();
  if (address === null || typeof address === "string") throw new Error("the receiver listens on no port");
  return `http://127.0.0.1:${address.port}/`;
}

function statusOf(run: unknown): string {
  return typeof run === "object" && run !== null && "status" in run ? String(run.status) : "unknown";
}

async function untilHealthy(): Promise<void> {
  for (;;) {
    const healthy = await fetch(`${origin}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

async function banner(): Promise<string> {
  const claims = {};
  const token = await devToken({ sub: "newcomer", scope: "external", expiresSeconds: TOKEN_SECONDS, claims });
  const action = `${origin}/actions/v1/stored-actions/${ECHO}`;
  return `
Edge Actions is ready on ${origin}, with the sandbox as its upstream.

Start a run (the token is good for an hour):

  TOKEN=${token}

  curl -s ${action}/run \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"data":{"inputs":{"message":"Hello World!"}}}'

Start another one, and see its result arrive here, signed, at a receiver of this command's own:

  curl -s ${action}/run \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"data":{"inputs":{"message":"Hello again!"},"callback_url":"${callbackUrl}"}}'

Read a result, with the id from the answer:

  curl -s "${action}/runs/RUN_ID?wait_seconds=10" -H "Authorization: Bearer $TOKEN"
`;
}
