// Which version `npm run deploy` puts into the account: with which settings and secrets, and when there is no new one.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PRODUCTION, STAGING } from "../flows/support/deploy-steps.ts";
import { Deployments, WORKERS } from "./deployments.ts";
import type { FakeWrangler } from "./fake-wrangler.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
const NEW_VERSION = expect.stringMatching(/^deploy --tag 0\.1\.0-[0-9a-f]{16}$/);

let deployments: Deployments;
let wrangler: FakeWrangler;

beforeEach(async () => {
  deployments = await Deployments.open();
  ({ wrangler } = deployments);
});

afterEach(() => deployments.close());

describe("a new version", () => {
  it("is what new code with the same settings needs", async () => {
    await deployments.run("staging", STAGING);
    wrangler.bundle = "another bundle";
    const since = wrangler.commands.length;
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    expect(steps).toContain("deployed version TAG");
    expect(wrangler.changes(since)).toEqual([NEW_VERSION]);
  });

  it("is made after a secret was set, whose own version has no tag", async () => {
    await deployments.run("staging", STAGING);
    const since = wrangler.commands.length;
    const { steps } = await deployments.run("staging", { UPSTREAM_TOKEN: "token" });
    expect(steps).toContain("deployed version TAG");
    expect(wrangler.changes(since)).toEqual(["secret put UPSTREAM_TOKEN", NEW_VERSION]);
    expect((await deployments.run("staging", {})).steps).toContain("unchanged version TAG");
  });

  it("has the completion token where it is given, and keeps it where it is not", async () => {
    const { error, steps } = await deployments.run("staging", {
      ...STAGING,
      COMPLETION_TOKEN: "what-the-upstream-sends",
    });
    expect(error).toBeNull();
    expect(steps).toEqual(expect.arrayContaining(["set secret SIGNING_KEYS", "set secret COMPLETION_TOKEN"]));
    expect(wrangler.secretOf(WORKERS.staging, "COMPLETION_TOKEN")).toBe("what-the-upstream-sends");
    expect((await deployments.run("staging", {})).steps).toContain("unchanged secret COMPLETION_TOKEN");
  });

  it("has both secrets where callers' own tokens go to the upstream", async () => {
    const shell = { ...PRODUCTION, UPSTREAM_AUTH: "caller", UPSTREAM_TOKEN: "token" };
    const { error, steps } = await deployments.run("production", shell);
    expect(error).toBeNull();
    expect(steps).toEqual(expect.arrayContaining(["set secret SIGNING_KEYS", "set secret UPSTREAM_TOKEN"]));
    expect(wrangler.secretOf(WORKERS.production, "UPSTREAM_TOKEN")).toBe("token");
    expect(deployments.keysOf("production")).toMatch(/^\{"keys":\[/);
    const again = await deployments.run("production", {});
    expect(again.steps).toEqual(
      expect.arrayContaining(["unchanged secret SIGNING_KEYS", "unchanged secret UPSTREAM_TOKEN"]),
    );
  });

  it("of a bound upstream needs no URL of it", async () => {
    await deployments.configure(
      '[[env.production.services]]\nbinding = "UPSTREAM"\nservice = "the-upstream"',
    );
    const { UPSTREAM_URL: _bound, ...others } = PRODUCTION;
    const { error, steps } = await deployments.run("production", others);
    expect(error).toBeNull();
    expect(steps).toContain("deployed version TAG");
    const names = wrangler.bindingsOf(WORKERS.production).map(({ name }) => name);
    expect(names).toContain("PUBLIC_URL");
    expect(names).not.toContain("UPSTREAM_URL");
  });

  it("with another service bound still needs the upstream's URL", async () => {
    await deployments.configure('[[env.production.services]]\nbinding = "OTHER"\nservice = "another"');
    const { UPSTREAM_URL: _missing, ...others } = PRODUCTION;
    const { error } = await deployments.run("production", others);
    expect(error?.message).toMatch(/^ {2}UPSTREAM_URL: .* \(missing\)$/m);
  });
});

describe("the flag of the rate limit", () => {
  it.each(["off", "on"])("starts %s where RATE_LIMIT_FLAG_DEFAULT says so", async (variation) => {
    await deployments.configure(`[env.staging.vars]\nRATE_LIMIT_FLAG_DEFAULT = "${variation}"`);
    const { error, steps } = await deployments.run("staging", STAGING);
    expect(error).toBeNull();
    expect(steps).toContain(`created flag ${FLAG}, ${variation}`);
    expect(wrangler.apps[0]?.flags).toEqual([{ key: FLAG, variation }]);
  });
});

describe("while two versions share the traffic", () => {
  const OTHER_URL = "https://other.example.com";

  it.each([
    { split: [90, 10], url: STAGING.UPSTREAM_URL },
    { split: [10, 90], url: OTHER_URL },
  ])("$split, the settings of the larger one stay, and all traffic gets them", async ({ split, url }) => {
    await deployTwoVersions(split);
    const since = wrangler.commands.length;
    const { error, steps } = await deployments.run("staging", {});
    expect(error).toBeNull();
    // The tag is that of the larger version, and yet the split must end.
    expect(steps).toContain("deployed version TAG");
    expect(wrangler.changes(since)).toEqual([NEW_VERSION]);
    expect(wrangler.bindingsOf(WORKERS.staging)).toContainEqual({
      name: "UPSTREAM_URL",
      type: "plain_text",
      text: url,
    });
  });

  it("one that has got all of it is unchanged, although the other one is still named", async () => {
    await deployTwoVersions([0, 100]);
    const since = wrangler.commands.length;
    expect((await deployments.run("staging", {})).steps).toContain("unchanged version TAG");
    expect(wrangler.changes(since)).toEqual(["triggers deploy"]);
  });

  async function deployTwoVersions(percentages: number[]): Promise<void> {
    await deployments.run("staging", STAGING);
    await deployments.run("staging", { UPSTREAM_URL: OTHER_URL });
    const worker = wrangler.workers.get(WORKERS.staging);
    const latest = worker?.versions.slice(-2) ?? [];
    if (worker === undefined || latest.length < 2) throw new Error("two versions should be there");
    worker.split = Object.fromEntries(latest.map(({ id }, index) => [id, percentages[index] ?? 0]));
  }
});
