// The steps of `npm run deploy`, in this process and with a wrangler of the test's own: what is refused, planned, stopped,
// resumed and kept, and which version is made. What the real wrangler makes of them, from nothing and run again: deploy.test.ts.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WranglerFailed, wranglerEnvironment } from "../../scripts/deploy/wrangler.ts";
import { migrations, PRODUCTION, STAGING } from "../flows/support/deploy-steps.ts";
import { Deployments, WORKERS } from "./deployments.ts";
import type { FakeWrangler } from "./fake-wrangler.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
const NEW_VERSION = expect.stringMatching(/^deploy --tag \d+\.\d+\.\d+-[0-9a-f]{16}$/);

let deployments: Deployments;
let wrangler: FakeWrangler;

beforeEach(async () => {
  deployments = await Deployments.open();
  ({ wrangler } = deployments);
});

afterEach(() => deployments.close());

describe("nothing is touched", () => {
  it("without a login", async () => {
    wrangler.isLoggedIn = false;
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toBe("not logged in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a deployment whose settings are missing or bad, which names all of them", async () => {
    const given = { UPSTREAM_URL: "ftp://upstream.example.com", UPSTREAM_AUTH: "caller" };
    const { error } = await deployments.run("production", given);
    for (const name of ["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL", "UPSTREAM_TOKEN"])
      expect(error?.message).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    expect(wrangler.changes()).toEqual([]);
  });

  it.each([
    ["code that does not build", /^deploy --dry-run/, false],
    ["an account that cannot be asked", /^deployments status/, false],
    ["an account that cannot be asked, in a dry run", /^deployments status/, true],
  ])("by %s, which fails with wrangler's words", async (_what, failing, isDryRun) => {
    wrangler.failing = failing;
    const { error } = await deployments.run("staging", STAGING, { isDryRun });
    expect(error?.message).toMatch(/^wrangler deploy\S* .* failed:\nthe test account refuses/);
    expect(wrangler.changes()).toEqual([]);
  });

  it("by a dry run, which prints the plan", async () => {
    const { error, steps } = await deployments.run("staging", STAGING, { isDryRun: true });
    expect(error).toBeNull();
    expect(steps).toEqual([
      "setting PUBLIC_URL (environment)",
      "setting JWT_ISSUERS (environment)",
      "setting UPSTREAM_URL (environment)",
      expect.stringMatching(/^note SIGNING_KEYS are made new/),
      "is on Analytics Engine",
      "would create KV namespace edge-actions-staging-kv",
      "would create D1 database edge-actions-staging-operators",
      "would create queue edge-actions-staging-runs",
      "would create queue edge-actions-staging-runs-dead",
      "would create Flagship app edge-actions-staging-flags",
      `would create flag ${FLAG}, on`,
      ...(await migrations()).map((file) => `would apply migration ${file}`),
      "would set secret SIGNING_KEYS",
      "would deploy version TAG",
      `would check ${deployments.gateways.staging.url}/readyz, /openapi.json and /.well-known/jwks.json`,
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

describe("what wrangler says", () => {
  it.each([
    [10_007, true],
    [10_090, true],
    [10_070, false],
    [100_071, false],
  ])("with its error %i means that the Worker is not there: %s", async (code, isAbsent) => {
    wrangler.missingWorkerCode = code;
    const { error, steps } = await deployments.run("staging", STAGING, { isDryRun: true });
    expect(steps.includes("would create KV namespace edge-actions-staging-kv")).toBe(isAbsent);
    if (!isAbsent) expect(error?.message).toContain(`[code: ${code}]`);
  });

  // As wrangler 4.155 has them.
  const WITHOUT_A_LOGIN = [
    "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable",
    "No credentials were found and the login attempt was unsuccessful. Run `wrangler login` to try again.",
    "Your auth token has expired and could not be refreshed. Run `wrangler login` in an interactive terminal",
  ];
  const OTHERS = [
    "Authentication error [code: 10000]",
    "Your auth token has expired and could not be refreshed because the Cloudflare auth server could not be",
    "getaddrinfo ENOTFOUND api.cloudflare.com",
  ];
  it.each([...WITHOUT_A_LOGIN, ...OTHERS])("with %s is, or is not, that a login is missing", (text) => {
    expect(new WranglerFailed(["deploy"], text).isNotLoggedIn).toBe(WITHOUT_A_LOGIN.includes(text));
  });

  it("of a new thing need not be its id: that is looked up then", async () => {
    wrangler.printsIds = false;
    const { error } = await deployments.run("staging", STAGING);
    expect(error).toBeNull();
    expect(wrangler.bindingsOf(WORKERS.staging)).toEqual(
      expect.arrayContaining([
        { name: "KV", type: "kv_namespace", namespace_id: wrangler.namespaces[0]?.id },
        { name: "OPERATORS_DB", type: "d1", id: wrangler.databases[0]?.uuid },
        { name: "FLAGS", type: "flagship", app_id: wrangler.apps[0]?.id },
      ]),
    );
  });
});

it("wrangler's processes get the shell's variables but for secrets, ask nothing, and print no colours and no secret", () => {
  const kept = { PATH: "/bin", CLOUDFLARE_API_TOKEN: "token" };
  const left = { CLOUDFLARE_ENV: "staging", SIGNING_KEYS: "k", UPSTREAM_TOKEN: "t", COMPLETION_TOKEN: "c" };
  const [colours, quiet] = [{ NO_COLOR: "1", FORCE_COLOR: "0" }, { WRANGLER_SEND_METRICS: "false" }];
  const set = {
    CI: "true",
    ...colours,
    ...quiet,
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_SANITIZE: "true",
  };
  const shell = { ...kept, ...left, ...Object.fromEntries(Object.keys(set).map((name) => [name, "other"])) };
  const environment = wranglerEnvironment(shell);
  expect(environment).toMatchObject({ ...kept, ...set });
  for (const name of Object.keys(left)) expect(environment).not.toHaveProperty(name);
  expect(shell, "the shell's own stay").toMatchObject(left);
});

describe("a deployment", () => {
  it("asks at the terminal for what is missing", async () => {
    const asked: string[] = [];
    deployments.ask = async (name) => {
      asked.push(name);
      return Object.entries(STAGING).find(([known]) => known === name)?.[1] ?? "";
    };
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    expect(asked).toEqual(["PUBLIC_URL", "JWT_ISSUERS", "UPSTREAM_URL"]);
    expect(steps).toContain("setting UPSTREAM_URL (your answer)");
  });

  it("that was stopped goes on where it was stopped, and says what it had made", async () => {
    wrangler.failing = /^flagship apps create/;
    const stopped = await deployments.run("production", PRODUCTION);
    expect(stopped.error?.message).toMatch(/^wrangler flagship apps create .* failed:/);
    expect(stopped.steps.slice(5)).toEqual([
      "created KV namespace edge-actions-kv",
      "created D1 database edge-actions-operators",
      "created queue edge-actions-runs",
      "created queue edge-actions-runs-dead",
    ]);
    expect(wrangler.workers.size).toBe(0);

    wrangler.failing = null;
    const resumed = await deployments.run("production", PRODUCTION);
    expect(resumed.error).toBeNull();
    expect(resumed.steps.slice(5, 10)).toEqual([
      "reused KV namespace edge-actions-kv",
      "reused D1 database edge-actions-operators",
      "reused queue edge-actions-runs",
      "reused queue edge-actions-runs-dead",
      "created Flagship app edge-actions-flags",
    ]);
    for (const all of [wrangler.namespaces, wrangler.databases, wrangler.apps]) expect(all).toHaveLength(1);
  });

  it("run again asks the account only for what the running Worker is not bound to", async () => {
    const commands = (await runAgain({})).commands.map((command) =>
      command.replace(/ --.*| [\w-]{36}.*/, ""),
    );
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

  it("asks for the secrets once more before it believes that there are no signing keys", async () => {
    await deployments.run("staging", STAGING);
    const keys = deployments.keysOf("staging");
    for (const version of wrangler.workers.get(WORKERS.staging)?.versions ?? [])
      version.bindings = version.bindings.filter(({ type }) => type !== "secret_text");
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    expect(steps).toContain("unchanged secret SIGNING_KEYS");
    expect(deployments.keysOf("staging")).toBe(keys);
  });

  it("creates the flag of the rate limit as RATE_LIMIT_FLAG_DEFAULT says", async () => {
    await deployments.configure('[env.staging.vars]\nRATE_LIMIT_FLAG_DEFAULT = "off"');
    const { steps } = await deployments.run("staging", STAGING);
    expect(steps).toContain(`created flag ${FLAG}, off`);
    expect(wrangler.apps[0]?.flags).toEqual([{ key: FLAG, variation: "off" }]);
  });

  it.each([
    ["UPSTREAM", null],
    ["OTHER", /^ {2}UPSTREAM_URL: .* \(missing\)$/m],
  ])("with the service %s bound needs the upstream's URL: %s", async (binding, missing) => {
    await deployments.configure(`[[env.production.services]]\nbinding = "${binding}"\nservice = "a-worker"`);
    const { UPSTREAM_URL: _url, ...others } = PRODUCTION;
    const { error } = await deployments.run("production", others);
    if (missing !== null) expect(error?.message).toMatch(missing);
    else
      expect(wrangler.bindingsOf(WORKERS.production).map(({ name }) => name)).not.toContain("UPSTREAM_URL");
  });
});

describe("a new version", () => {
  it("is what new code with the same settings needs", async () => {
    const { changes } = await runAgain({}, () => (wrangler.bundle = "another bundle"));
    expect(changes).toEqual([NEW_VERSION]);
  });

  it("is made after a secret was set, whose own version has no tag", async () => {
    const { changes } = await runAgain({ COMPLETION_TOKEN: "what-the-upstream-sends" });
    expect(changes).toEqual(["secret put COMPLETION_TOKEN", NEW_VERSION]);
    expect((await deployments.run("staging", {})).steps).toContain("unchanged version TAG");
  });

  it("with a changed setting has the same keys and bindings", async () => {
    const url = "https://elsewhere.example.com";
    await deployments.run("staging", STAGING);
    const [before, keys] = [wrangler.bindingsOf(WORKERS.staging), deployments.keysOf("staging")];
    const { changes } = await runAgain({ UPSTREAM_URL: url });
    expect(changes).toEqual([NEW_VERSION]);
    const changed = before.map((one) => (one.name === "UPSTREAM_URL" ? { ...one, text: url } : one));
    expect(wrangler.bindingsOf(WORKERS.staging)).toEqual(expect.arrayContaining(changed));
    expect(wrangler.bindingsOf(WORKERS.staging)).toHaveLength(changed.length);
    expect(deployments.keysOf("staging")).toBe(keys);
  });

  const OTHER_URL = "https://other.example.com";
  it.each([
    { split: [90, 10], url: STAGING.UPSTREAM_URL, changed: [NEW_VERSION] },
    { split: [10, 90], url: OTHER_URL, changed: [NEW_VERSION] },
    { split: [0, 100], url: OTHER_URL, changed: ["triggers deploy"] },
  ])("ends a split of $split; the settings of the larger version stay", async ({ split, url, changed }) => {
    await deployments.run("staging", STAGING);
    const { changes } = await runAgain({}, async () => {
      await deployments.run("staging", { UPSTREAM_URL: OTHER_URL });
      const worker = wrangler.workers.get(WORKERS.staging);
      const latest = worker?.versions.slice(-2) ?? [];
      if (worker === undefined || latest.length < 2) throw new Error("two versions should be there");
      worker.split = Object.fromEntries(latest.map(({ id }, index) => [id, split[index] ?? 0]));
    });
    expect(changes).toEqual(changed);
    expect(wrangler.bindingsOf(WORKERS.staging)).toContainEqual(
      expect.objectContaining({ name: "UPSTREAM_URL", text: url }),
    );
  });
});

/** Deploys to staging, and once more with these variables; the commands of the second time. */
async function runAgain(shell: Record<string, string>, meanwhile: () => unknown = () => undefined) {
  await deployments.run("staging", STAGING);
  await meanwhile();
  const since = wrangler.commands.length;
  const { error } = await deployments.run("staging", shell);
  expect(error).toBeNull();
  return { commands: wrangler.commands.slice(since), changes: wrangler.changes(since) };
}
