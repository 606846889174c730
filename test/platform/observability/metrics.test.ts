// One point per request, one per attempt, each with the documented columns and nothing that a caller said.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { buildUserKey } from "../../../src/auth/caller.ts";
import { BLOBS, DOUBLES, hashHost } from "../../../src/platform/observability/metrics.ts";
import { replacing } from "../../support/bindings.ts";
import { MINUTE, moveClock, SECOND } from "../../support/clock.ts";
import { freshForEach } from "../../support/fresh.ts";
import { ACTION, makeGateway } from "../../support/gateway.ts";
import { Points } from "../../support/points.ts";
import { HOOK, Stage } from "../../support/stage.ts";
import { words } from "../../support/words.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const START_ROUTE = "/actions/v1/stored-actions/:stored_action_id/run";

let points: Points;

freshForEach();
beforeEach(() => {
  points = new Points();
});

it("the columns of version 1 keep their places", () => {
  expect(BLOBS).toEqual(words`
    kind outcome status_class method route delivery failure host`);
  expect(DOUBLES).toEqual(words`
    status duration_ms auth_ms gate_ms upstream_ms attempt since_end_ms queued_ms`);
});

describe("a request", () => {
  it("is one point with all its columns", async () => {
    const gateway = await makeGateway({}, points.bindings);
    gateway.upstream.behave((_asked, honest) => {
      moveClock(41);
      return honest();
    });
    await gateway.start({});
    expect(points.written).toEqual([
      {
        index1: await buildUserKey("https://login.example", "alice"),
        kind: "request",
        outcome: "accepted",
        status_class: "2xx",
        method: "POST",
        route: START_ROUTE,
        delivery: "",
        failure: "",
        host: "",
        status: 202,
        duration_ms: 41,
        auth_ms: 0,
        gate_ms: 0,
        upstream_ms: 41,
        attempt: -1,
        since_end_ms: -1,
        queued_ms: -1,
      },
    ]);
  });

  it("without a token is one of no user", async () => {
    const gateway = await makeGateway({}, points.bindings);
    await gateway.start({}, { claims: null });
    expect(points.written).toMatchObject([
      { index1: "anonymous", status: 401, outcome: "unauthorized", gate_ms: -1, upstream_ms: -1 },
    ]);
  });

  it.each(["", "/deliveries", "/deliveries/redeliver"])(
    "over the limit of reads is limited: %s",
    async (rest) => {
      const gateway = await makeGateway({ READ_LIMIT: "1" }, points.bindings);
      const { body } = await gateway.start({});
      const read = `/actions/v1/stored-actions/${ACTION}/runs/${body.data.id}`;
      await gateway.call(read);
      await gateway.call(`${read}${rest}`, { method: rest.endsWith("redeliver") ? "POST" : "GET" });
      expect(points.written.at(-1)).toMatchObject({ outcome: "limited", status: 429 });
    },
  );
});

