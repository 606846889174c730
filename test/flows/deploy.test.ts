// `npm run deploy` with the real wrangler, against an account of the test's own: that wrangler understands every command,
// and what comes of them. test/scripts/deploy-steps.test.ts has the cases of each step.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { API_TOKEN, FakeAccount } from "./support/account.ts";
import {
  ACCESS,
  documentedSettings,
  migrations,
  PRODUCTION,
  STAGING,
  stepsIn,
} from "./support/deploy-steps.ts";
import { ALL_OK, DeployedGateway } from "./support/deployed-gateway.ts";
import { documentedCommands } from "./support/documents.ts";
import { type Environment, findFiles, PROJECT, withOwnPrograms } from "./support/environment.ts";
import { forFile, userFolder } from "./support/opened.ts";
import { run } from "./support/run.ts";
import { addStaging } from "./support/stocked-account.ts";

const SETTINGS = ["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL", "ACCESS_TEAM_DOMAIN", "ACCESS_AUD"];
const THINGS = [
  "KV namespace edge-actions-kv",
  "D1 database edge-actions-operators",
  "queue edge-actions-runs",
  "queue edge-actions-runs-dead",
  "Flagship app edge-actions-flags",
  "flag edge_actions_api_rate_limiting_global, on",
];

const { folder, env } = await userFolder();
const argumentsFile = join(folder, "arguments");
// Every program that runs on Node writes down what it was started with.
const recorder = `require("node:fs").appendFileSync(${JSON.stringify(argumentsFile)}, JSON.stringify(process.argv) + "\\n");`;
await writeFile(join(folder, "recorder.cjs"), recorder);
const account = await forFile(FakeAccount.listen());
addStaging(account);
const production = await forFile(DeployedGateway.listen(account, "edge-actions"));
/** Everything that any run has printed. */
const screen: string[] = [];

it("the settings here are those that the commands of docs/deploying.md give, in one shell, to each environment", async () => {
  expect(await documentedSettings(folder)).toEqual({
    "run deploy -- --env staging": STAGING,
    "run deploy": PRODUCTION,
  });
});

it("on a clean checkout, without an account, a dry run prints the plan", async () => {
  const { status, output } = await started("npm", ["run", "--silent", "deploy", "--", "--dry-run"], {});
  expect(stepsIn(output)).toEqual([
    "unknown what the account has: not logged in",
    "missing PUBLIC_URL: where the outside reaches the gateway, https://…",
    "missing JWT_ISSUERS: JSON array of the issuers whose tokens count",
    "missing UPSTREAM_URL: the backend that runs the actions",
    expect.stringMatching(/^note SIGNING_KEYS are made new/),
    ...THINGS.map((thing) => `would create or reuse ${thing}`),
    ...(await migrations()).map((file) => `would apply or skip migration ${file}`),
    "would set or keep secret SIGNING_KEYS",
    "would deploy version TAG",
    "would check PUBLIC_URL/readyz, /openapi.json and /.well-known/jwks.json",
  ]);
  expect(status).toBe(0);
});

it("options that make no sense are refused with what is wrong about them", async () => {
  const { status, output } = await deploy(["--env", "staging", "--soon"], account.environment);
  expect(status).toBe(2);
  expect(output).toMatch(/Unknown option '--soon'[^]*usage: npm run deploy/);
  expect(output).not.toMatch(/^ +at /m);
});

it("in an account without Analytics Engine nothing is made, and what the platform would refuse is explained", async () => {
  account.hasAnalyticsEngine = false;
  const before = account.state();
  const { status, output } = await deployProduction({ ...PRODUCTION, ...ACCESS });
  expect(status).toBe(1);
  expect(output).toMatch(/\nnothing has been touched\. Analytics Engine is off in this account/);
  expect(account.state()).toEqual(before);
  account.hasAnalyticsEngine = true;
});

