// What a gateway at work leaves in its isolate's sums: every request, every attempt, every end.
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { isolateSums } from "../../../src/platform/observability/isolate-sums.ts";
import { decodeSums, emptySums, type Sums } from "../../../src/platform/observability/sums.ts";
import { getAnswer } from "../../../src/start/answer-cache.ts";
import { HOUR, MINUTE, moveClock } from "../../support/clock.ts";
import { freshForEach } from "../../support/fresh.ts";
import { IndexWeather } from "../../support/index-weather.ts";
import { Stage } from "../../support/stage.ts";
import { json } from "../../support/upstream.ts";

freshForEach();

// The isolate outlives the tests, and keeps the time of its last report: so each test has a day of its own.
let day = 0;
beforeEach(() => {
  day += 1;
  moveClock(day * 24 * HOUR);
});

/** What has been counted since the last time. The flush comes at once. */
async function takeSums(): Promise<Sums> {
  let sums = emptySums();
  const left: Promise<unknown>[] = [];
  const add = async (text: string) => {
    sums = decodeSums(text) ?? sums;
    return 10_000;
  };
  vi.spyOn(scheduler, "wait").mockResolvedValueOnce(undefined);
  isolateSums.flushSoon({ waitUntil: (work) => void left.push(work) }, { getByName: () => ({ add }) });
  await Promise.all(left);
  return sums;
}

it("a run with a callback and a charge", async () => {
  const stage = await Stage.set();
  await takeSums();
  await stage.start();
  await stage.pass(MINUTE);
  const sums = await takeSums();
  const { requests, attempts, deliveries, runs, users, starts, limited, refused } = sums;
  const { hosts, acknowledged, acknowledgedMs } = sums;
  expect([...requests]).toEqual([["202|accepted|/actions/v1/stored-actions/:stored_action_id/run", 1]]);
  expect([...attempts]).toEqual([["acknowledged|", 1]]);
  expect([...deliveries]).toEqual([["delivered_at_once", 1]]);
  expect([...runs]).toEqual([["success|callback|charged", 1]]);
  expect([users, starts, limited, refused].map((by) => [...by.values()])).toEqual([[1], [1], [], []]);
  expect([...hosts]).toEqual([["client.example", 1]]);
  expect([[...acknowledged], acknowledgedMs.size]).toEqual([[["client.example", 1]], 1]);
  expect([sums.dead.size, sums.storage.size]).toEqual([0, 0]);
  const latencies = Object.entries(sums).filter(([name]) => /^[a-z]+(?<!acknowledged)Ms$/.test(name));
  expect(latencies.map(([name, { size }]) => [name, size])).toEqual([
    ["requestMs", 1],
    ["gatewayMs", 1],
    ["upstreamMs", 1],
    ["attemptMs", 1],
    ["deliveryMs", 1],
    ["queuedMs", 1],
  ]);
});

it("a callback that fails to the end: each attempt, one end, one dead letter", async () => {
  const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5,300" });
  stage.receive(() => new Response(null, { status: 404 }));
  await takeSums();
  await stage.start();
  await stage.pass(HOUR);
  const { attempts, deliveries, runs, dead } = await takeSums();
  expect([...attempts]).toEqual([["failed|status is no 2xx", 3]]);
  expect(Object.fromEntries(deliveries)).toEqual({ retrying: 2, dead: 1 });
  expect([...dead]).toEqual([["client.example", 1]]);
  expect([...runs]).toEqual([["success|callback|charged", 1]]);
});

it("a dead letter that is sent again: it is owed once more", async () => {
  const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5" });
  stage.receive(() => new Response(null, { status: 404 }));
  const { runId } = await stage.start();
  await stage.pass(HOUR);
  await takeSums();
  expect((await stage.redeliver(runId)).status).toBe(202);
  const { deliveries, runs } = await takeSums();
  expect([Object.fromEntries(deliveries), runs.size]).toEqual([{ reopened: 1 }, 0]);
});

it("a run that the upstream has lost: abandoned once, and its callback a dead letter", async () => {
  const stage = await Stage.set({ RUN_POLL_SCHEDULE: "21600" });
  const started = await stage.start();
  await takeSums();
  stage.gateway.upstream.behave(() => json(404, { errors: [{ code: "not_found", detail: "no such run" }] }));
  moveClock(MINUTE);
  await stage.pass(96 * HOUR);
  expect((await stage.records()).runs).toMatchObject([{ run_id: started.runId, state: "dead" }]);
  const { deliveries, runs, dead } = await takeSums();
  expect([...dead]).toEqual([["client.example", 1]]);
  expect([...runs]).toEqual([["abandoned|callback|free", 1]]);
  expect([...deliveries]).toEqual([["dead", 1]]);
});

it("a D1 that fails a gate, whose alarm hands the sums over, and a KV that fails a start", async () => {
  const stage = await Stage.set();
  await stage.start();
  await takeSums();
  const handedOver = vi.spyOn(isolateSums, "flushSoon").mockReturnValue(undefined);
  const weather = new IndexWeather().install();
  weather.mood = "down";
  await stage.pass(2 * HOUR);
  expect(handedOver).toHaveBeenCalledWith(expect.anything(), env.METRICS_AGGREGATOR);
  handedOver.mockRestore();
  const away = { get: () => Promise.reject(new Error("KV is away")) } as unknown as KVNamespace;
  expect(await getAnswer(away, "gate", "id")).toBe(null);
  const { storage } = await takeSums();
  expect([...storage.keys()].toSorted()).toEqual(["d1", "kv"]);
  expect(storage.get("kv")).toBe(1);
});
