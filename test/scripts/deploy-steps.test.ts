// The steps of `npm run deploy`, in this process and with a wrangler of the test's own: what is refused, planned, stopped,
// resumed and kept. deploy.test.ts has the real wrangler.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { ACCESS, migrations, PRODUCTION, STAGING } from "../flows/support/deploy-steps.ts";
import { Deployments, WORKERS } from "./deployments.ts";
import type { FakeWrangler } from "./fake-wrangler.ts";

const FLAG = "edge_actions_api_rate_limiting_global";

let deployments: Deployments;
let wrangler: FakeWrangler;

beforeEach(async () => {
  deployments = await Deployments.open();
  ({ wrangler } = deployments);
});

afterEach(() => deployments.close());

describe("nothing is touched", () => {
  it("where nobody is logged in", async () => {
    wrangler.isLoggedIn = false;
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toBe("nobody is logged in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a deployment whose settings are missing or bad, which names all of them", async () => {
    const given = { UPSTREAM_URL: "ftp://upstream.example.com", UPSTREAM_AUTH: "caller" };
    const { error } = await deployments.run("production", given);
    for (const name of ["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL", "UPSTREAM_TOKEN"])
      expect(error?.message).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    expect(wrangler.changes()).toEqual([]);
  });

  it("by code that does not build", async () => {
    wrangler.failing = /^deploy --dry-run/;
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toMatch(/^wrangler deploy --dry-run .* failed:/);
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a dry run, which prints the plan", async () => {
    const { error, steps } = await deployments.run("staging", STAGING, { isDryRun: true });
    expect(error).toBeNull();
    expect(steps).toEqual([
      "setting PUBLIC_URL (environment)",
      "setting JWT_ISSUERS (environment)",
      "setting UPSTREAM_URL (environment)",
      "would create KV namespace edge-actions-staging-kv",
      "would create D1 database edge-actions-staging-operators",
      "would create queue edge-actions-staging-runs",
      "would create queue edge-actions-staging-runs-dead",
      "would create Flagship app edge-actions-staging-flags",
      `would create flag ${FLAG}, on`,
      ...(await migrations()).map((file) => `would apply migration ${file}`),
      "would set secret SIGNING_KEYS",
      "would deploy version TAG",
      `would check ${deployments.gateways.staging.url}/readyz and /.well-known/jwks.json`,
    ]);
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a dry run, which asks nothing even at a terminal", async () => {
    // It must not wait for an answer either.
    deployments.ask = () => Promise.reject(new Error("a dry run has asked"));
    const { error, steps } = await deployments.run("staging", {}, { isDryRun: true });
    expect(error).toBeNull();
    expect(steps).toContain("missing UPSTREAM_URL: the backend that runs the actions");
    expect(wrangler.changes()).toEqual([]);
  });
});

describe("a deployment", () => {
  it("makes each thing once, after what it needs", async () => {
    const { error } = await deployments.run("staging", STAGING);
    expect(error).toBeNull();
    const id = wrangler.apps[0]?.id;
    const commands = wrangler.changes().map((command) => command.replace(/(?<=--tag ).*/, "TAG"));
    expect(commands.slice(0, 5).toSorted()).toEqual([
      "d1 create edge-actions-staging-operators",
      "flagship apps create edge-actions-staging-flags",
      "kv namespace create edge-actions-staging-kv",
      "queues create edge-actions-staging-runs",
      "queues create edge-actions-staging-runs-dead",
    ]);
    expect(commands.slice(5)).toEqual([
      `flagship flags create ${id} ${FLAG} --default on --remote`,
      "d1 migrations apply OPERATORS_DB --remote",
      "secret put SIGNING_KEYS",
      "deploy --tag TAG",
    ]);
  });

  it("asks at the terminal for what is missing", async () => {
    const asked = answerWith(STAGING);
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    expect(asked).toEqual(["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL"]);
    expect(steps).toContain("setting UPSTREAM_URL (your answer)");
    expect(steps).toContain("deployed version TAG");
  });

  it("run again, without the settings, reuses everything and changes nothing", async () => {
    await deployments.run("staging", STAGING);
    const [before, since] = [wrangler.state(), wrangler.commands.length];
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    expect(steps.filter((step) => !/^(?:reused|unchanged) /.test(step))).toEqual([
      "setting PUBLIC_URL (as deployed)",
      "setting JWT_ISSUERS (as deployed)",
      "setting UPSTREAM_URL (as deployed)",
      `ready ${deployments.gateways.staging.url}/readyz`,
      `published ${deployments.gateways.staging.url}/.well-known/jwks.json, keys: 1`,
    ]);
    expect(wrangler.state()).toEqual(before);
    // Routes, timers and consumers are set again as they are.
    expect(wrangler.changes(since)).toEqual(["triggers deploy"]);
  });

  it("run again asks the account only for what the running Worker is not bound to", async () => {
    await deployments.run("staging", STAGING);
    const since = wrangler.commands.length;
    await deployments.run("staging", {});
    const commands = wrangler.commands
      .slice(since)
      .map((command) => command.replace(/ --.*| [\w-]{36}.*/, ""));
    expect(commands.toSorted()).toEqual([
      "d1 execute OPERATORS_DB",
      "d1 list",
      "deploy",
      "deployments status",
      "flagship flags list",
      "triggers deploy",
      "versions view",
    ]);
  });

  it("with a changed setting makes a new version, with the same keys and bindings", async () => {
    await deployments.run("staging", STAGING);
    const [before, keys] = [wrangler.bindingsOf(WORKERS.staging), deployments.keysOf("staging")];
    const since = wrangler.commands.length;
    const { error, steps } = await deployments.run("staging", {
      UPSTREAM_URL: "https://elsewhere.example.com",
    });
    expect(error).toBeNull();
    expect(steps).toContain("deployed version TAG");
    expect(wrangler.changes(since)).toEqual([expect.stringMatching(/^deploy --tag 0\.1\.0-[0-9a-f]{16}$/)]);
    const changed = before.map((binding) =>
      binding.name === "UPSTREAM_URL" ? { ...binding, text: "https://elsewhere.example.com" } : binding,
    );
    expect(wrangler.bindingsOf(WORKERS.staging)).toEqual(expect.arrayContaining(changed));
    expect(wrangler.bindingsOf(WORKERS.staging)).toHaveLength(changed.length);
    expect(deployments.keysOf("staging")).toBe(keys);
  });

  it("that was stopped goes on where it was stopped, and says what it had made", async () => {
    wrangler.failing = /^flagship apps create/;
    const stopped = await deployments.run("production", PRODUCTION);
    expect(stopped.error?.message).toMatch(
      /^wrangler flagship apps create .* failed:\nthe test account refuses/,
    );
    expect(stopped.steps.slice(3)).toEqual([
      "created KV namespace edge-actions-kv",
      "created D1 database edge-actions-operators",
      "created queue edge-actions-runs",
      "created queue edge-actions-runs-dead",
    ]);
    expect(wrangler.workers.size).toBe(0);

    wrangler.failing = null;
    const resumed = await deployments.run("production", PRODUCTION);
    expect(resumed.error).toBeNull();
    expect(resumed.steps.slice(3)).toEqual([
      "reused KV namespace edge-actions-kv",
      "reused D1 database edge-actions-operators",
      "reused queue edge-actions-runs",
      "reused queue edge-actions-runs-dead",
      "created Flagship app edge-actions-flags",
      `created flag ${FLAG}, on`,
      ...(await migrations()).map((file) => `applied migration ${file}`),
      "set secret SIGNING_KEYS",
      "deployed version TAG",
      `ready ${deployments.gateways.production.url}/readyz`,
      `published ${deployments.gateways.production.url}/.well-known/jwks.json, keys: 1`,
    ]);
    for (const made of [wrangler.namespaces, wrangler.databases, wrangler.apps]) expect(made).toHaveLength(1);
  });

  it("whose first creation fails says what the others have made", async () => {
    wrangler.failing = /^kv namespace create/;
    const { error, steps } = await deployments.run("production", PRODUCTION);
    expect(error?.message).toBe(
      "wrangler kv namespace create edge-actions-kv failed:\nthe test account refuses",
    );
    expect(steps.slice(3)).toEqual([
      "created D1 database edge-actions-operators",
      "created queue edge-actions-runs",
      "created queue edge-actions-runs-dead",
      "created Flagship app edge-actions-flags",
    ]);
  });

  it("to production shares nothing with staging, and takes the keys that it is given", async () => {
    await deployments.run("staging", STAGING);
    const staging = structuredClone(wrangler.workers.get(WORKERS.staging));
    const keys = await newSigningKeys();
    const { error } = await deployments.run("production", { ...PRODUCTION, ...ACCESS, SIGNING_KEYS: keys });
    expect(error).toBeNull();
    for (const made of [wrangler.namespaces, wrangler.databases, wrangler.apps]) expect(made).toHaveLength(2);
    expect(wrangler.queues.toSorted()).toEqual([
      "edge-actions-runs",
      "edge-actions-runs-dead",
      "edge-actions-staging-runs",
      "edge-actions-staging-runs-dead",
    ]);
    expect(deployments.keysOf("production")).toBe(keys);
    expect(deployments.keysOf("staging")).not.toBe(keys);
    expect(wrangler.workers.get(WORKERS.staging)).toEqual(staging);
    const bindings = wrangler.bindingsOf(WORKERS.production);
    for (const [name, text] of Object.entries({ ...PRODUCTION, ...ACCESS }))
      expect(bindings).toContainEqual({ name, type: "plain_text", text });
  });

  it("whose gateway is not ready fails, with what to look at", async () => {
    deployments.gateways.staging.states = { gate: "ok", operators_index: "failing", upstream: "failing" };
    const { error, steps } = await deployments.run("staging", STAGING);
    expect(steps.at(-1)).toBe("deployed version TAG");
    expect(error?.message).toMatch(
      /readyz answers 503\. Look at\n {2}operators_index: the D1 database.*\n {2}upstream: UPSTREAM_URL/,
    );
  });

  it("asks for the secrets once more before it believes that there are no signing keys", async () => {
    await deployments.run("staging", STAGING);
    const keys = deployments.keysOf("staging");
    for (const version of wrangler.workers.get(WORKERS.staging)?.versions ?? [])
      version.bindings = version.bindings.filter(({ name }) => name !== "SIGNING_KEYS");
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    expect(steps).toContain("unchanged secret SIGNING_KEYS");
    expect(deployments.keysOf("staging")).toBe(keys);
  });
});

/** Gives the deployment a terminal whose user answers with these settings; returns the names that were asked for. */
function answerWith(answers: Record<string, string>): string[] {
  const asked: string[] = [];
  deployments.ask = async (name) => {
    asked.push(name);
    return answers[name] ?? "";
  };
  return asked;
}
