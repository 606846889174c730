// The last steps of `npm run deploy`: how long it waits for the gateway, and what it says of one that does not come.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { STAGING } from "../flows/support/deploy-steps.ts";
import type { DeployedGateway } from "../flows/support/deployed-gateway.ts";
import { freePort } from "../flows/support/environment.ts";
import { Deployments } from "./deployments.ts";

const NOT_READY = { gate: "failing" };
const READY = { gate: "ok" };
const TAIL = "`npx wrangler tail --env staging`";
const KEYS_PATH = "/.well-known/jwks.json";
const OTHER_KEYS = { keys: [{ kid: "another" }, { kid: "one more" }] };

let deployments: Deployments;
let gateway: DeployedGateway;

beforeEach(async () => {
  deployments = await Deployments.open();
  gateway = deployments.gateways.staging;
});

afterEach(() => deployments.close());

describe("a gateway that is not ready yet", () => {
  it("is asked every 2 s, until it is ready", async () => {
    gateway.states = NOT_READY;
    deployments.clock.meanwhile = (wait) => {
      if (wait === 2) gateway.states = READY;
    };
    const { error, steps } = await deployments.run("staging", STAGING, { checkSeconds: 120 });
    expect(error).toBeNull();
    expect(steps.slice(-2)).toEqual([
      `ready ${gateway.url}/readyz`,
      `published ${gateway.url}${KEYS_PATH}, keys: 1`,
    ]);
    expect(deployments.clock.waitedMs).toEqual([2000, 2000]);
  });

  it.each([
    { checkSeconds: 1, waitedMs: [] },
    { checkSeconds: 4, waitedMs: [2000, 2000] },
    { checkSeconds: 7, waitedMs: [2000, 2000, 2000] },
  ])("fails after $checkSeconds s", async ({ checkSeconds, waitedMs }) => {
    gateway.states = NOT_READY;
    const { error } = await deployments.run("staging", STAGING, { checkSeconds });
    expect(error?.message).toMatch(/\/readyz answers 503\. Look at\n {2}gate: the Durable Objects/);
    expect(deployments.clock.waitedMs).toEqual(waitedMs);
  });
});

describe("what to look at", () => {
  it.each<[number, unknown, string]>([
    [500, { code: "internal" }, `500: ${TAIL} shows why, a bad setting as settings.invalid`],
    [503, { dependencies: { gate: "ok", other: "failing" } }, `503. Look at\n  other: ${TAIL}`],
    [404, "not here", "404, and not as the gateway does. Is the host routed to this Worker?"],
  ])("where the answer is %i %j", async (status, body, words) => {
    gateway.answers.set("/readyz", [status, body]);
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toBe(`${gateway.url}/readyz answers ${words}`);
  });

  it("where nothing answers", async () => {
    const checkUrl = `http://127.0.0.1:${await freePort()}`;
    const { error } = await deployments.run("staging", STAGING, { checkUrl });
    expect(error?.message).toMatch(
      /\/readyz does not answer \(.*ECONNREFUSED.*\)\. Is the host routed to this Worker\?/,
    );
  });
});

describe("published keys", () => {
  it.each<[string, [status: number, body: unknown]]>([
    ["other ones than the one that was deployed", [200, OTHER_KEYS]],
    ["none", [200, { keys: [] }]],
    ["an error", [503, OTHER_KEYS]],
  ])("fail the deployment where they are %s", async (_what, answer) => {
    gateway.answers.set(KEYS_PATH, answer);
    const { error, steps } = await deployments.run("staging", STAGING);
    expect(steps.at(-1)).toBe(`ready ${gateway.url}/readyz`);
    const message = `${gateway.url}${KEYS_PATH} does not publish the gateway's keys (${answer[0]})`;
    expect(error?.message).toBe(message);
  });

  it("that come later are waited for", async () => {
    gateway.answers.set(KEYS_PATH, [200, OTHER_KEYS]);
    deployments.clock.meanwhile = () => gateway.answers.clear();
    const { error } = await deployments.run("staging", STAGING, { checkSeconds: 120 });
    expect(error).toBeNull();
    expect(deployments.clock.waitedMs).toEqual([2000]);
  });

  it("that were there before the deployment may be any", async () => {
    await deployments.run("staging", STAGING);
    gateway.answers.set(KEYS_PATH, [200, OTHER_KEYS]);
    const { error, steps } = await deployments.run("staging", { SIGNING_KEYS: await newSigningKeys() });
    expect(error).toBeNull();
    expect(steps.at(-1)).toBe(`published ${gateway.url}${KEYS_PATH}, keys: 2`);
  });
});
