// Every command that the documents name is run as it stands there, and what comes of it is looked at; or another file
// runs it, and has the words to show for it. A command without a row here fails, and so does a row without a command.
//
// What differs from the page: what a scene has `replaced`, hosts and ids above all, and options that stand behind the
// page's own (`plus`), to make a command short or to keep it in its place.
import { readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT_ID, API_TOKEN, type FakeAccount, type Flag } from "./support/account.ts";
import { ECHO } from "./support/caller.ts";
import { checkOut } from "./support/checkout.ts";
import { isMentioned, partsOf, rowOf } from "./support/command-rows.ts";
import { type Command, documentedCommands } from "./support/documents.ts";
import {
  type Environment,
  freePort,
  makeFolder,
  PROJECT,
  portOf,
  removeFolder,
} from "./support/environment.ts";
import { LoginPage } from "./support/login.ts";
import { until } from "./support/process.ts";
import { closeScene, openScene, type Played, play, type Scene } from "./support/scene.ts";
import * as stock from "./support/stocked-account.ts";
import type { Terminal } from "./support/terminal.ts";

/** Files that run it, or are all of it that can be looked at, with the words that do. */
type Claimed = {
  command: string;
  by: Record<string, readonly string[]>;
  /** They read it from the page, options and all. */
  asItStands?: true;
};

