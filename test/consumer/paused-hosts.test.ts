// A host that operators have paused: callbacks to it wait and lose nothing.
import { describe, expect, vi } from "vitest";
import { ask, post } from "../console/bench.ts";
import { counting, failing } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";

freshForEach(0.99);

const HOST = "paused.example";
const PAUSED = { callback_url: `https://${HOST}/hook` };
/** Until each isolate knows of a change. KV of a test shows one at once. */
const KNOWN_MS = 30 * SECOND;

async function pause(stage: Stage, until: string): Promise<void> {
  expect((await post(stage.gateway, `/destinations/pause?host=${HOST}&until=${until}`)).status).toBe(200);
}

async function resume(stage: Stage): Promise<void> {
  expect((await post(stage.gateway, `/destinations/resume?host=${HOST}`)).status).toBe(200);
}

describe("a paused host", () => {
  it("gets nothing, and everything within five minutes after it is resumed; others get theirs meanwhile", async ({
    stage,
  }) => {
    await pause(stage, "2040-01-02T00:00:00Z");
    for (const _ of times(3, () => 0)) await stage.finish(await stage.start(PAUSED));
    await stage.finish(await stage.start());
    expect(stage.received.map(({ url }) => new URL(url).host)).toEqual(["client.example"]);
    await stage.pass(3 * HOUR);
    expect(stage.received).toHaveLength(1);
    await resume(stage);
    await stage.pass(5 * MINUTE - KNOWN_MS);
    const { runs } = await stage.records();
    expect(runs).toMatchObject(times(4, () => ({ state: "delivered", attempts: 1 })));
  });

  it("until a moment gets what waits after it, from KV's copy, and each run has all its attempts then", async ({
    stage,
  }) => {
    await pause(stage, "2040-01-01T06:00:00Z");
    const run = await stage.finish(await stage.start(PAUSED));
    stage.gateway.upstream.runs.clear();
    await stage.pass(6 * HOUR - MINUTE);
    const waiting = (await stage.deliveries(run.runId)).body.data;
    expect([waiting.state, waiting.attempts, stage.received.length]).toEqual(["retrying", [], 0]);
    stage.receive(() => new Response(null, { status: 503 }));
    await stage.pass(4 * MINUTE);
    expect(stage.received.length).toBeGreaterThan(0);
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(HOUR);
    const { runs } = await stage.records();
    expect(runs).toMatchObject([{ state: "delivered", attempts: 3 }]);
    expect(stage.received).toHaveLength(3);
  });

  it("that failed before is left alone from then on, and none of its attempts is lost", async ({ stage }) => {
    stage.receive(() => new Response(null, { status: 503 }));
    const run = await stage.finish(await stage.start(PAUSED));
    await pause(stage, "2040-01-01T02:00:00Z");
    await stage.pass(KNOWN_MS);
    const before = stage.received.length;
    await stage.pass(HOUR);
    expect(stage.received).toHaveLength(before);
    expect((await stage.deliveries(run.runId)).body.data.attempts).toHaveLength(before);
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(HOUR + 5 * MINUTE);
    expect(await stage.state(run)).toBe("delivered");
  });

  it("is named on the run's page and among the destinations", async ({ stage }) => {
    await pause(stage, "2040-01-01T02:00:00Z");
    const run = await stage.finish(await stage.start(PAUSED));
    const user = (await stage.records()).runs[0]?.user_key;
    const until = "2040-01-01T02:00:00.000Z";
    const { body } = await ask(stage.gateway, `/runs/${run.runId}?user=${user}`);
    expect(body.paused).toEqual({ until, set_by: "olga" });
    expect((await ask(stage.gateway, "/destinations")).body.paused).toEqual([
      { host: HOST, until, set_by: "olga", set_at: "2040-01-01T00:00:00.000Z" },
    ]);
  });
});

describe("the list in KV", () => {
  it("is read once in half a minute, however many callbacks there are", async () => {
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls));
    const reads = () => calls.filter((call) => call === "KV.get").length;
    for (const _ of times(5, () => 0)) await stage.finish(await stage.start());
    expect([stage.received.length, reads()]).toEqual([5, 1]);
    await stage.pass(KNOWN_MS);
    for (const _ of times(5, () => 0)) await stage.finish(await stage.start());
    expect([stage.received.length, reads()]).toEqual([10, 2]);
  });

  it("that KV does not give pauses nothing, and the log says so", async () => {
    const lines = vi.spyOn(console, "log");
    const stage = await Stage.set({}, failing(/^KV\.get$/));
    await stage.finish(await stage.start(PAUSED));
    expect(stage.received).toHaveLength(1);
    const events = lines.mock.calls.map(([line]) => JSON.parse(String(line)).event);
    expect(events.filter((event) => event === "paused_hosts.unavailable")).toHaveLength(1);
  });
});