it("from nothing to a gateway that runs, each thing after what it needs", async () => {
  const { status, output } = await deployProduction({ ...PRODUCTION, ...ACCESS });
  expect(status, output).toBe(0);
  expect(stepsIn(output)).toEqual([
    ...SETTINGS.map((name) => `setting ${name} (environment)`),
    expect.stringMatching(/^note SIGNING_KEYS are made new/),
    "is on Analytics Engine",
    ...THINGS.map((thing) => `created ${thing}`),
    ...(await migrations()).map((file) => `applied migration ${file}`),
    "set secret SIGNING_KEYS",
    "deployed version TAG",
    `ready ${production.url}/readyz`,
    expect.stringMatching(/^published \S+\/jwks\.json, keys: [\w-]{36}$/),
  ]);
  const phases = [
    /^POST \/(?:storage\/kv\/namespaces|d1\/database|queues|flagship\/apps)$/,
    /^POST \/flagship\/apps\/[^/]+\/flags$/,
    /^POST \/d1\/database\/[^/]+\/query$/,
    /^PUT \/workers\/scripts\/edge-actions\/secrets$/,
    /^POST \/queues\/[^/]+\/consumers$/,
  ];
  const changes = account.changes().map((change) => phases.findIndex((phase) => phase.test(change)));
  expect(changes[0], "to look what is there changes nothing").toBe(0);
  // What is left out is wrangler's own: it makes an empty Worker for the first secret.
  const order = changes.filter((phase) => phase !== -1);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(order).size).toBe(phases.length);
  const upload = "PUT /workers/scripts/edge-actions";
  expect(account.changes().filter((change) => change.endsWith("edge-actions"))).toEqual([upload, upload]);
  expect(account.changes().lastIndexOf(upload)).toBeGreaterThan(changes.lastIndexOf(3));
});

it("what runs is bound to what was made, and has the settings", () => {
  const namespace = account.namespaces.at(-1);
  const database = account.databases.at(-1);
  const app = account.apps.at(-1);
  const worker = account.workers.get("edge-actions");
  expect(worker?.versions.at(-1)?.bindings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: "KV", namespace_id: namespace?.id }),
      expect.objectContaining({ name: "OPERATORS_DB", id: database?.uuid }),
      expect.objectContaining({ name: "FLAGS", app_id: app?.id }),
      expect.objectContaining({ name: "RUNS", queue_name: "edge-actions-runs" }),
      expect.objectContaining({ name: "RUNS_ALONE", queue_name: "edge-actions-runs-dead" }),
      expect.objectContaining({ name: "USER_GATE", class_name: "UserGate" }),
      expect.objectContaining({ name: "DESTINATION_BREAKER", class_name: "DestinationBreaker" }),
      expect.objectContaining({ name: "METRICS_AGGREGATOR", class_name: "MetricsAggregator" }),
      ...Object.entries({ ...PRODUCTION, ...ACCESS }).map(([name, text]) => ({
        name,
        type: "plain_text",
        text,
      })),
      { name: "SIGNING_KEYS", type: "secret_text" },
    ]),
  );
  // The platform finds the objects by their class names, which the minified bundle still exports.
  const upload = account.requests.findLast(({ path }) => path === "/workers/scripts/edge-actions");
  expect(upload?.body).toMatch(
    /export\{[\w$]+ as DestinationBreaker,[\w$]+ as MetricsAggregator,[\w$]+ as UserGate,/,
  );
  const { observability } = parseMetadata(upload?.body);
  expect(observability).toMatchObject({ redact_query_string: true, logs: { invocation_logs: false } });
  expect(parseMetadata(upload?.body)).toMatchObject({
    code_update_strategy: { mode: "deferred", max_delay: 30 },
  });
  expect(worker?.migrationTag).toBe("v1");
  expect(worker?.crons).toEqual(["*/5 * * * *"]);
  expect(app?.flags).toMatchObject([{ enabled: true, default_variation: "on" }]);
  const tables = database?.sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  expect(tables).toEqual(
    expect.arrayContaining([{ name: "epoch" }, { name: "active_days" }, { name: "dead_letters" }]),
  );
});

it("nothing of staging, which the account has too, is used or changed", () => {
  for (const created of [account.namespaces, account.databases, account.apps])
    expect(created).toHaveLength(2);
  const consumed = account.queues.filter(({ consumers }) =>
    consumers.some(({ script }) => script === "edge-actions"),
  );
  expect(consumed.map(({ queue_name: name }) => name).toSorted()).toEqual([
    "edge-actions-runs",
    "edge-actions-runs-dead",
  ]);
  expect(account.apps[0]?.flags).toEqual([]);
  expect(account.databases[0]?.sql.prepare("SELECT name FROM sqlite_schema").all()).toEqual([]);
});

