// What `npm run deploy` takes wrangler's answers for, and what wrangler's processes get from the shell.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WranglerFailed, wranglerEnvironment } from "../../scripts/deploy/wrangler.ts";
import { STAGING } from "../flows/support/deploy-steps.ts";
import { Deployments, WORKERS } from "./deployments.ts";
import type { FakeWrangler } from "./fake-wrangler.ts";

let deployments: Deployments;
let wrangler: FakeWrangler;

beforeEach(async () => {
  deployments = await Deployments.open();
  ({ wrangler } = deployments);
});

afterEach(() => deployments.close());

describe("the look at what runs", () => {
  it.each([true, false])("fails with wrangler's words, in a dry run (%s) too", async (isDryRun) => {
    wrangler.failing = /^deployments status/;
    const { error, steps } = await deployments.run("staging", STAGING, { isDryRun });
    expect(error?.message).toBe("wrangler deployments status --json failed:\nthe test account refuses");
    expect(steps).toEqual([]);
    expect(wrangler.changes()).toEqual([]);
  });

  it.each([10_007, 10_090])("takes wrangler's error %i for a Worker that is not there", async (code) => {
    wrangler.missingWorkerCode = code;
    const { error, steps } = await deployments.run("staging", STAGING, { isDryRun: true });
    expect(error).toBeNull();
    expect(steps).toContain("would create KV namespace edge-actions-staging-kv");
  });

  it.each([10_000, 10_006, 10_070, 100_071])("does not take its error %i for that", async (code) => {
    wrangler.missingWorkerCode = code;
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toContain(`[code: ${code}]`);
    expect(wrangler.changes()).toEqual([]);
  });
});

// As wrangler 4.155 has them.
describe("nobody is logged in", () => {
  it.each([
    "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
    "No credentials were found and the login attempt was unsuccessful. Run `wrangler login` to try again.",
    "Your auth token has expired and could not be refreshed. Run `wrangler login` in an interactive terminal or set a CLOUDFLARE_API_TOKEN.",
  ])("where wrangler says %s", (words) => {
    expect(new WranglerFailed(["deploy"], words).isNotLoggedIn).toBe(true);
  });

  it.each([
    "Authentication error [code: 10000]",
    "Your auth token has expired and could not be refreshed because the Cloudflare auth server could not be reached.",
    "This Worker does not exist. [code: 10007]",
    "getaddrinfo ENOTFOUND api.cloudflare.com",
  ])("is not what it says with %s", (words) => {
    expect(new WranglerFailed(["deploy"], words).isNotLoggedIn).toBe(false);
  });
});

describe("the id of what was made", () => {
  it("is read from what wrangler prints", async () => {
    const { error } = await deployments.run("staging", STAGING);
    expect(error).toBeNull();
    expect(listsAfterCreation()).toEqual([]);
    expectIdsInBindings();
  });

  it("is looked up where wrangler prints none", async () => {
    wrangler.printsIds = false;
    const { error } = await deployments.run("staging", STAGING);
    expect(error).toBeNull();
    expect(listsAfterCreation().toSorted()).toEqual([
      "d1 list --json",
      "flagship apps list --json",
      "kv namespace list",
    ]);
    expectIdsInBindings();
  });
});

describe("wrangler's processes", () => {
  it("get the shell's variables, but no secret and no other environment's name", () => {
    const shell = {
      PATH: "/bin",
      CLOUDFLARE_API_TOKEN: "token",
      CLOUDFLARE_ENV: "staging",
      SIGNING_KEYS: "keys",
      UPSTREAM_TOKEN: "token",
      COMPLETION_TOKEN: "another token",
    };
    const environment = wranglerEnvironment(shell);
    expect(environment).toMatchObject({ PATH: "/bin", CLOUDFLARE_API_TOKEN: "token" });
    for (const name of ["CLOUDFLARE_ENV", "SIGNING_KEYS", "UPSTREAM_TOKEN", "COMPLETION_TOKEN"])
      expect(environment).not.toHaveProperty(name);
    expect(shell.SIGNING_KEYS, "the shell's own stay").toBe("keys");
  });

  it("ask nothing, print no colours, report nothing, and write no secret into their log, whatever the shell says", () => {
    const shell = {
      CI: "false",
      NO_COLOR: "",
      FORCE_COLOR: "1",
      WRANGLER_SEND_METRICS: "true",
      WRANGLER_HIDE_BANNER: "false",
      WRANGLER_LOG_SANITIZE: "false",
    };
    expect(wranglerEnvironment(shell)).toMatchObject({
      CI: "true",
      NO_COLOR: "1",
      FORCE_COLOR: "0",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_LOG_SANITIZE: "true",
    });
  });
});

function listsAfterCreation(): string[] {
  const first = wrangler.commands.findIndex((command) => / create /.test(command));
  return wrangler.commands.slice(first).filter((command) => / list\b/.test(command));
}

function expectIdsInBindings(): void {
  expect(wrangler.bindingsOf(WORKERS.staging)).toEqual(
    expect.arrayContaining([
      { name: "KV", type: "kv_namespace", namespace_id: wrangler.namespaces[0]?.id },
      { name: "OPERATORS_DB", type: "d1", id: wrangler.databases[0]?.uuid },
      { name: "FLAGS", type: "flagship", app_id: wrangler.apps[0]?.id },
    ]),
  );
}
