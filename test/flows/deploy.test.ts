// `npm run deploy` with the real wrangler, against an account of the test's own.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { API_TOKEN, FakeAccount } from "./support/account.ts";
import { DeployedGateway } from "./support/deployed-gateway.ts";
import { documentedCommands } from "./support/documents.ts";
import {
  type Environment,
  makeFolder,
  PROJECT,
  removeFolder,
  userEnvironment,
  withOwnPrograms,
} from "./support/environment.ts";
import { run } from "./support/run.ts";

const STAGING = {
  PUBLIC_URL: "https://edge-actions-staging.example.workers.dev",
  UPSTREAM_URL: "https://upstream-staging.example.com",
  JWT_ISSUERS: issuersFor("edge-actions-staging"),
};
const PRODUCTION = {
  PUBLIC_URL: "https://actions.example.com",
  UPSTREAM_URL: "https://upstream.example.com",
  JWT_ISSUERS: issuersFor("edge-actions"),
};

type Ended = { status: number | null; output: string };

let folder: string;
let argumentsFile: string;
let account: FakeAccount;
let staging: DeployedGateway;

beforeAll(async () => {
  folder = await makeFolder();
  argumentsFile = join(folder, "arguments");
  // Every program that runs on Node writes down what it was started with.
  const recorder = `require("node:fs").appendFileSync(${JSON.stringify(argumentsFile)}, JSON.stringify(process.argv) + "\\n");`;
  await writeFile(join(folder, "recorder.cjs"), recorder);
  account = await FakeAccount.open();
  staging = await DeployedGateway.of(account, "edge-actions-staging");
});

afterAll(async () => {
  await staging.close();
  await account.close();
  await removeFolder(folder);
});

it("the settings here are those that the commands of docs/deploying.md give, in one shell, to each environment", async () => {
  expect(await documentedSettings()).toEqual({
    "run deploy -- --env staging": STAGING,
    "run deploy": PRODUCTION,
  });
});

it("on a clean checkout, without an account, a dry run prints the plan", async () => {
  const { status, output } = await started("npm", ["run", "--silent", "deploy", "--", "--dry-run"], {});
  expect(output).toContain("nobody is logged in");
  expect(stepsIn(output)).toEqual([
    "unknown what the account has: nobody is logged in",
    "missing PUBLIC_URL: where the outside reaches the gateway, https://…",
    "missing JWT_ISSUERS: JSON array of the issuers whose tokens count",
    "missing UPSTREAM_URL: the backend that runs the actions",
    "would create or reuse KV namespace edge-actions-kv",
    "would create or reuse D1 database edge-actions-ledger",
    "would create or reuse queue edge-actions-runs",
    "would create or reuse queue edge-actions-runs-dead",
    "would create or reuse Flagship app edge-actions-flags",
    "would create or reuse flag edge_actions_api_rate_limiting_global, on",
    ...(await migrations()).map((file) => `would apply or skip migration ${file}`),
    "would set or keep secret SIGNING_KEYS",
    "would deploy version TAG",
    "would check PUBLIC_URL/readyz and /.well-known/jwks.json",
  ]);
  expect(status).toBe(0);
});

it.each([
  { args: ["--env", "nowhere"], status: 1, says: /No environment found.*"nowhere"/ },
  {
    args: ["--env", "staging", "--soon"],
    status: 2,
    says: /Unknown option '--soon'[^]*usage: npm run deploy/,
  },
  { args: ["--check-seconds", "long"], status: 2, says: /--check-seconds takes a whole number/ },
])("$args is refused with what is wrong about it", async ({ args, status, says }) => {
  const ended = await deploy(args, account.environment);
  expect(ended).toEqual({ status, output: expect.stringMatching(says) });
  expect(ended.output).not.toMatch(/^ +at /m);
});

it("settings that are missing or bad are all named before anything is touched", async () => {
  const given = { UPSTREAM_URL: "ftp://upstream.example.com", UPSTREAM_AUTH: "caller" };
  const { status, output } = await deploy([], { ...account.environment, ...given });
  expect(status).toBe(1);
  for (const name of ["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL", "UPSTREAM_TOKEN"])
    expect(output).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
  expect(account.changes()).toEqual([]);
});

it("a dry run changes nothing", async () => {
  const { status, output } = await deploy(["--env", "staging", "--dry-run"], {
    ...account.environment,
    ...STAGING,
  });
  expect(output).toContain("would create");
  expect(status).toBe(0);
  expect(account.changes()).toEqual([]);
});

