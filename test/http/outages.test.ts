// What is away while a caller starts a run or the upstream reports its end. What a run does later: test/consumer/.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { failing, never, replacing } from "../support/bindings.ts";
import { HOUR, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { makeGateway } from "../support/gateway.ts";
import { answerKeysWith } from "../support/issuer-network.ts";
import { HOOK, PAYING, Stage } from "../support/stage.ts";
import { makeIssuer } from "../support/tokens.ts";

const KV_TIMEOUT_MS = 2_000;
const QUEUE_TIMEOUT_MS = 5_000;

freshForEach();

let isSkipped: (ms: number) => boolean;
beforeEach(() => {
  isSkipped = () => false;
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation(async (ms, options) =>
    isSkipped(ms) ? undefined : wait(ms, options),
  );
});

function overloaded(): Error {
  return Object.assign(new Error("overloaded"), { retryable: true, overloaded: true });
}

describe.each([
  ["fails", undefined],
  ["is overloaded", overloaded],
])("while the gate %s", (_how, error) => {
  it.each([
    ["an id", { idempotency_id: crypto.randomUUID() }, {}],
    ["a callback", { callback_url: HOOK }, {}],
    ["a charge", {}, PAYING],
  ])("a run with %s gets 503 and Retry-After, and nothing runs", async (_what, data, claims) => {
    const log = vi.spyOn(console, "log");
    const gateway = await makeGateway();
    const { issuer, upstream } = gateway;
    const down = await makeGateway({}, failing(/^USER_GATE/, error), { issuer, upstream });
    const refused = await down.start(data, { claims, circumstances: { rateLimit: "any" } });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(log.mock.calls.join()).toContain('"outcome":"failed_closed"');
    expect(upstream.starts).toEqual([]);
    expect((await gateway.start(data, { claims })).status).toBe(202);
  });
});

describe("what hangs", () => {
  it("as a queue has a completion answered 503, and the gate sends again when it is back", async () => {
    const stage = await Stage.set({ RUN_POLL_SCHEDULE: "600" });
    const run = await stage.start();
    stage.queue.rule(() => "held");
    isSkipped = (ms) => ms === QUEUE_TIMEOUT_MS;
    expect((await stage.push(run)).status).toBe(503);
    await stage.pass(600 * SECOND);
    expect(stage.queue.offered.length).toBeGreaterThan(1);
    expect(stage.received).toEqual([]);
    stage.queue.rule(() => "kept");
    isSkipped = () => false;
    await stage.pass(HOUR);
    expect(await stage.counts()).toEqual([1, 1, 1, 1, 0]);
  });

  it("as the KV that may have an issuer's keys is not waited for: the issuer is asked", async () => {
    const jwksUri = "https://keys.example/of-a-hanging-kv";
    const remote = await makeIssuer("https://of-a-hanging-kv.example", { jwksUri });
    const asked = answerKeysWith(() => Response.json(remote.jwks));
    const gateway = await makeGateway({}, replacing("KV.get", never), { moreIssuers: [remote] });
    isSkipped = (ms) => ms === KV_TIMEOUT_MS;
    expect((await gateway.start({}, { issuer: remote })).status).toBe(202);
    expect(asked).toEqual([jwksUri]);
  });
});
