// The steps of `npm run deploy`, in this process and with a wrangler of the test's own: what is refused, planned, stopped,
// resumed and kept. deploy.test.ts has the real wrangler.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Options } from "../../scripts/deploy/options.ts";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { deploy } from "../../scripts/deploy/steps.ts";
import { Failure } from "../../scripts/failure.ts";
import { migrations, PRODUCTION, STAGING, stepsIn } from "../flows/support/deploy-steps.ts";
import { DeployedGateway } from "../flows/support/deployed-gateway.ts";
import { type Environment, makeFolder, removeFolder } from "../flows/support/environment.ts";
import { FakeWrangler } from "./fake-wrangler.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
const ACCESS = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "32f2" };
const WORKERS = { staging: "edge-actions-staging", production: "edge-actions" };

type EnvironmentName = keyof typeof WORKERS;
/** The error with which it ended, or null. */
type Ended = { error: Failure | null; output: string; steps: string[] };

let folder: string;
let wrangler: FakeWrangler;
let gateways: Record<EnvironmentName, DeployedGateway>;

beforeEach(async () => {
  folder = await makeFolder();
  wrangler = new FakeWrangler();
  gateways = {
    staging: await DeployedGateway.of(wrangler, WORKERS.staging),
    production: await DeployedGateway.of(wrangler, WORKERS.production),
  };
});

afterEach(async () => {
  await Promise.all(Object.values(gateways).map((gateway) => gateway.close()));
  await removeFolder(folder);
});