it("from nothing to a gateway that runs, each thing after what it needs", async () => {
  const { status, output } = await deployStaging(STAGING);
  expect(status, output).toBe(0);
  expect(stepsIn(output)).toEqual([
    "setting PUBLIC_URL (environment)",
    "setting JWT_ISSUERS (environment)",
    "setting UPSTREAM_URL (environment)",
    "created KV namespace edge-actions-staging-kv",
    "created D1 database edge-actions-staging-ledger",
    "created queue edge-actions-staging-runs",
    "created queue edge-actions-staging-runs-dead",
    "created Flagship app edge-actions-staging-flags",
    "created flag edge_actions_api_rate_limiting_global, on",
    ...(await migrations()).map((file) => `applied migration ${file}`),
    "set secret SIGNING_KEYS",
    "deployed version TAG",
    `ready ${staging.url}/readyz`,
    `published ${staging.url}/.well-known/jwks.json, keys: 1`,
  ]);
  const phases = [
    /^POST \/(?:storage\/kv\/namespaces|d1\/database|queues|flagship\/apps)$/,
    /^POST \/flagship\/apps\/[^/]+\/flags$/,
    /^POST \/d1\/database\/[^/]+\/query$/,
    /^PUT \/workers\/scripts\/edge-actions-staging\/secrets$/,
    /^POST \/queues\/[^/]+\/consumers$/,
  ];
  const changes = account.changes().map((change) => phases.findIndex((phase) => phase.test(change)));
  // What is left out is wrangler's own: it makes an empty Worker for the first secret.
  const order = changes.filter((phase) => phase !== -1);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(order).size).toBe(phases.length);
  const [uploaded, ...others] = account
    .changes()
    .filter((change) => change.endsWith("edge-actions-staging"))
    .toReversed();
  expect([uploaded, others]).toEqual(["PUT /workers/scripts/edge-actions-staging", [uploaded]]);
  expect(account.changes().lastIndexOf(uploaded ?? "")).toBeGreaterThan(changes.lastIndexOf(3));
});

it("what runs is bound to what was made, and has the settings", () => {
  const [namespace] = account.namespaces;
  const [database] = account.databases;
  const [app] = account.apps;
  const worker = account.workers.get("edge-actions-staging");
  expect(worker?.versions.at(-1)?.bindings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: "KV", namespace_id: namespace?.id }),
      expect.objectContaining({ name: "LEDGER", id: database?.uuid }),
      expect.objectContaining({ name: "FLAGS", app_id: app?.id }),
      expect.objectContaining({ name: "RUNS", queue_name: "edge-actions-staging-runs" }),
      expect.objectContaining({ name: "USER_GATE", class_name: "UserGate" }),
      expect.objectContaining({ name: "DESTINATION_BREAKER", class_name: "DestinationBreaker" }),
      { name: "PUBLIC_URL", type: "plain_text", text: STAGING.PUBLIC_URL },
      { name: "JWT_ISSUERS", type: "plain_text", text: STAGING.JWT_ISSUERS },
      { name: "UPSTREAM_URL", type: "plain_text", text: STAGING.UPSTREAM_URL },
      { name: "SIGNING_KEYS", type: "secret_text" },
    ]),
  );
  // The platform finds the objects by their class names, which the minified bundle still exports.
  const upload = account.requests.findLast(({ path }) => path === "/workers/scripts/edge-actions-staging");
  expect(upload?.body).toMatch(/export\{[\w$]+ as DestinationBreaker,[\w$]+ as UserGate,/);
  expect(worker?.migrationTag).toBe("v1");
  expect(worker?.crons).toEqual(["*/5 * * * *"]);
  expect(app?.flags).toMatchObject([{ enabled: true, default_variation: "on" }]);
  const tables = database?.sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  expect(tables).toEqual(
    expect.arrayContaining([{ name: "runs" }, { name: "attempts" }, { name: "charges" }]),
  );
});

it("the signing key is Ed25519, and was never in an argument, on disk or on the screen", async () => {
  const { keys }: { keys: { kty: string; crv: string; kid: string; d: string }[] } = JSON.parse(
    account.secretOf("edge-actions-staging", "SIGNING_KEYS") ?? "",
  );
  expect(keys).toMatchObject([{ kty: "OKP", crv: "Ed25519" }]);
  const commands = await readFile(argumentsFile, "utf8");
  expect(commands).toContain('"secret","put","SIGNING_KEYS"');
  const texts = await Promise.all((await filesOf([folder, join(PROJECT, "dist/deploy")])).map(readText));
  expect(texts.length).toBeGreaterThan(10);
  for (const text of [...texts, screen.join("\n")]) {
    expect(text).not.toContain(keys[0]?.d);
    expect(text).not.toContain(API_TOKEN);
  }
});

