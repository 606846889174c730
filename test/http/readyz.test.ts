// /readyz: whether the gateway can do its work. Each dependency is named with its state, and nothing else.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { counting, failing, never, replacing } from "../support/bindings.ts";
import { SECOND, T0 } from "../support/clock.ts";
import { type Gateway, it, makeGateway } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { statuses, times } from "../support/times.ts";
import { makeIssuer, makeSigningKey } from "../support/tokens.ts";

beforeEach(() => freshIndex());
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

const ALL_OK = {
  gate: "ok",
  kv: "ok",
  operators_index: "ok",
  flags: "ok",
  upstream: "ok",
  signing_keys: "ok",
  issuer_keys: "ok",
};

function ask(gateway: Gateway) {
  return gateway.call("/readyz", { claims: null });
}

describe("/readyz", () => {
  it("names every dependency while all is well", async ({ gateway }) => {
    const { status, body } = await ask(gateway);
    expect([status, body]).toEqual([200, { status: "ready", dependencies: ALL_OK }]);
    const documented = openapiDocument("https://edge.example").paths["/readyz"]?.["get"]?.responses["200"];
    expect(documented?.content?.["application/json"]?.examples?.["Ready"]?.value).toEqual(body);
  });

  it.each([
    { name: "gate", calls: /^USER_GATE/ },
    { name: "kv", calls: /^KV/ },
    { name: "flags", calls: /^FLAGS/ },
    { name: "upstream", calls: /^UPSTREAM/ },
  ])("names $name when it fails, and nothing of how", async ({ name, calls }) => {
    const bindings = failing(calls, () => new Error("connect ECONNREFUSED 10.0.0.7:5432"));
    const { status, body, text } = await ask(await makeGateway({}, bindings));
    expect([status, body]).toEqual([
      503,
      { status: "not_ready", dependencies: { ...ALL_OK, [name]: "failing" } },
    ]);
    expect(text).not.toMatch(/ECONN|10\.0\.0\.7/);
  });

  it("says so when the halves of a signing key do not belong together", async () => {
    const [one, other] = [await makeSigningKey(), await makeSigningKey()];
    const mixed = await makeGateway({ SIGNING_KEYS: JSON.stringify({ keys: [{ ...one, d: other.d }] }) });
    expect((await ask(mixed)).body.dependencies).toEqual({ ...ALL_OK, signing_keys: "failing" });
  });

  it.each([
    { errorCode: "GENERAL", publicUrl: null, state: "failing" },
    { errorCode: "TYPE_MISMATCH", publicUrl: "https://edge.example", state: "failing" },
    { errorCode: "FLAG_NOT_FOUND", publicUrl: "https://edge.example", state: "failing" },
    // On a developer's machine there need be no flag.
    { errorCode: "FLAG_NOT_FOUND", publicUrl: "http://127.0.0.1:8787", state: "ok" },
    { errorCode: undefined, publicUrl: "https://edge.example", state: "ok" },
  ])(
    "a flag whose evaluation says $errorCode, at $publicUrl, is $state",
    async ({ errorCode, publicUrl, state }) => {
      const bindings = replacing("FLAGS.getBooleanDetails", async () => ({ value: true, errorCode }));
      const settings: Record<string, string> = publicUrl === null ? {} : { PUBLIC_URL: publicUrl };
      const { body } = await ask(await makeGateway(settings, bindings));
      expect(body.dependencies).toEqual({ ...ALL_OK, flags: state });
    },
  );

  it("is ready without the operators' index, whose state it says", async () => {
    const { status, body } = await ask(await makeGateway({}, failing(/^OPERATORS_DB/)));
    const dependencies = { ...ALL_OK, operators_index: "failing" };
    expect([status, body]).toEqual([200, { status: "ready", dependencies }]);
  });

  it.each([
    { name: "an error page", answer: async () => new Response("no", { status: 500 }), state: "failing" },
    { name: "a lost connection", answer: () => Promise.reject(new Error("lost")), state: "failing" },
    { name: "a key set", answer: async () => Response.json({ keys: [] }), state: "ok" },
  ])("an issuer that answers with $name is $state", async ({ answer, state }) => {
    vi.spyOn(globalThis, "fetch").mockImplementation(answer);
    const issuer = await makeIssuer("https://login.example", { jwksUri: "https://login.example/jwks.json" });
    const { body } = await ask(await makeGateway({}, undefined, { issuer }));
    expect(body.dependencies.issuer_keys).toBe(state);
  });

  it("an upstream that answers anything at all is there", async ({ gateway }) => {
    gateway.upstream.behave(() => new Response("no such path", { status: 404 }));
    expect((await ask(gateway)).body.dependencies.upstream).toBe("ok");
    expect(gateway.upstream.asked).toMatchObject([{ method: "GET", path: "/healthz" }]);
    expect(gateway.upstream.asked[0]?.headers.get("authorization")).toBeNull();
  });

  it("asks each dependency at most once in 30 seconds, for all callers", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: T0 });
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    await ask(gateway);
    const checks = calls.length;
    vi.setSystemTime(T0 + 30 * SECOND - 1);
    await ask(gateway);
    expect(calls).toHaveLength(checks);
    vi.setSystemTime(T0 + 30 * SECOND);
    await ask(gateway);
    expect(calls).toHaveLength(2 * checks);
  });

  it("asks once for ten requests at once, and answers all of them", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: T0 });
    const alone: string[] = [];
    await ask(await makeGateway({}, counting(alone)));
    const calls: string[] = [];
    const gateway = await makeGateway({}, counting(calls));
    const answers = await Promise.all(times(10, () => ask(gateway)));
    expect(answers.map(({ status, body }) => [status, body.dependencies])).toEqual(
      times(10, () => [200, ALL_OK]),
    );
    expect(calls.toSorted()).toEqual(alone.toSorted());
  });

  it("asks once more, for all that wait, when a check never ends", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: T0 });
    const wait = scheduler.wait.bind(scheduler);
    // The runtime has dropped the first one's request: neither what it asked for nor its timers come. Others' patience ends.
    vi.spyOn(scheduler, "wait").mockImplementation((ms, options) =>
      ms === 3_000 ? never() : wait(10, options),
    );
    let checks = 0;
    const gateway = await makeGateway(
      {},
      replacing("KV.get", ({ perform }) => (++checks === 1 ? never() : perform())),
    );
    const asking = times(3, () => gateway.begin("/readyz", { claims: null }).response);
    expect(statuses(await Promise.all(asking))).toEqual({ 200: 3 });
    expect(checks).toBe(2);
  });
});