describe("nothing is touched", () => {
  it("where nobody is logged in", async () => {
    wrangler.isLoggedIn = false;
    const { error } = await deployTo("staging", STAGING);
    expect(error?.message).toBe("nobody is logged in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a deployment whose settings are missing or bad, which names all of them", async () => {
    const given = { UPSTREAM_URL: "ftp://upstream.example.com", UPSTREAM_AUTH: "caller" };
    const { error } = await deployTo("production", given);
    for (const name of ["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL", "UPSTREAM_TOKEN"])
      expect(error?.message).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    expect(wrangler.changes()).toEqual([]);
  });

  it("by code that does not build", async () => {
    wrangler.failing = /^deploy --dry-run/;
    const { error } = await deployTo("staging", STAGING);
    expect(error?.message).toMatch(/^wrangler deploy --dry-run .* failed:/);
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a dry run, which prints the plan", async () => {
    const { error, steps } = await deployTo("staging", STAGING, { isDryRun: true });
    expect(error).toBeNull();
    expect(steps).toEqual([
      "setting PUBLIC_URL (environment)",
      "setting JWT_ISSUERS (environment)",
      "setting UPSTREAM_URL (environment)",
      "would create KV namespace edge-actions-staging-kv",
      "would create D1 database edge-actions-staging-ledger",
      "would create queue edge-actions-staging-runs",
      "would create queue edge-actions-staging-runs-dead",
      "would create Flagship app edge-actions-staging-flags",
      `would create flag ${FLAG}, on`,
      ...(await migrations()).map((file) => `would apply migration ${file}`),
      "would set secret SIGNING_KEYS",
      "would deploy version TAG",
      `would check ${gateways.staging.url}/readyz and /.well-known/jwks.json`,
    ]);
    expect(wrangler.changes()).toEqual([]);
  });
});

describe("a deployment", () => {
  it("makes each thing once, after what it needs", async () => {
    const { error } = await deployTo("staging", STAGING);
    expect(error).toBeNull();
    const id = wrangler.apps[0]?.id;
    const commands = wrangler.changes().map((command) => command.replace(/(?<=--tag ).*/, "TAG"));
    expect(commands.slice(0, 5).toSorted()).toEqual([
      "d1 create edge-actions-staging-ledger",
      "flagship apps create edge-actions-staging-flags",
      "kv namespace create edge-actions-staging-kv",
      "queues create edge-actions-staging-runs",
      "queues create edge-actions-staging-runs-dead",
    ]);
    expect(commands.slice(5)).toEqual([
      `flagship flags create ${id} ${FLAG} --default on --remote`,
      "d1 migrations apply LEDGER --remote",
      "secret put SIGNING_KEYS",
      "deploy --tag TAG",
    ]);
  });

  it("run again, without the settings, reuses everything and changes nothing", async () => {
    await deployTo("staging", STAGING);
    const [before, since] = [wrangler.state(), wrangler.commands.length];
    const { error, steps } = await deployTo("staging", {});
    expect(error).toBeNull();
    expect(steps.filter((step) => !/^(?:reused|unchanged) /.test(step))).toEqual([
      "setting PUBLIC_URL (as deployed)",
      "setting JWT_ISSUERS (as deployed)",
      "setting UPSTREAM_URL (as deployed)",
      `ready ${gateways.staging.url}/readyz`,
      `published ${gateways.staging.url}/.well-known/jwks.json, keys: 1`,
    ]);
    expect(wrangler.state()).toEqual(before);
    // Routes, timers and consumers are set again as they are.
    expect(wrangler.changes(since)).toEqual(["triggers deploy"]);
  });

  it("run again asks the account only for what the running Worker is not bound to", async () => {
    await deployTo("staging", STAGING);
    const since = wrangler.commands.length;
    await deployTo("staging", {});
    const commands = wrangler.commands
      .slice(since)
      .map((command) => command.replace(/ --.*| [\w-]{36}.*/, ""));
    expect(commands.toSorted()).toEqual([
      "d1 execute LEDGER",
      "d1 list",
      "deploy",
      "deployments status",
      "flagship flags list",
      "queues info edge-actions-staging-runs-dead",
      "triggers deploy",
      "versions view",
    ]);
  });

  it("with a changed setting makes a new version, with the same keys and bindings", async () => {
    await deployTo("staging", STAGING);
    const [before, keys] = [wrangler.bindingsOf(WORKERS.staging), keysOf("staging")];
    const since = wrangler.commands.length;
    const { error, steps } = await deployTo("staging", { UPSTREAM_URL: "https://elsewhere.example.com" });
    expect(error).toBeNull();
    expect(steps).toContain("deployed version TAG");
    expect(wrangler.changes(since)).toEqual([expect.stringMatching(/^deploy --tag 0\.1\.0-[0-9a-f]{16}$/)]);
    const changed = before.map((binding) =>
      binding.name === "UPSTREAM_URL" ? { ...binding, text: "https://elsewhere.example.com" } : binding,
    );
    expect(wrangler.bindingsOf(WORKERS.staging)).toEqual(expect.arrayContaining(changed));
    expect(wrangler.bindingsOf(WORKERS.staging)).toHaveLength(changed.length);
    expect(keysOf("staging")).toBe(keys);
  });

  it("that was stopped goes on where it was stopped, and says what it had made", async () => {
    wrangler.failing = /^flagship apps create/;
    const stopped = await deployTo("production", PRODUCTION);
    expect(stopped.error?.message).toMatch(
      /^wrangler flagship apps create .* failed:\nthe test account refuses/,
    );
    expect(stopped.steps.slice(3)).toEqual([
      "created KV namespace edge-actions-kv",
      "created D1 database edge-actions-ledger",
      "created queue edge-actions-runs",
      "created queue edge-actions-runs-dead",
    ]);
    expect(wrangler.workers.size).toBe(0);

    wrangler.failing = null;
    const resumed = await deployTo("production", PRODUCTION);
    expect(resumed.error).toBeNull();
    expect(resumed.steps.slice(3)).toEqual([
      "reused KV namespace edge-actions-kv",
      "reused D1 database edge-actions-ledger",
      "reused queue edge-actions-runs",
      "reused queue edge-actions-runs-dead",
      "created Flagship app edge-actions-flags",
      `created flag ${FLAG}, on`,
      ...(await migrations()).map((file) => `applied migration ${file}`),
      "set secret SIGNING_KEYS",
      "deployed version TAG",
      `ready ${gateways.production.url}/readyz`,
      `published ${gateways.production.url}/.well-known/jwks.json, keys: 1`,
    ]);
    for (const made of [wrangler.namespaces, wrangler.databases, wrangler.apps]) expect(made).toHaveLength(1);
  });

  it("to production shares nothing with staging, and takes the keys that it is given", async () => {
    await deployTo("staging", STAGING);
    const staging = structuredClone(wrangler.workers.get(WORKERS.staging));
    const keys = await newSigningKeys();
    const { error } = await deployTo("production", { ...PRODUCTION, ...ACCESS, SIGNING_KEYS: keys });
    expect(error).toBeNull();
    for (const made of [wrangler.namespaces, wrangler.databases, wrangler.apps]) expect(made).toHaveLength(2);
    expect(wrangler.queues.toSorted()).toEqual([
      "edge-actions-runs",
      "edge-actions-runs-dead",
      "edge-actions-staging-runs",
      "edge-actions-staging-runs-dead",
    ]);
    expect(keysOf("production")).toBe(keys);
    expect(keysOf("staging")).not.toBe(keys);
    expect(wrangler.workers.get(WORKERS.staging)).toEqual(staging);
    const bindings = wrangler.bindingsOf(WORKERS.production);
    for (const [name, text] of Object.entries({ ...PRODUCTION, ...ACCESS }))
      expect(bindings).toContainEqual({ name, type: "plain_text", text });
  });

  it("whose gateway is not ready fails, with what to look at", async () => {
    gateways.staging.states = { gate: "ok", ledger: "failing", upstream: "failing" };
    const { error, steps } = await deployTo("staging", STAGING);
    expect(steps.at(-1)).toBe("deployed version TAG");
    expect(error?.message).toMatch(
      /readyz answers 503\. Look at\n {2}ledger: the D1 database.*\n {2}upstream: UPSTREAM_URL/,
    );
  });

  it("asks for the secrets once more before it believes that there are no signing keys", async () => {
    await deployTo("staging", STAGING);
    const keys = keysOf("staging");
    for (const version of wrangler.workers.get(WORKERS.staging)?.versions ?? [])
      version.bindings = version.bindings.filter(({ name }) => name !== "SIGNING_KEYS");
    const { error, steps } = await deployTo("staging", {});
    expect(error).toBeNull();
    expect(steps).toContain("unchanged secret SIGNING_KEYS");
    expect(keysOf("staging")).toBe(keys);
  });
});

async function deployTo(
  environment: EnvironmentName,
  shell: Environment,
  options: Partial<Options> = {},
): Promise<Ended> {
  const lines: string[] = [];
  const surroundings = {
    folder: join(folder, "deploy"),
    wranglerWith: wrangler.wranglerWith,
    shell,
    ask: null,
    print: (line: string) => void lines.push(line),
  };
  const checkUrl = gateways[environment].url;
  const all = { environment, isDryRun: false, checkUrl, checkSeconds: 0, ...options };
  const error = await deploy(all, surroundings).then(() => null, expectedFailure);
  const output = lines.join("\n");
  return { error, output, steps: stepsIn(output) };
}

/** Any other error is a bug. */
function expectedFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

function keysOf(environment: EnvironmentName): string | undefined {
  return wrangler.secretOf(WORKERS[environment], "SIGNING_KEYS");
}