it("the signing key is Ed25519, and was never in an argument, on disk or on the screen", async () => {
  const { keys }: { keys: { kty: string; crv: string; kid: string; d: string }[] } = JSON.parse(
    account.secretOf("edge-actions", "SIGNING_KEYS") ?? "",
  );
  expect(keys).toMatchObject([{ kty: "OKP", crv: "Ed25519" }]);
  const commands = await readFile(argumentsFile, "utf8");
  expect(commands).toContain('"secret","put","SIGNING_KEYS"');
  const texts = await Promise.all(
    (await findFiles([folder, join(PROJECT, "dist/deploy")])).map((path) => readFile(path, "utf8")),
  );
  expect(texts.length).toBeGreaterThan(10);
  for (const text of [...texts, screen.join("\n")]) {
    expect(text).not.toContain(keys[0]?.d);
    expect(text).not.toContain(API_TOKEN);
  }
});

it("a deployment can be stopped when the new version runs already, but nothing sends it messages yet", async () => {
  const worker = account.workers.get("edge-actions");
  const versions = worker?.versions.length ?? 0;
  account.fail("PUT", /\/consumers\//);
  const config = join(PROJECT, "dist/deploy/production.json");
  const command = ["deploy", "--tag", worker?.versions.at(-1)?.annotations["workers/tag"] ?? ""];
  const environment = withOwnPrograms({ PATH: process.env["PATH"] ?? "", ...account.environment });
  const { status, output } = await started("wrangler", [...command, "--config", config], environment);
  expect(status).not.toBe(0);
  expect(output).toContain("the test account refuses");
  expect(worker?.versions).toHaveLength(versions + 1);
  expect(worker?.deployed.at(-1)).toBe(worker?.versions.at(-1)?.id);
  account.mend();
});

it("run again, without the settings, it makes up for that, reuses everything and changes nothing; a gateway that is not ready fails it", async () => {
  production.states = { ...ALL_OK, operators_index: "failing", upstream: "failing" };
  const before = account.state();
  const since = account.requests.length;
  // Keys that are there stay, whatever is given.
  const { status, output } = await deployProduction({ SIGNING_KEYS: await newSigningKeys() });
  expect(status, output).toBe(1);
  const steps = stepsIn(output);
  expect(steps).toContain("unchanged version TAG");
  expect(steps.filter((step) => !/^(?:reused|unchanged) /.test(step))).toEqual([
    ...SETTINGS.map((name) => `setting ${name} (as deployed)`),
    "ignored SIGNING_KEYS (environment): the Worker has this secret; `wrangler secret put SIGNING_KEYS` changes it",
    // What the gateway has not.
    expect.stringMatching(/^operators_index: the D1 database/),
    expect.stringMatching(/^upstream: UPSTREAM_URL/),
  ]);
  expect(output).toMatch(
    /\n\n\S+\/readyz answers 503\. Look at\n {2}operators_index: [^\n]*\n {2}upstream: /,
  );
  expect(output).not.toMatch(/^ +at /m);
  expect(account.state()).toEqual(before);
  // Said again as they are.
  const again = account.changes(since).map((change) => change.replace(/\/queues\/.*/, "/queues/…"));
  expect(again.toSorted()).toEqual([
    "POST /workers/scripts/edge-actions/subdomain",
    "PUT /queues/…",
    "PUT /queues/…",
    "PUT /workers/scripts/edge-actions/schedules",
  ]);
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
  expect(versions?.at(-1)?.annotations["workers/tag"]).toBe("0.2.0-241e48d8fa9a5320");
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

/** What an upload says of itself, beside its code. */
function parseMetadata(body = ""): Record<string, unknown> {
  const [, text = "null"] = /name="metadata"\r\n\r\n(.*)\r\n/.exec(body) ?? [];
  const metadata: Record<string, unknown> = JSON.parse(text);
  return metadata;
}

function deployProduction(settings: Environment) {
  const args = ["--check-url", production.url, "--check-seconds", "0"];
  return deploy(args, { ...account.environment, ...settings });
}

// As npm does it, without the time that npm takes.
function deploy(args: string[], environment: Environment) {
  const own = withOwnPrograms({ PATH: process.env["PATH"] ?? "" });
  return started("node", ["scripts/run.mjs", "scripts/deploy.ts", ...args], { ...own, ...environment });
}

async function started(program: string, args: string[], environment: Environment) {
  const { code, stdout, stderr } = await run(program, args, {
    ...env,
    // There is no login there.
    HOME: folder,
    CI: "true",
    NODE_OPTIONS: `--require=${join(folder, "recorder.cjs")}`,
    ...environment,
  });
  const output = `${stdout}${stderr}`;
  screen.push(output);
  return { status: code, output };
}
