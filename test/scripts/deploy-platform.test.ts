// What the platform refuses only at the upload, when all else is made: the command says it first. And what it does with
// settings and keys that it would otherwise drop, make or leave without a word.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { explainRefusal } from "../../scripts/deploy/refusals.ts";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { WranglerFailed } from "../../scripts/deploy/wrangler.ts";
import { STAGING } from "../flows/support/deploy-steps.ts";
import { Deployments, WORKERS } from "./deployments.ts";
import { type FakeWrangler, TOKEN } from "./fake-wrangler.ts";

/** As its service answers where it was never switched on, and to a token that may not ask. */
const OFF: [number, string] = [403, "Authorization error\n"];
const NOT_ALLOWED: [number, string] = [403, '{"success":false,"errors":[{"code":10000}]}'];
const NOTE = /^note SIGNING_KEYS are made new.*docs\/deploying\.md, Secrets/;

let deployments: Deployments;
let wrangler: FakeWrangler;

beforeEach(async () => {
  deployments = await Deployments.open();
  ({ wrangler } = deployments);
});

afterEach(() => deployments.close());

describe("Analytics Engine", () => {
  it("that is off stops a deployment before anything is made, with what to do", async () => {
    wrangler.analytics = OFF;
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toMatch(/^nothing has been touched\. Analytics Engine is off.*10089.*dashboard/);
    expect(wrangler.changes()).toEqual([]);
  });

  it("that is off is part of what a dry run prints", async () => {
    wrangler.analytics = OFF;
    const { error, steps } = await deployments.run("staging", STAGING, { isDryRun: true });
    expect(error).toBeNull();
    expect(steps).toContainEqual(expect.stringMatching(/^missing Analytics Engine is off/));
  });

  it.each<[string, () => unknown]>([
    ["a token that may not ask", () => (wrangler.analytics = NOT_ALLOWED)],
    ["a service that is down", () => (wrangler.analytics = [500, ""])],
    ["several accounts", () => wrangler.accounts.push({ id: "another" })],
    ["no connection", () => (wrangler.accounts = [{ id: "elsewhere" }])],
    ["no token", () => (wrangler.failing = /^auth token/)],
  ])("is unknown with %s, and the deployment goes on", async (_what, begin) => {
    begin();
    const { steps } = await deployments.run("staging", STAGING, { isDryRun: true });
    expect(steps).toContain("unknown Analytics Engine");
    expect(steps).toContain("would create KV namespace edge-actions-staging-kv");
  });

  it("that only the upload finds off is explained beside the platform's own words", async () => {
    wrangler.analytics = NOT_ALLOWED;
    const { error, output } = await deployments.run("staging", STAGING);
    expect(error?.message).toMatch(/^wrangler deploy .* failed:\n[^]*10089\]\n\nAnalytics Engine is off/);
    expect(`${error?.message}${output}`).not.toContain(TOKEN);
  });

  it("is asked of the account that is given", async () => {
    wrangler.accounts = [];
    const shell = { ...STAGING, CLOUDFLARE_ACCOUNT_ID: "account-of-the-test" };
    expect((await deployments.run("staging", shell, { isDryRun: true })).steps).toContain(
      "is on Analytics Engine",
    );
    expect(wrangler.commands).not.toContain("whoami --json");
  });
});

it.each([
  ["Text too large [code: 10054]", /\n\na variable or secret is larger than 5120 bytes/],
  ["Authentication error [code: 10000]", /Authentication error \[code: 10000\]$/],
])("the refusal %s is explained where that helps", (output, says) => {
  expect(explainRefusal(new WranglerFailed(["deploy"], output))).toHaveProperty(
    "message",
    expect.stringMatching(says),
  );
});

it("a variable over 5 KB is named with its size, and nothing is touched", async () => {
  const issuers = STAGING.JWT_ISSUERS.padEnd(5121);
  const { error } = await deployments.run("staging", { ...STAGING, JWT_ISSUERS: issuers });
  expect(error?.message).toMatch(/^ {2}JWT_ISSUERS has 5121 bytes, and the platform takes at most 5120/m);
  expect(wrangler.changes()).toEqual([]);
  expect(
    (await deployments.run("staging", { ...STAGING, JWT_ISSUERS: issuers.slice(0, -1) })).error,
  ).toBeNull();
});

describe("what the environment gives", () => {
  it("and only wrangler.toml may say is named as ignored", async () => {
    const { error, steps } = await deployments.run("staging", {
      ...STAGING,
      READ_LIMIT: "5",
      MAX_IN_FLIGHT: "",
    });
    expect(error).toBeNull();
    expect(steps.filter((step) => step.startsWith("ignored"))).toEqual([
      "ignored READ_LIMIT (environment): this one comes from wrangler.toml alone",
    ]);
    expect(wrangler.bindingsOf(WORKERS.staging).map(({ name }) => name)).not.toContain("READ_LIMIT");
  });
});

it("a setting that was taken out of wrangler.toml is named before it goes", async () => {
  await deployments.configure('[env.staging.vars]\nREAD_LIMIT = "5"');
  await deployments.run("staging", STAGING);
  await deployments.configure("");
  const planned = await deployments.run("staging", {}, { isDryRun: true });
  expect(planned.steps).toContain("would remove setting READ_LIMIT");
  const { steps } = await deployments.run("staging", {});
  expect(steps).toContain("removes setting READ_LIMIT");
  expect(wrangler.bindingsOf(WORKERS.staging).map(({ name }) => name)).not.toContain("READ_LIMIT");
});

it("before signing keys are made, how to keep a copy is said; with keys of one's own there is nothing to say", async () => {
  const first = await deployments.run("staging", STAGING);
  const [note, set] = [NOTE, /^set secret SIGNING_KEYS/].map((line) =>
    first.steps.findIndex((step) => line.test(step)),
  );
  expect(note).toBeGreaterThan(-1);
  expect(set).toBeGreaterThan(note ?? 0);
  const SIGNING_KEYS = await newSigningKeys();
  const given = await deployments.run("production", { ...STAGING, SIGNING_KEYS });
  const again = await deployments.run("staging", {});
  for (const { steps } of [given, again]) expect(steps).not.toContainEqual(expect.stringMatching(NOTE));
});