it("run again, without the settings, it reuses everything and changes nothing", async () => {
  const before = account.state();
  const since = account.requests.length;
  const { status, output } = await deployStaging({});
  expect(status, output).toBe(0);
  expect(stepsIn(output).filter((step) => !/^(?:reused|unchanged) /.test(step))).toEqual([
    "setting PUBLIC_URL (as deployed)",
    "setting JWT_ISSUERS (as deployed)",
    "setting UPSTREAM_URL (as deployed)",
    `ready ${staging.url}/readyz`,
    `published ${staging.url}/.well-known/jwks.json, keys: 1`,
  ]);
  expect(account.state()).toEqual(before);
  // Said again as they are.
  const again = account.changes(since).map((change) => change.replace(/\/queues\/.*/, "/queues/…"));
  expect(new Set(again)).toEqual(
    new Set([
      "POST /workers/scripts/edge-actions-staging/subdomain",
      "PUT /queues/…",
      "PUT /workers/scripts/edge-actions-staging/schedules",
    ]),
  );
});

it("a changed setting is deployed as a new version, with the same keys and bindings", async () => {
  const keys = account.secretOf("edge-actions-staging", "SIGNING_KEYS");
  account.fail("PUT", /\/consumers\//);
  const stopped = await deployStaging({ UPSTREAM_URL: "https://elsewhere.example.com" });
  expect(stopped.status).toBe(1);
  expect(stopped.output).toContain("the test account refuses");
  const worker = account.workers.get("edge-actions-staging");
  const bindings = worker?.versions.find(({ id }) => id === worker.deployed.at(-1))?.bindings;
  expect(bindings).toContainEqual({
    name: "UPSTREAM_URL",
    type: "plain_text",
    text: "https://elsewhere.example.com",
  });
  expect(bindings).toContainEqual({ name: "PUBLIC_URL", type: "plain_text", text: STAGING.PUBLIC_URL });
  expect(account.secretOf("edge-actions-staging", "SIGNING_KEYS")).toBe(keys);
  expect(account.namespaces).toHaveLength(1);
});

it("a deployment that was stopped is made up for; a gateway that is not ready fails it, with what to look at", async () => {
  account.mend();
  staging.states = { gate: "ok", ledger: "failing", upstream: "failing" };
  const since = account.requests.length;
  const { status, output } = await deployStaging({});
  expect(stepsIn(output)).toContain("unchanged version TAG");
  expect(account.changes(since).filter((change) => change.includes("/consumers/"))).toHaveLength(2);
  expect(status).toBe(1);
  expect(output).toMatch(
    /readyz answers 503\. Look at\n {2}ledger: the D1 database.*\n {2}upstream: UPSTREAM_URL/,
  );
});

it("production shares nothing with staging, and goes on where it was stopped", async () => {
  const production = await DeployedGateway.of(account, "edge-actions");
  const keys = await newSigningKeys();
  const access = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "32f2" };
  const environment = { ...account.environment, ...PRODUCTION, ...access, SIGNING_KEYS: keys };
  const args = ["--check-url", production.url, "--check-seconds", "0"];

  account.fail("POST", /^\/flagship\/apps$/);
  const stopped = await deploy(args, environment);
  expect(stopped.status).toBe(1);
  expect(stopped.output).toMatch(/created +queue edge-actions-runs-dead\n\nwrangler flagship apps create/);
  expect(account.workers.has("edge-actions")).toBe(false);

  account.mend();
  const resumed = await deploy(args, environment);
  expect(resumed.status, resumed.output).toBe(0);
  const steps = stepsIn(resumed.output);
  expect(steps).toContain("reused queue edge-actions-runs-dead");
  expect(steps).toContain("created Flagship app edge-actions-flags");
  expect(steps).toContain("deployed version TAG");
  const consumed = account.queues.filter(({ consumers }) =>
    consumers.some(({ script }) => script === "edge-actions"),
  );
  expect(new Set(consumed.map(({ queue_name: name }) => name))).toEqual(
    new Set(["edge-actions-runs", "edge-actions-runs-dead"]),
  );
  for (const made of [account.namespaces, account.databases, account.apps]) expect(made).toHaveLength(2);
  expect(account.secretOf("edge-actions", "SIGNING_KEYS")).toBe(keys);
  expect(account.secretOf("edge-actions-staging", "SIGNING_KEYS")).not.toBe(keys);
  const bindings = account.workers.get("edge-actions")?.versions.at(-1)?.bindings;
  for (const [name, text] of Object.entries({ ...PRODUCTION, ...access }))
    expect(bindings).toContainEqual({ name, type: "plain_text", text });
  await production.close();
});

