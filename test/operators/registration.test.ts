// A gate that has promised something stands in the registry, soon and for as long as it lives.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { Counter } from "../../src/gate/counter.ts";
import { Runs } from "../../src/gate/runs.ts";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import { acceptedRun } from "../../src/runs/run.ts";
import { DAY, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import {
  acceptRun,
  alarmAt,
  buildTerms,
  charge,
  freshStores,
  gateOf,
  pass,
  RULES,
  readRows,
  registered,
  ring,
  stubOf,
  userKey,
} from "./bench.ts";

const platform: KVNamespace = Object.getPrototypeOf(env.KV);

freshStores();

it("a gate is in the registry, under its id and with its user key, from its first promise's first alarm on", async () => {
  await acceptRun("alice");
  expect(await registered()).toEqual([]);
  expect(await alarmAt("alice")).toBe(T0 + 2 * SECOND);
  await pass("alice", 2 * SECOND);
  const { id } = await gateOf("alice");
  expect(await registered()).toEqual([id]);
  expect(await env.KV.get(`gate:v1:${id}`)).toBe(await userKey("alice"));
});

it("a gate whose start is never answered is in the registry within a minute", async () => {
  const gate = await gateOf("alice");
  const terms = await buildTerms("alice");
  await gate.admit({ window: null, claim: null, promise: { runKey: crypto.randomUUID(), terms } });
  expect(await alarmAt("alice")).toBe(T0 + MINUTE);
  await pass("alice", MINUTE);
  expect(await registered()).toEqual([gate.id]);
});

it("it is written once, however many runs follow", async () => {
  const put = vi.spyOn(platform, "put");
  for (const _ of [1, 2, 3]) {
    await charge("alice");
    await pass("alice", MINUTE);
  }
  await evict(await stubOf("alice"));
  await charge("alice");
  await pass("alice", MINUTE);
  expect(put.mock.calls.filter(([key]) => key.startsWith("gate:v1:"))).toHaveLength(1);
});

it("while KV fails it is tried again, also by an object that starts anew, and D1 is told meanwhile", async () => {
  const down = vi.spyOn(platform, "put").mockRejectedValue(new Error("KV PUT failed: 503"));
  await charge("alice");
  await ring("alice");
  expect(await alarmAt("alice")).toBe(T0 + 10 * SECOND);
  await pass("alice", 61 * MINUTE);
  expect(await registered()).toEqual([]);
  expect(await readRows("SELECT count(*) AS gates FROM active_days")).toEqual([{ gates: 1 }]);
  await evict(await stubOf("alice"));
  down.mockRestore();
  await pass("alice", MINUTE);
  expect(await registered()).toEqual([(await gateOf("alice")).id]);
});

it("a KV that hangs holds an alarm up for two seconds, and is tried again", async () => {
  vi.spyOn(platform, "put").mockReturnValue(new Promise(() => undefined));
  await charge("alice");
  const startedAtMs = performance.now();
  await ring("alice");
  expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  expect(await alarmAt("alice")).toBe(T0 + 10 * SECOND);
});

it("a registry that was lost has it again within a week, although no request comes", async () => {
  await charge("alice");
  await pass("alice", 2 * 60 * MINUTE);
  const { id } = await gateOf("alice");
  await env.KV.delete(`gate:v1:${id}`);
  await pass("alice", 7 * DAY);
  expect(await registered()).toEqual([id]);
});

it("a user of plain runs and of ids alone has no gate to be visited", async () => {
  const gate = await gateOf("alice");
  const claim = { runKey: crypto.randomUUID(), attempt: "a", fingerprint: "f", path: "/p", mayCreate: true };
  const window = { limit: 200, windowMs: 300_000 };
  await gate.admit({ window, claim: { ...claim, leaseMs: 1_000 }, promise: null });
  await pass("alice", 7 * DAY);
  expect(await registered()).toEqual([]);
});

it("whose gate it is is noted by the second promise when the first one could not be written", async () => {
  const terms = await buildTerms("alice");
  await runInDurableObject(await stubOf("alice"), (_gate, { storage }) => {
    const store = new GateStore(storage);
    const counter = new Counter(store, { revision: 0, runs: null, results: null }, () => undefined);
    const runs = new Runs("gate", store, counter, RULES, []);
    const promise = () =>
      runs.put({ runKey: "key", claim: null, terms, run: acceptedRun("run", 0, T0), failures: 0 }, T0);
    vi.spyOn(store.openRuns, "write").mockImplementationOnce(() => {
      throw new Error("disk full");
    });
    expect(promise).toThrow("disk full");
    expect(store.mark("user")).toBeUndefined();
    promise();
    expect(store.mark("user")).toEqual({ userKey: terms.userKey, issuer: terms.issuer, subject: "alice" });
  });
});