const PATIENCE_MS = 30_000;
const SIGNING_KEYS = '{ "keys": [] }\n';
const NOTHING = /^$/;
const A_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+\n$/;
const A_RUN = /"data":\{"type":"run","id":"/;
const READY = /^Ctrl-C stops the gateway\./m;
const LISTENING = /listening on /;
const KEYS = /^\{"keys":\[\{/;
/** An hour of a day, a chart of one, what a load needs, and a day through so many queues. */
const DAY_OR_NEEDS =
  /^\| \d\d \|(?: [\d,]+ \|){9}$|^ {4}\S.*\| .* at most$|^\| 1[0,]+ \| [\d,]+ \| \d+ \| [\d,]+ \| \d+\.\d \|$|^\| [234] \|(?: [\d,]+ \|){5}$/;
const HOST_HASH = "a91b8b0f880d24c4";

const CLAIMED: readonly Claimed[] = [
  { command: "npm ci", by: { ".ci/run": ["npm ci"] } },
  { command: "npm test", by: { ".ci/run": ["npm test"] } },
  { command: ".ci/run", by: { ".ci/run": ["npm ci", "npm test"] } },
  {
    command: "apt-get install chromium wrk python3-jwt python3-cryptography",
    by: { ".ci/run": ["apt-get install", "chromium wrk python3-jwt python3-cryptography"] },
  },
  {
    command: "npm start",
    by: {
      "test/flows/quickstart.test.ts": ["startNpm({"],
      "test/flows/support/process.ts": ['command: ["npm", "start", "--"]'],
    },
  },
  {
    command: "npm start -- --var …",
    by: { "test/flows/quickstart.test.ts": ['"--var", "RATE_LIMIT_DEFAULT:3"'] },
    asItStands: true,
  },
  {
    command: "npm start -- --verbose",
    by: {
      "scripts/start/options.ts": ['const VERBOSE = "--verbose"'],
      "test/scripts/start-options.test.ts": ['parseStartOptions(["--port", "9000", "--verbose"'],
    },
  },
  {
    command: "npm start -- --port 9000 --persist-to DIR --var RATE_LIMIT_DEFAULT:3",
    by: {
      "test/flows/quickstart.test.ts": [
        "`--port=${port}`, `--persist-to=${stateDir}`",
        '"--var", "RATE_LIMIT_DEFAULT:3"',
      ],
    },
  },
  {
    command: "npm run conformance…",
    by: { "test/flows/conformance.test.ts": ['"npm", ["run", "--silent", "conformance", "--", ...args]'] },
  },
  {
    command: "npm run reindex…",
    by: { "test/scripts/reindex.test.ts": ['"npm", ["run", "--silent", "reindex", "--", ...url, ...args]'] },
  },
  {
    command: "wrangler dev",
    by: {
      "scripts/start.ts": ["wranglerArguments(", '"dev",'],
      "scripts/start/wrangler.ts": ['spawn("wrangler", options.args'],
    },
  },
  {
    command: "npm run bench -- …",
    by: {
      "scripts/test.ts": ['"npm", ["run", "--silent", "bench", "--", "--short"'],
      "bench/run.ts": ["parseArgs"],
    },
  },
  {
    command: "wrangler deploy --dry-run",
    by: { "scripts/test.ts": ['command("wrangler", ["deploy", "--dry-run"'] },
  },
  {
    command: "npm run check…",
    by: { "scripts/test.ts": ['"npm", ["run", "--silent", "check"]'], "scripts/check.ts": ["watch: {"] },
  },
  {
    // The same command with --check behind it finds the files as it has written them.
    command: "npm run types",
    by: {
      "scripts/test.ts": ['"run", "--silent", "types:check"'],
      "package.json": ['"types": "node scripts/run.mjs && wrangler types '],
    },
  },
  ...["npm run test:unit", "npm run test:worker", "npm run test:flows", "npm run test:unit -- --watch"].map(
    (command): Claimed => ({
      command,
      by: {
        "package.json": [
          "scripts/test-group.ts unit",
          "scripts/test-group.ts worker",
          "scripts/test-group.ts flows",
        ],
        "test/scripts/test-selection.test.ts": ["run --project=workers --project=alone", "--watch"],
      },
    }),
  ),
  {
    command: "npm run chaos…",
    by: { "test/flows/chaos.test.ts": ['"npm", ["run", "--silent", "chaos"'] },
  },
  {
    command: "npm run bench:completion…",
    by: { "test/flows/callbacks-latency.test.ts": ['"run", "--silent", "bench:completion"'] },
  },
  {
    command: "npm run deploy…",
    by: { "test/flows/deploy.test.ts": ['"run", "--silent", "deploy"', "scripts/deploy.ts"] },
  },
  {
    command: "PUBLIC_URL=… UPSTREAM_URL=… JWT_ISSUERS=… npm run deploy…",
    by: {
      "test/flows/deploy.test.ts": ["documentedSettings()", "deployProduction({ ...PRODUCTION, "],
      "test/scripts/deploy-steps.test.ts": ['deployments.run("staging", STAGING)'],
    },
  },
  {
    command: "SIGNING_KEYS=$(cat signing-keys.json) npm run deploy",
    by: {
      "test/flows/deploy.test.ts": ["SIGNING_KEYS: "],
      "test/scripts/deploy-steps.test.ts": ["SIGNING_KEYS: keys"],
    },
  },
  {
    command: "COMPLETION_TOKEN=$(cat completion-token) npm run deploy",
    by: { "test/scripts/deploy-versions.test.ts": ["COMPLETION_TOKEN: "] },
  },
  {
    command: "ACCESS_TEAM_DOMAIN=… ACCESS_AUD=… npm run deploy",
    by: { "test/flows/deploy.test.ts": ["ACCESS_TEAM_DOMAIN: ", "ACCESS_AUD: ", "...ACCESS })"] },
  },
  {
    command: "npx wrangler … --config dist/deploy/production.json…",
    by: { "test/flows/deploy.test.ts": ["documentedCommands()", "--config dist/deploy/production.json"] },
    asItStands: true,
  },
  {
    command: "node -e '…",
    by: {
      "test/flows/rotation.test.ts": [
        "docs/operations.md",
        'documented("console.log")',
        'step("# 1. publish")',
        'step("# 2. sign")',
        'step("# 3. remove")',
      ],
    },
  },
  {
    command: "apt-get install python3-jwt python3-cryptography",
    by: { ".ci/run": ["apt-get install", " python3-jwt python3-cryptography"] },
  },
];

/** To whatever receiver listens by then. */
const REDELIVERED: Played = {
  command: "curl -s -X POST $ACTION/runs/$RUN_ID/deliveries/redeliver…",
  shows: (output, { terminal }) => {
    expect(output).toContain('"attempts":[');
    return received(/^run [0-9a-f-]{36}: \{/m, terminal);
  },
};

/** At one gateway, in one terminal. */
const AT_A_GATEWAY: readonly Played[] = [
  {
    command: 'npm start -- --port 9000 --persist-to "$(mktemp -d)" --var RUN_POLL_SCHEDULE:60,300',
    beside: ["gateway", READY],
    shows: /Edge Actions is ready on/,
  },
  { command: "curl -s http://127.0.0.1:9000/readyz", soon: true, shows: /"status":"ready"/ },
  { command: "TOKEN=$(npm run --silent token -- --sub alice)", shows: NOTHING },
  { command: 'curl -s http://127.0.0.1:8787/…/run …"Hello World!"…', shows: A_RUN },
  { command: "curl -s http://127.0.0.1:8787/actions/v1/stored-actions -H …", shows: /"title":"A nap"/ },
  { command: "curl -s https://actions.example.com/readyz", soon: true, shows: /"status":"ready"/ },
  { command: "curl -s https://actions.example.com/.well-known/jwks.json", shows: KEYS },
  {
    command: 'curl -s "https://actions.example.com/actions/v1/stored-actions/$ACTION/run"…',
    shows: A_RUN,
  },
  {
    command: `npm run --silent token -- --sub alice --claim 'billing="{\\"is_billable\\":true}"'`,
    shows: A_TOKEN,
  },
  { command: "TOKEN=$(npm run --silent token -- --sub alice --claim …)", shows: NOTHING },
  { command: "curl -s -X PUT http://127.0.0.1:8787/actions/v1/sandbox/balance…", shows: /"tasks":0/ },
  { command: 'curl -s http://127.0.0.1:8787/…/run …\'{"data":{"inputs":{}}}\'', shows: /"status":402/ },
  { command: "npm run --silent token -- --sub me --scope operator", shows: A_TOKEN },
  { command: "TOKEN=$(npm run --silent token -- --sub me --scope operator)", shows: NOTHING },
  { command: "curl -s 'http://127.0.0.1:8787/console/api/overview?span=day'…", shows: /"totals":\{/ },
  { command: "curl -s http://127.0.0.1:8787/console/api/dead-letters/redeliver…", shows: /"id":"/ },
  { command: "NEXT='http://127.0.0.1:8787/console/api/charges?from=…'", shows: NOTHING },
  { command: 'while [ -n "$NEXT" ]; do …done', shows: NOTHING },
  { command: 'echo "${NEXT:-complete}"', shows: /^complete$/m },
  { command: "node examples/node-jose/receiver.mjs…", beside: ["receiver", LISTENING], shows: LISTENING },
  { command: "ACTION=http://127.0.0.1:8787/…", shows: NOTHING },
  { command: "TOKEN=$(npm run --silent token -- --sub alice --expires 3600)", shows: NOTHING },
  { command: "RUN_ID=$(curl -s $ACTION/run…", shows: NOTHING },
  {
    command: "echo $RUN_ID",
    shows: (id, { terminal }) => received(new RegExp(`^run ${id.trim()}: \\{`, "m"), terminal),
  },
  { command: "curl -s http://127.0.0.1:8787/.well-known/jwks.json", shows: KEYS },
  { command: "curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:9000/hook…", shows: /^401\n$/ },
  { command: "curl -s $ACTION/runs/$RUN_ID/deliveries -H…", soon: true, shows: /"state":"delivered"/ },
  {
    command: "node examples/node-standard-webhooks/receiver.mjs…",
    beside: ["receiver", LISTENING],
    shows: LISTENING,
  },
  REDELIVERED,
  {
    command: "/usr/bin/python3 examples/python-pyjwt/receiver.py…",
    beside: ["receiver", LISTENING],
    shows: LISTENING,
  },
  REDELIVERED,
];

const THE_INDEX: readonly Played[] = [
  {
    command: "npx wrangler d1 execute OPERATORS_DB --env production --remote --command …FROM dead_letters…",
    shows: new RegExp(
      `"run_id": "${stock.RUN_ID}",\\s*"host": "client.example",\\s*"attempts": 10,\\s*"status": 503,\\s*"reason": ".*",\\s*"died": "2026-11`,
    ),
  },
  {
    command: "npx wrangler d1 execute OPERATORS_DB --env production --remote --command …FROM overdue_gates…",
    shows: /"gate": "[0-9a-f]{64}",\s*"runs": 3,\s*"example_run_key": ".*",\s*"since": "2026-11/,
  },
  {
    command: "npx wrangler d1 execute OPERATORS_DB --env production --remote --json --command …",
    shows: new RegExp(`^${HOST_HASH} client\\.example\n$`),
  },
  { command: "printf %s client.example | sha256sum | cut -c1-16", shows: new RegExp(`^${HOST_HASH}\n$`) },
  {
    command: 'curl "https://api.cloudflare.com/client/v4/accounts/$ACCOUNT/analytics_engine/sql"…',
    shows: (_, { account }) =>
      expect(account.requests.at(-1)).toMatchObject({
        method: "POST",
        body: expect.stringMatching(/^SELECT /),
      }),
  },
];

const THE_FLAG: readonly Played[] = [
  { command: "npx wrangler flagship apps list", shows: /edge-actions-flags +│ edge-actions-flags-id/ },
  { command: "APP=<the id of edge-actions-flags>", shows: NOTHING },
  { command: "FLAG=…", shows: NOTHING },
  {
    command: "npx wrangler flagship flags set $APP $FLAG --variation off --clear-rules",
    shows: (_, { account }) => expect(flagOf(account)).toMatchObject({ default_variation: "off", rules: [] }),
  },
  {
    command: "npx wrangler flagship flags rollout $APP $FLAG --to on --from off --percentage 5 --by userId",
    shows: (_, { account }) => expect(rolloutOf(account)).toEqual({ percentage: 5, attribute: "userId" }),
  },
  {
    command:
      "npx wrangler flagship flags rollout $APP $FLAG --to on --from off --percentage 50 --by userId --force",
    shows: (_, { account }) => expect(rolloutOf(account)).toEqual({ percentage: 50, attribute: "userId" }),
  },
  {
    command: 'npx wrangler flagship flags update $APP $FLAG --add-rule "serve=on; when=userId equals alice"',
    shows: (_, { account }) =>
      expect(flagOf(account)?.rules?.at(-1)?.conditions).toEqual([
        { attribute: "userId", operator: "equals", value: "alice" },
      ]),
  },
  {
    command: "npx wrangler flagship flags evaluate $APP $FLAG -C userId=alice…",
    shows: /Value +true/,
  },
  {
    command: "npx wrangler flagship flags set $APP $FLAG --variation on --clear-rules",
    shows: (_, { account }) => expect(flagOf(account)).toMatchObject({ default_variation: "on", rules: [] }),
  },
];

const WHAT_RUNS: readonly Played[] = [
  { command: "npx wrangler deployments list --env production", shows: new RegExp(stock.VERSION) },
  { command: "npx wrangler versions list --env production", shows: /Tag: +0\.1\.0-1/ },
  {
    command: "npx wrangler rollback --env production",
    shows: (_, { account }) =>
      expect(account.workers.get("edge-actions")?.deployed.at(-1)).toBe(stock.FORMER_VERSION),
  },
  {
    command: "npx wrangler secret put SIGNING_KEYS --env production < signing-keys.json",
    shows: (_, { account }) =>
      expect(account.secretOf("edge-actions", "SIGNING_KEYS")).toBe(SIGNING_KEYS.trim()),
  },
  {
    command: "npx wrangler secret put UPSTREAM_TOKEN --env production",
    input: "what the upstream believes",
    shows: (_, { account }) =>
      expect(account.secretOf("edge-actions", "UPSTREAM_TOKEN")).toBe("what the upstream believes"),
  },
  {
    command: "npx wrangler secret put COMPLETION_TOKEN --env production",
    input: "the-new-token-0123 the-old-token-0123",
    shows: (_, { account }) =>
      expect(account.secretOf("edge-actions", "COMPLETION_TOKEN")).toBe(
        "the-new-token-0123 the-old-token-0123",
      ),
  },
  {
    command: `npx wrangler tail --env production --format json --search '"event":"run.abandoned"'`,
    shows: (output, { account }) => {
      expect(output).toMatch(/run\.buried/);
      expect(askedTails(account)).toEqual([{ query: '"event":"run.abandoned"' }]);
    },
  },
  {
    command: "npx wrangler delete --env staging",
    shows: (_, { account }) => expect([...account.workers.keys()]).toEqual(["edge-actions"]),
  },
];

const TOOLS: readonly Played[] = [
  { command: "npm start -- --help", shows: /--env-file FILE/ },
  { command: "npm run costs", shows: (output) => expectOnPage("docs/scale.md", output) },
  {
    command: "npm run bench:dead-host",
    plus: "-- --runs 1000",
    shows: (output) => expectOnPage("docs/scale.md", output),
  },
  {
    command: "npm run scale",
    plus: "-- --runs 10000 --users 1000000 --days 30 --seed 1",
    shows: (output) => {
      for (const line of linesOf("docs/scale.md", DAY_OR_NEEDS)) expect(output).toContain(line);
    },
  },
  {
    command: "npm run bench:gate",
    plus: "-- --ended 1000 --open 100 --rounds 1",
    shows:
      /^\| a poll that finds it waiting: take, report \| 4 \| 4 \| 0 \| 0 \| [\d.]+ \([\d.]+–[\d.]+\) \|$/m,
  },
  {
    command: "npm run bench:growth",
    plus: "-- --rows 1000",
    shows: /^\| 1,000 \| 1\d{3} \| \d+ \| \d+ \| 1\d{3} \|$/m,
  },
  {
    command: "npm run format",
    shows: () => expectSame("scripts/token.ts"),
  },
  {
    command: "npm run licences",
    shows: () => expectSame("docs/dependencies.md"),
  },
  { command: "npm run audit", shows: /found 0 vulnerabilities/ },
];

const LOGIN: readonly Played[] = [
  {
    command: "npx wrangler login",
    plus: "--browser=false --callback-port LOGIN_PORT",
    beside: ["wrangler", /Visit this link to authenticate: /],
    shows: async (output, { terminal, replaced }) => {
      await logIn(/\bhttp\S+\/auth\?\S+/.exec(output)?.[0] ?? "", replaced.get("LOGIN_PORT") ?? "");
      await until("the login", PATIENCE_MS, async () =>
        /Successfully logged in/.test(await terminal.printedBy("wrangler")),
      );
    },
  },
];

/** What takes longest, each at its shortest. */
const ATTACKS: readonly Played[] = [
  {
    command: "npm run attacks",
    plus: "-- test/callbacks/destination.test.ts",
    shows: /127\.0\.0\.1 is refused in every spelling/,
  },
];
const SOME_TESTS: readonly Played[] = [
  {
    command: 'npm run test:unit -- test/gate/window.test.ts -t "opens"',
    shows: onlyRan("unit", "test/gate/window.test.ts"),
  },
  { command: "npm test -- test/gate/window.test.ts", shows: onlyRan("unit", "test/gate/window.test.ts") },
];
const LOAD: readonly Played[] = [
  {
    command: "npm run load -- --seconds 600",
    plus: "--seconds 1 --users 10 --connections 2",
    shows: /\d+ requests of \d+ users; memory/,
  },
];
const BENCH: readonly Played[] = [{ command: "bench/setup.sh", shows: expectSetup }];
const PROFILE: readonly Played[] = [
  {
    command: "npm run bench:profile -- --seconds 10 --kind plain",
    plus: "--seconds 1",
    shows: /^\d+ requests; microseconds a request$/m,
  },
];
const SCREENSHOTS: readonly Played[] = [
  {
    command: "npm run screenshots",
    plus: "-- --rounds 2 --looks light",
    shows: async () => {
      for (const file of ["docs/console.png", "dist/screenshots/run-light.png"])
        expect((await readFile(join(checkout, file))).subarray(1, 4).toString()).toBe("PNG");
    },
  },
];

const SCENES: Record<string, readonly Played[]> = {
  "what takes longest: screenshots": SCREENSHOTS,
  "at a gateway": AT_A_GATEWAY,
  "the flag": THE_FLAG,
  "what runs": WHAT_RUNS,
  "the index": THE_INDEX,
  "the attack suites": ATTACKS,
  "some tests": SOME_TESTS,
  "the bench": BENCH,
  "the profile": PROFILE,
  load: LOAD,
  tools: TOOLS,
  login: LOGIN,
};
const ROWS = [...CLAIMED, ...Object.values(SCENES).flat()];
const COMMANDS = documentedCommands();

let folder: string;
let checkout: string;
let env: Environment;
let replaced: ReadonlyMap<string, string>;
beforeAll(async () => {
  folder = await makeFolder();
  checkout = await checkOut(folder);
  await prepareCheckout();
  const registry = createServer((_request, response) => response.end("{}")).listen(0, "127.0.0.1");
  const loginPage = await LoginPage.open();
  env = {
    ...loginPage.environment,
    ACTION: ECHO,
    ACCOUNT: ACCOUNT_ID,
    TOKEN: API_TOKEN,
  };
  const [gatewayPort, receiverPort, loginPort] = [await freePort(), await freePort(), await freePort()];
  const gateway = `http://127.0.0.1:${gatewayPort}`;
  replaced = new Map([
    ["--port 9000 --persist-to", `--port ${gatewayPort} --persist-to`],
    ["http://127.0.0.1:9000/readyz", `${gateway}/readyz`],
    ["http://127.0.0.1:8787", gateway],
    ["https://actions.example.com", gateway],
    // Where receivers listen.
    ["--port 9000", `--port ${receiverPort}`],
    [":9000/hook", `:${receiverPort}/hook`],
    ["GATEWAY_PORT", `${gatewayPort}`],
    ["LOGIN_PORT", `${loginPort}`],
    // With a token nobody has to log in.
    ["npx wrangler login", "env -u CLOUDFLARE_API_TOKEN npx wrangler login"],
    ["<the id of edge-actions-flags>", "edge-actions-flags-id"],
    ["'RUN_ID'", `'${stock.RUN_ID}'`],
    ["npm run audit", `npm_config_registry=http://127.0.0.1:${portOf(registry)} npm run audit`],
  ]);
  return async () => {
    registry.close();
    loginPage.close();
    await removeFolder(folder);
  };
});

describe("the documents and this table", () => {
  it("no command is without a row", () => {
    const known = COMMANDS.flatMap((command) => {
      const row = rowOf(command, ROWS);
      if (row === null) return [];
      return "plus" in row ? `${command.text} ${row.plus}` : command.text;
    });
    const isKnown = (command: Command) => rowOf(command, ROWS) !== null || isMentioned(command, known);
    const missing = COMMANDS.filter((command) => !isKnown(command));
    expect(missing.map(({ page, line, text }) => `${page}:${line} ${text}`)).toEqual([]);
  });

  it("no row is without a command", () => {
    const used = new Set(COMMANDS.map((command) => rowOf(command, ROWS)));
    expect(ROWS.filter((row) => !used.has(row)).map(({ command }) => command)).toEqual([]);
  });

  it.each(CLAIMED)(
    "$command: other files run it, with every option",
    ({ command, by, asItStands = false }) => {
      const files = Object.keys(by).map((file) => readFileSync(join(PROJECT, file), "utf8"));
      const missing = Object.values(by).map((words, at) =>
        words.filter((word) => !files[at]?.includes(word)),
      );
      expect(missing.flat()).toEqual([]);
      const named = COMMANDS.filter((each) => rowOf(each, ROWS)?.command === command);
      const options = named.flatMap(({ text }) => [...partsOf(text).options]);
      const unknown = options.filter((option) => !new RegExp(`${option}(?![\\w-])`).test(files.join("\n")));
      expect(asItStands ? [] : unknown).toEqual([]);
    },
  );
});

describe.concurrent("run as documented", () => {
  it.each(Object.entries(SCENES))("%s", async (name, rows) => {
    const scene = await openScene(checkout, join(folder, name.replaceAll(" ", "-")), env, replaced);
    try {
      for (const row of rows) for (const text of textsOf(row)) await play(row, text, scene);
    } finally {
      await closeScene(scene);
    }
  });
});

/** What stands on several pages once. */
function textsOf(row: Played | Claimed): Set<string> {
  return new Set(COMMANDS.filter((each) => rowOf(each, ROWS) === row).map(({ text }) => text));
}

/** What the commands find there, and what some of them have to mend. */
async function prepareCheckout(): Promise<void> {
  const [question = ""] =
    linesOf("docs/metrics.md", /./)
      .join("\n")
      .match(/(?<=```sql\n)[^`]*/) ?? [];
  await writeFile(join(checkout, "question.sql"), question);
  await writeFile(join(checkout, "signing-keys.json"), SIGNING_KEYS);
  await change("scripts/token.ts", (text) => text.replaceAll(/^ {2}/gm, "      "));
  await change("docs/dependencies.md", (text) => text.replaceAll("MIT", "another licence"));
}

async function change(file: string, how: (text: string) => string): Promise<void> {
  const text = await readFile(join(PROJECT, file), "utf8");
  await writeFile(join(checkout, file), how(text));
}

function expectSame(file: string): void {
  const [ours, theirs] = [PROJECT, checkout].map((root) => readFileSync(join(root, file), "utf8"));
  expect(theirs, file).toBe(ours);
}

/** Of all test files, that one alone was run. */
function onlyRan(project: string, file: string): RegExp {
  return new RegExp(`\\|${project}\\| ${file.replaceAll(".", "\\.")} \\([^]*Test Files +1 passed \\(1\\)`);
}

/** Every line that a command prints of its figures stands on the page. */
function expectOnPage(page: string, output: string): void {
  const lines = output.split("\n").filter((line) => line.startsWith("|"));
  expect(lines.length).toBeGreaterThan(3);
  expect(linesOf(page, /^\|/)).toEqual(expect.arrayContaining(lines));
}

function linesOf(page: string, which: RegExp): string[] {
  const lines = readFileSync(join(PROJECT, page), "utf8").split("\n");
  return lines.filter((line) => which.test(line));
}

/** It has asked the system for what the pages say, and has npm's packages. */
async function expectSetup(_output: string, { folder: home }: Scene): Promise<void> {
  expect(linesOf("docs/performance.md", /^bench\/setup\.sh/)).toEqual([
    expect.stringContaining("wrk, redis-server, haproxy, and bench/package.json's packages"),
  ]);
  expect(await readFile(join(home, "apt-get"), "utf8")).toBe(
    "update\ninstall --yes --no-install-recommends wrk redis-server haproxy\n",
  );
  const { dependencies } = JSON.parse(await readFile(join(checkout, "bench/package.json"), "utf8"));
  const installed = await readdir(join(checkout, "bench/node_modules"));
  expect(installed).toEqual(expect.arrayContaining(Object.keys(dependencies)));
}

/** The receiver has got and verified it. */
function received(line: RegExp, terminal: Terminal): Promise<void> {
  return until(String(line), PATIENCE_MS, async () => line.test(await terminal.printedBy("receiver")));
}

/** As a browser does it. */
async function logIn(url: string, port: string): Promise<void> {
  const { headers } = await fetch(url, { redirect: "manual" });
  const back = new URL(headers.get("location") ?? "");
  back.port = port;
  // It says where to go before it listens there.
  await until("wrangler, at its port", PATIENCE_MS, () =>
    fetch(back, { redirect: "manual" }).then(
      ({ status }) => status === 307,
      () => false,
    ),
  );
}

function flagOf({ apps }: FakeAccount): Flag | undefined {
  return apps.find(({ name }) => name === "edge-actions-flags")?.flags[0];
}

function rolloutOf(account: FakeAccount): unknown {
  return flagOf(account)?.rules?.[0]?.rollout;
}

function askedTails({ requests }: FakeAccount): unknown {
  const { filters }: { filters: unknown } = JSON.parse(
    requests.findLast(({ method, path }) => method === "POST" && path.endsWith("/tails"))?.body ?? "{}",
  );
  return filters;
}