it("a version is tried on some of the traffic, with the commands of docs/deploying.md", async () => {
  const before = account.workers.get("edge-actions")?.deployed.at(-1) ?? "";
  const commands = documentedCommands().filter(
    ({ text }) =>
      text.endsWith(" --config dist/deploy/production.json") || text.includes("/production.json --tag "),
  );
  for (const { text } of commands) {
    const uploaded = account.workers.get("edge-actions")?.versions.at(-1)?.id ?? "";
    const command = text.replace("OLD_VERSION_ID", before).replace("NEW_VERSION_ID", uploaded);
    const { status, output } = await started("sh", ["-c", command], account.environment);
    expect(status, output).toBe(0);
  }
  expect(commands).toHaveLength(3);
  const { versions } = account.workers.get("edge-actions") ?? {};
  expect(versions?.at(-1)?.annotations["workers/tag"]).toBe("0.1.0-241e48d8fa9a5320");
  const split = account.requests.findLast(
    ({ method, path }) => method === "POST" && path.endsWith("/deployments"),
  );
  expect(JSON.parse(split?.body ?? "")).toMatchObject({
    versions: [
      { version_id: before, percentage: 90 },
      { version_id: versions?.at(-1)?.id, percentage: 10 },
    ],
  });
});

/** Everything that any run has printed. */
const screen: string[] = [];

function deployStaging(settings: Environment): Promise<Ended> {
  const args = ["--env", "staging", "--check-url", staging.url, "--check-seconds", "0"];
  return deploy(args, { ...account.environment, ...settings });
}

// As npm does it, without the time that npm takes.
function deploy(args: string[], environment: Environment): Promise<Ended> {
  const own = withOwnPrograms({ PATH: process.env["PATH"] ?? "" });
  return started("node", ["scripts/run.mjs", "scripts/deploy.ts", ...args], { ...own, ...environment });
}

async function started(program: string, args: string[], environment: Environment): Promise<Ended> {
  const { code, stdout, stderr } = await run(program, args, {
    ...userEnvironment(folder),
    // Nobody is logged in there.
    HOME: folder,
    CI: "true",
    NODE_OPTIONS: `--require=${join(folder, "recorder.cjs")}`,
    ...environment,
  });
  const output = `${stdout}${stderr}`;
  screen.push(output);
  return { status: code, output };
}

/** What each deployment of the page finds in its environment, when one shell is given all of it in turn. */
async function documentedSettings(): Promise<Record<string, Environment>> {
  const commands = documentedCommands().filter(
    ({ page, text }) =>
      page === "docs/deploying.md" &&
      /^export |^(?:PUBLIC_URL=.* )?npm run deploy(?: -- --env \w+)?$/.test(text),
  );
  const names = Object.keys(STAGING);
  const values = names.map((name) => `"$${name}"`).join(" ");
  await writeFile(join(folder, "npm"), `#!/bin/sh\nprintf '%s\\n' "$*" ${values}\n`, { mode: 0o755 });
  const script = commands.filter(({ isInline }) => !isInline).map(({ text }) => text);
  const { stdout } = await run("sh", ["-c", script.join("\n")], {
    PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`,
  });
  const lines = stdout.trimEnd().split("\n");
  const deployments = lines.flatMap((line, at): [string, Environment][] => {
    const given = names.map((name, index): [string, string] => [name, lines[at + 1 + index] ?? ""]);
    return line.startsWith("run ") ? [[line, Object.fromEntries(given)]] : [];
  });
  return Object.fromEntries(deployments);
}

function issuersFor(audience: string): string {
  const issuer = "https://login.example.com";
  const jwksUri = `${issuer}/.well-known/jwks.json`;
  return JSON.stringify([{ issuer, audience, algorithms: ["ES256"], jwks_uri: jwksUri }]);
}

/** Its lines, one blank between the words. */
function stepsIn(output: string): string[] {
  const lines = output.split("\n").filter((line) => line.startsWith("  "));
  return lines.map((line) =>
    line
      .trim()
      .replaceAll(/ +/g, " ")
      .replace(/\d+\.\d+\.\d+-[0-9a-f]{16}$/, "TAG"),
  );
}

async function migrations(): Promise<string[]> {
  return (await readdir(join(PROJECT, "migrations"))).toSorted();
}

async function filesOf(folders: string[]): Promise<string[]> {
  const lists = await Promise.all(
    folders.map((path) => readdir(path, { recursive: true, withFileTypes: true })),
  );
  return lists.flat().flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

function readText(path: string): Promise<string> {
  return readFile(path, "utf8");
}
