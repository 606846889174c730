// Beyond what an isolate can carry, a caller is told to come again at once, and all others are served as ever.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect } from "vitest";
import { never, replacing } from "../support/bindings.ts";
import { forgetAnswers } from "../support/forget.ts";
import { fillMemory } from "../support/full-memory.ts";
import { until } from "../support/gate.ts";
import { buildStart, type Call, it, makeGateway, RUN_PATH } from "../support/gateway.ts";
import { statuses, times } from "../support/times.ts";
import "../support/own-workerd.ts";

afterEach(() => reset());

const WITHOUT_HEADERS: Call = { circumstances: { rateLimit: "off" } };

describe("an isolate with its hands full", () => {
  it("refuses a user beyond half of what is free, serves another, and the first again when it was answered", async () => {
    const gateway = await makeGateway({ MAX_IN_FLIGHT: "6" });
    const answer = Promise.withResolvers<void>();
    gateway.upstream.behave(({ body }, honest) =>
      body.includes("slow") ? answer.promise.then(honest) : honest(),
    );
    const held = times(3, () => gateway.begin(RUN_PATH, buildStart({ inputs: { a: "slow" } })));
    await until(() => gateway.upstream.starts.length === 3);
    const refused = await gateway.start({}, WITHOUT_HEADERS);
    expect((await gateway.start({}, { claims: { sub: "bob" } })).status).toBe(202);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(refused.body.errors[0].code).toBe("service_unavaiable");
    expect((await gateway.call("/healthz", { claims: null })).status).toBe(200);
    answer.resolve();
    const served = await Promise.all(held.map(({ response }) => response));
    expect(statuses(served)).toEqual({ 202: 3 });
    const next = await gateway.start({});
    // A refusal counted nothing.
    expect([next.status, next.headers.get("x-ratelimit-remaining")]).toEqual([202, "196"]);
    await Promise.all(held.map(({ rest }) => rest()));
  });

  it("has no room for a body while others hold too much, and counts and starts nothing for it", async ({
    gateway,
  }) => {
    const release = fillMemory();
    const refused = await gateway.start({}, WITHOUT_HEADERS);
    release();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(gateway.upstream.starts).toEqual([]);
    const next = await gateway.start({});
    expect([next.status, next.headers.get("x-ratelimit-remaining")]).toEqual([202, "199"]);
  });
});

describe("KV that never answers", () => {
  it("is not waited for longer than two seconds", async () => {
    const gateway = await makeGateway({}, replacing("KV.get", never));
    await gateway.start({ idempotency_id: crypto.randomUUID() });
    // Else KV would not be asked.
    await forgetAnswers(await gateway.gateOf());
    const startedAtMs = performance.now();
    const answer = await gateway.start({ idempotency_id: crypto.randomUUID() });
    expect(answer.status).toBe(202);
    expect(performance.now() - startedAtMs).toBeGreaterThan(1_900);
  });
});
