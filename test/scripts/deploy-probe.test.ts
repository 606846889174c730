// The last steps of `npm run deploy`: how long it waits for the gateway, and what it says of one that does not come.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newSigningKeys } from "../../scripts/deploy/signing-keys.ts";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { STAGING } from "../flows/support/deploy-steps.ts";
import { ALL_OK, type DeployedGateway } from "../flows/support/deployed-gateway.ts";
import { freePort } from "../flows/support/environment.ts";
import { Deployments } from "./deployments.ts";

const NOT_READY = { ...ALL_OK, gate: "failing" };
const TAIL = "`npx wrangler tail --env staging`";
const KEY = { kty: "OKP", crv: "Ed25519", x: "x", alg: "EdDSA", use: "sig" };
const KEYS_PATH = "/.well-known/jwks.json";
const OTHER_KEYS = { keys: ["another", "one more"].map((kid) => ({ ...KEY, kid })) };

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
      if (wait === 2) gateway.states = ALL_OK;
    };
    const { error, steps } = await deployments.run("staging", STAGING, { checkSeconds: 120 });
    expect(error).toBeNull();
    expect(steps.slice(-2)).toEqual([
      `ready ${gateway.url}/readyz`,
      expect.stringMatching(/^published \S+\/\.well-known\/jwks\.json, keys: [\w-]{36}$/),
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
    [
      503,
      { status: "not_ready", dependencies: { ...ALL_OK, other: "failing" } },
      `503. Look at\n  other: ${TAIL}`,
    ],
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

describe("an answer that is not this gateway's fails the deployment, and is shown", () => {
  const ROUTED = "Is the host routed to this Worker?";
  const { kv: _kv, ...OLDER } = ALL_OK;
  it.each<[number, unknown]>([
    [404, "not here"],
    [200, "ok"],
    [200, { status: "ready" }],
    [200, { status: "ready", dependencies: OLDER }],
    [200, { status: "up", dependencies: ALL_OK }],
  ])("/readyz: %i %j", async (status, body) => {
    gateway.answers.set("/readyz", [status, body]);
    const { error } = await deployments.run("staging", STAGING);
    const shown = JSON.stringify(JSON.stringify(body).slice(0, 120));
    expect(error?.message).toBe(
      `${gateway.url}/readyz does not answer as the gateway does (${status}, ${shown}). ${ROUTED}`,
    );
  });

  it.each([
    ["/readyz", "Ready"],
    [KEYS_PATH, "Keys"],
  ])("%s as the contract shows it is the gateway's", async (path, name) => {
    await deployments.run("staging", STAGING);
    const answered = openapiDocument("https://a.example").paths[path]?.["get"]?.responses["200"];
    gateway.answers.set(path, [200, answered?.content?.["application/json"]?.examples?.[name]?.value]);
    expect((await deployments.run("staging", {})).error).toBeNull();
  });

  it.each<[string, number, object, string]>([
    ["another gateway's", 200, openapiDocument("https://a.example"), "is that of https://a.example"],
    [
      "another product's",
      200,
      { openapi: "3.1.0" },
      String.raw`is not the gateway's (200, "{\"openapi\":\"3.1.0\"}")`,
    ],
    ["none", 404, {}, 'is not the gateway\'s (404, "{}")'],
  ])("/openapi.json: %s", async (_what, status, body, says) => {
    gateway.answers.set("/openapi.json", [status, body]);
    const { error } = await deployments.run("staging", STAGING);
    expect(error?.message).toBe(
      `${gateway.url}/openapi.json ${says}, and PUBLIC_URL is ${STAGING.PUBLIC_URL}. ${ROUTED}`,
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
    const kid = deployments.keysOf("staging")?.match(/"kid":"([^"]+)"/)?.[1];
    const shown = JSON.stringify(JSON.stringify(answer[1]).slice(0, 120));
    expect(error?.message).toBe(
      `${gateway.url}${KEYS_PATH} does not publish the key ${kid}, which was just set (${answer[0]}, ${shown})`,
    );
  });

  it("that come later are waited for", async () => {
    gateway.answers.set(KEYS_PATH, [200, OTHER_KEYS]);
    deployments.clock.meanwhile = () => gateway.answers.clear();
    const { error } = await deployments.run("staging", STAGING, { checkSeconds: 120 });
    expect(error).toBeNull();
    expect(deployments.clock.waitedMs).toEqual([2000]);
  });

  it.each([
    {
      what: "another issuer's",
      keys: [
        { ...KEY, kid: "k" },
        { kty: "RSA", n: "n", e: "AQAB", kid: "r" },
      ],
    },
    { what: "no keys", keys: [] },
  ])("that were there before fail it where they are $what", async ({ keys }) => {
    await deployments.run("staging", STAGING);
    gateway.answers.set(KEYS_PATH, [200, { keys }]);
    const { error } = await deployments.run("staging", {});
    expect(error?.message).toMatch(/jwks\.json does not publish the gateway's keys \(200, "\{\\"keys/);
  });

  it("that were there before the deployment may be any of its kind, and are named", async () => {
    await deployments.run("staging", STAGING);
    gateway.answers.set(KEYS_PATH, [200, OTHER_KEYS]);
    const { error, steps } = await deployments.run("staging", { SIGNING_KEYS: await newSigningKeys() });
    expect(error).toBeNull();
    expect(steps.at(-1)).toBe(`published ${gateway.url}${KEYS_PATH}, keys: another, one more`);
  });
});
