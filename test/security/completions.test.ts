// docs/security.md, Across users: completions. A ref that is forged, cut or another user's reaches no object, nor the
// queue; a true one for a run that has not ended changes nothing of it, however often it comes.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect } from "vitest";
import { counting } from "../support/bindings.ts";
import { HOUR, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import type { Answer } from "../support/gateway.ts";
import { it, Stage, type Started } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { errorBody, json } from "../support/upstream.ts";
import { expectProblem, itAddsUp } from "./bench.ts";

const counts = { refused: 0, served: 0 };

freshForEach();

type Parts = { gate: string; key: string; mac: string };

/** What becomes of a true ref: a text for the path, as an attacker writes it. */
const CROOKED: [string, (parts: Parts, ref: string) => string][] = [
  ["empty but for a blank", () => "%20"],
  ["without its MAC", ({ gate, key }) => `${gate}.${key}`],
  ["one character short", (_parts, ref) => ref.slice(0, -1)],
  ["followed by a line break", (_parts, ref) => `${ref}%0A`],
  ["followed by NUL", (_parts, ref) => `${ref}%00`],
  ["fifty times over", (_parts, ref) => ref.repeat(50)],
  ["of a gate of zeros", ({ key, mac }) => `${"0".repeat(64)}.${key}.${mac}`],
  ["of another row", ({ gate, mac }) => `${gate}.${crypto.randomUUID()}.${mac}`],
  ["with a MAC of zeros", ({ gate, key }) => `${gate}.${key}.${"A".repeat(43)}`],
  ["out of the path", (_parts, ref) => `..%2F${ref}`],
];

describe("a ref that is not ours is 404: neither an object nor the queue hears of it", () => {
  it.each(CROOKED)("%s", async (_name, change) => {
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls));
    const run = await stage.start();
    const [gate = "", key = "", mac = ""] = run.ref.split(".");
    const crooked = change({ gate, key, mac }, run.ref);
    await expectUnheard(stage, calls, () => post(stage, `/completions/${crooked}`));
    await expectHeard(stage, run);
  });

  it("whose key has been taken out of the settings", async () => {
    const former = await Stage.set();
    const old = await former.start();
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls), { issuer: former.gateway.issuer });
    await expectUnheard(stage, calls, () => post(stage, old.completion));
    await expectHeard(stage, await stage.start());
  });

  it.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])("and a true one is nothing to %s", async (method) => {
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls));
    const run = await stage.start();
    calls.length = 0;
    const answer = await stage.gateway.call(run.completion, { method, claims: null });
    expect([answer.status, answer.headers.get("allow"), calls]).toEqual([405, "POST", []]);
    counts.refused += 1;
    await expectHeard(stage, run);
  });
});

describe("a true ref of a run that has not ended changes nothing", () => {
  it.for<[string, string]>([
    ["nothing", ""],
    ["that it has ended well", '{"type":"run","status":"success","results":["forged"]}'],
    ["that it has failed", '{"type":"run","status":"error","errors":[{"code":"forged"}]}'],
    ["that it is another run", `{"type":"run","id":"${crypto.randomUUID()}","status":"success"}`],
    ["that it has another receiver", '{"data":{"callback_url":"https://evil.example/"}}'],
  ])("when it says %s", async ([, body], { stage }) => {
    const run = await stage.start();
    stage.waiting.add(run.runId);
    await expectUnmoved(stage, run, () => post(stage, run.completion, body));
    await expectDeliveredAt(stage, run, 2);
  });

  it("not even when the timer polls it next, though it comes twenty times", async ({ stage }) => {
    const run = await stage.start();
    stage.waiting.add(run.runId);
    for (const _ of times(20, () => 0)) await expectUnmoved(stage, run, () => stage.push(run));
    await expectDeliveredAt(stage, run, 2);
  });

  it("nor how long an upstream that does not know it is given: days, however often it is pushed", async () => {
    const stage = await Stage.set({ RUN_POLL_SCHEDULE: "2,3600" });
    const run = await stage.start();
    const { upstream } = stage.gateway;
    const notFound = json(404, errorBody(404, "not_found"));
    upstream.behave(({ method }, honest) => (method === "GET" ? notFound.clone() : honest()));
    await stage.finish(run);
    for (const _ of times(20, () => 0)) await expectUnmoved(stage, run, () => stage.push(run));
    await stage.pass(71 * HOUR);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
    upstream.behave((_asked, honest) => honest());
    await stage.pass(2 * HOUR);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
    expect((await stage.records()).charges).toHaveLength(1);
    counts.served += 1;
  });
});

itAddsUp(counts, { refused: 61, served: 23 });

function post(stage: Stage, path: string, body = "{}"): Promise<Answer> {
  return stage.gateway.call(path, { method: "POST", claims: null, body });
}

async function expectUnheard(stage: Stage, calls: string[], attack: () => Promise<Answer>): Promise<void> {
  calls.length = 0;
  expectProblem(await attack(), 404, null);
  expect(calls).toEqual([]);
  expect(stage.queue.offered).toEqual([]);
  counts.refused += 1;
}

/** The honest twin: the true ref of the run has it told. */
async function expectHeard(stage: Stage, run: Started): Promise<void> {
  expect((await stage.push(run)).status).toBe(202);
  await stage.drain();
  expect(stage.received.map(({ body }) => JSON.parse(body).id)).toEqual([run.runId]);
  counts.served += 1;
}

/** The completion is taken, read, and leaves the run, its timer and what is on record as they were. */
async function expectUnmoved(stage: Stage, run: Started, attack: () => Promise<Answer>): Promise<void> {
  const before = await readKept(stage);
  expect((await attack()).status).toBe(202);
  await stage.drain();
  expect(await readKept(stage)).toEqual(before);
  expect(stage.received).toEqual([]);
  const { attempts, charges } = await stage.records();
  expect([attempts, charges]).toEqual([[], []]);
  expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
  counts.refused += 1;
}

/** What the gate keeps of its one run. */
async function readKept(stage: Stage): Promise<unknown> {
  const gate = await stage.gateway.gateOf();
  return runInDurableObject(gate, (_gate, { storage }) => storage.sql.exec("SELECT * FROM open_runs").one());
}

/** The timer's own poll, on time, finds the end. */
async function expectDeliveredAt(stage: Stage, run: Started, seconds: number): Promise<void> {
  stage.waiting.clear();
  const startedAtMs = Date.now();
  await stage.pass(HOUR);
  expect(
    stage.received.map(({ atMs, body }) => [(atMs - startedAtMs) / SECOND, JSON.parse(body).id]),
  ).toEqual([[seconds, run.runId]]);
  counts.served += 1;
}