describe("an attempt", () => {
  it("is one point with all its columns", async () => {
    const stage = await Stage.set({}, points.bindings);
    const run = await stage.start();
    await stage.push(run);
    points.written.length = 0;
    stage.receive(() => {
      moveClock(70);
      return new Response(null, { status: 204 });
    });
    await stage.drain();
    expect(points.written).toEqual([
      {
        index1: await buildUserKey("https://login.example", "alice"),
        kind: "attempt",
        outcome: "acknowledged",
        status_class: "2xx",
        method: "",
        route: "",
        delivery: "delivered",
        failure: "",
        // printf %s client.example | sha256sum | cut -c1-16
        host: "a91b8b0f880d24c4",
        status: 204,
        duration_ms: 70,
        auth_ms: -1,
        gate_ms: -1,
        upstream_ms: -1,
        attempt: 1,
        since_end_ms: 0,
        queued_ms: 0,
      },
    ]);
  });

  it("after attempt says how its delivery stands, to the dead letter", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5,60" }, points.bindings);
    stage.receive(() => new Response(null, { status: 500 }));
    await stage.push(await stage.start({ callback_url: anotherHook() }));
    await stage.pass(10 * MINUTE);
    expect(points.take("attempt")).toMatchObject([
      { attempt: 1, delivery: "retrying", failure: "status is no 2xx", status: 500, since_end_ms: 0 },
      { attempt: 2, delivery: "retrying", outcome: "failed", since_end_ms: expect.any(Number) },
      { attempt: 3, delivery: "dead", status_class: "5xx" },
    ]);
    expect(stage.received).toHaveLength(3);
  });

  it("says how long after the run's end it was sent, the first one too", async () => {
    const slow = replacing("DESTINATION_BREAKER.acquire", ({ perform }) => {
      moveClock(300);
      return perform();
    });
    const stage = await Stage.set({}, (env) => ({ ...slow(env), ...points.bindings() }));
    const callback_url = anotherHook();
    // A host that has given trouble has its breaker asked.
    stage.receive(() => new Response(null, { status: stage.received.length === 1 ? 500 : 204 }));
    for (let sent = 0; sent < 2; sent += 1) {
      await stage.finish(await stage.start({ callback_url }));
    }
    expect(points.take("attempt")).toMatchObject([
      { attempt: 1, outcome: "failed", since_end_ms: 0 },
      { attempt: 1, outcome: "acknowledged", since_end_ms: 300 },
    ]);
  });

  it("that got no answer has no status", async () => {
    const stage = await Stage.set({}, points.bindings);
    stage.receive(() => {
      throw new Error("refused");
    });
    await stage.finish(await stage.start({ callback_url: anotherHook() }));
    expect(points.take("attempt")).toMatchObject([
      { status: -1, status_class: "none", failure: "no connection", outcome: "failed" },
    ]);
  });
});

it("a message that waited tells for how long", async () => {
  const stage = await Stage.set({}, points.bindings);
  await stage.push(await stage.start());
  const sentAtMs = Date.now();
  moveClock(90 * SECOND);
  await stage.consume(stage.queue.take(), { sentAtMs });
  expect(points.take("attempt")).toMatchObject([{ queued_ms: 90_000 }]);
});

describe("a host is told apart, and not named", () => {
  it.each([
    // printf %s HOST | sha256sum | cut -c1-16
    { host: "client.example", hash: "a91b8b0f880d24c4" },
    { host: "client.example:8443", hash: "bb9501d8ebc93cb3" },
  ])("$host", async ({ host, hash }) => {
    expect(await hashHost(host)).toBe(hash);
  });

  it("by a callback_url in any spelling", async () => {
    const stage = await Stage.set({}, points.bindings);
    for (const callback_url of [HOOK, "https://CLIENT.example:443/other?x=1"])
      await stage.finish(await stage.start({ callback_url }));
    expect(points.take("attempt").map(({ host }) => host)).toEqual(["a91b8b0f880d24c4", "a91b8b0f880d24c4"]);
  });
});

describe("a request does not notice", () => {
  const cases: { name: string; bindings: (env: Env) => Partial<Env>; lines: unknown[] }[] = [
    {
      name: "a dataset that throws",
      bindings: () => ({ METRICS: throwing() }),
      lines: [{ time: expect.any(String), event: "metrics.refused", error: "Error: write limit exceeded" }],
    },
    { name: "a dataset that is missing", bindings: withoutDataset, lines: [] },
  ];
  it.each(cases)("$name", async ({ bindings, lines }) => {
    const written: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: unknown) => void written.push(String(line)));
    const gateway = await makeGateway({}, bindings);
    const answer = await gateway.start({ idempotency_id: ID });
    expect(answer.status).toBe(202);
    const logged = written.map((line): { event: string } => JSON.parse(line));
    expect(logged.filter(({ event }) => event === "metrics.refused")).toEqual(lines);
  });

  it.each(cases)("nor does a delivery: $name", async ({ bindings }) => {
    const stage = await Stage.set({}, bindings);
    const run = await stage.finish(await stage.start());
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
  });
});

/** At a host whose health no other test has changed. */
function anotherHook(): string {
  return `https://${crypto.randomUUID()}.example/hook`;
}

function throwing(): AnalyticsEngineDataset {
  return {
    writeDataPoint() {
      throw new Error("write limit exceeded");
    },
  };
}

/** As a deployment whose wrangler.toml has none. */
function withoutDataset(): Partial<Env> {
  return Object.fromEntries([["METRICS", undefined]]);
}
