// Many dead letters sent again, by the queue's consumer.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import worker from "../../src/index.ts";
import { workRedelivery } from "../../src/operators/redelivery.ts";
import type { RedeliveryFilter } from "../../src/operators/views.ts";
import { ask, HOOK, indexDeadLetters, keepRuns, post, toIndexedDeadLetter } from "../console/bench.ts";
import { never, replacing } from "../support/bindings.ts";
import { SECOND, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";
import "../support/own-workerd.ts";

let stage: Stage;
let alice: string;

freshForEach();
beforeEach(async () => {
  stage = await Stage.set();
  alice = await buildUserKey(stage.gateway.issuer.issuer, "alice");
});

/** Dead letters of alice that the upstream still knows, a millisecond apart, the last one first. */
async function deadLetters(n: number, callbackUrl: string | null = HOOK, fromMs = T0 - 10_000) {
  const fate = callbackUrl === null ? "abandoned" : "dead";
  const runIds = await keepRuns(n, { terms: { userKey: alice, subject: "alice", callbackUrl }, fate });
  for (const runId of runIds) stage.gateway.upstream.runs.set(runId, runId);
  const deadLetter = (runId: string, at: number) =>
    toIndexedDeadLetter({ runId, userKey: alice, callbackUrl, diedAtMs: fromMs - at });
  await indexDeadLetters(env.OPERATORS_DB, runIds.map(deadLetter));
  return runIds;
}

async function begin(filter: Partial<RedeliveryFilter>): Promise<string> {
  const { status, body } = await post(stage.gateway, "/dead-letters/redeliver", filter);
  expect([status, body.status]).toEqual([202, "running"]);
  return body.id;
}

async function read(id: string) {
  return (await ask(stage.gateway, `/redeliveries/${id}`)).body;
}

/** Takes what is in the queue, once. */
async function step(): Promise<number> {
  const messages = stage.queue.take();
  if (messages.length > 0) await stage.consume(messages);
  return messages.length;
}

/** One that a single step finishes, and what its receivers got. */
async function complete(filter: Partial<RedeliveryFilter>) {
  const id = await begin(filter);
  await step();
  await stage.pass(SECOND);
  return read(id);
}

const cron = () => createScheduledController({ scheduledTime: new Date(Date.now()) });

/** As a consumer does with a message of its own. */
function work(id: string, bindings: Partial<Env> = {}): Promise<void> {
  const { OPERATORS_DB, USER_GATE, RUNS } = { ...env, ...bindings };
  return workRedelivery({ operatorsDb: OPERATORS_DB, gates: USER_GATE, queue: RUNS }, id);
}

/** Whom the receivers were called for, each run's id once. */
function deliveredIds(): string[] {
  return [...new Set(stage.deliveredIds)].toSorted();
}

describe("a redelivery batch", () => {
  it("works on fifty at a time, shows how far it is, and reaches every receiver once", async () => {
    const all = await deadLetters(120);
    const id = await begin({ host: "client.example" });
    expect(await read(id)).toMatchObject({
      id,
      operator: "olga",
      created_at: "2040-01-01T00:00:00.000Z",
      filter: { run_ids: null, host: "client.example", reason: null, from: null, to: null },
      status: "running",
      examined: 0,
    });
    expect(stage.queue.offered).toEqual([{ v: 1, redelivery: id }]);
    await step();
    expect(await read(id)).toMatchObject({ status: "running", examined: 50, sent: 50, skipped: 0 });
    await step();
    expect(await read(id)).toMatchObject({ status: "running", examined: 100, sent: 100 });
    await step();
    expect(await read(id)).toMatchObject({ status: "finished", examined: 120, sent: 120, skipped: 0 });
    await stage.pass(SECOND);
    expect(stage.received).toHaveLength(120);
    expect(deliveredIds()).toEqual(all.toSorted());
    expect((await ask(stage.gateway, "/dead-letters")).body.dead_letters).toEqual([]);
    const { entries } = (await ask(stage.gateway, "/audit")).body;
    const noted = { action: "redeliver_many", target: id, detail: "to client.example", outcome: "done" };
    expect(entries).toMatchObject([{ operator: "olga", ...noted }]);
  });

  it("takes only those of its host and its time", async () => {
    const wanted = await deadLetters(3, "https://client.example/hook", T0 - 5_000);
    await deadLetters(3, "https://other.example/hook", T0 - 5_000);
    await deadLetters(3, "https://client.example/hook", T0 - 60_000);
    await deadLetters(3, "https://client.example/hook", T0 - 1_000);
    const [from = "", to = ""] = [T0 - 30_000, T0 - 2_000].map((ms) => new Date(ms).toISOString());
    const done = await complete({ host: "client.example", from, to });
    expect(done).toMatchObject({ status: "finished", examined: 3, sent: 3 });
    expect(deliveredIds()).toEqual(wanted.toSorted());
  });

  it("has the upstream asked for abandoned runs that have no callback", async () => {
    await deadLetters(3, null);
    await deadLetters(2);
    expect(await complete({ host: "-" })).toMatchObject({ status: "finished", examined: 3, sent: 3 });
    expect(stage.received).toEqual([]);
    const { runs } = (await ask(stage.gateway, `/runs?user=${alice}&state=none`)).body;
    expect(runs).toMatchObject(times(3, () => ({ status: "ended", charged: true })));
  });

  it("leaves a run alone that is no dead letter any more, though the index has not heard of it", async () => {
    const [first = "", second = ""] = await deadLetters(2);
    await post(stage.gateway, `/runs/${first}/redeliver`);
    await stage.drain();
    await stage.ring();
    await stage.drain();
    await indexDeadLetters(env.OPERATORS_DB, [
      toIndexedDeadLetter({ runId: first, userKey: alice, diedAtMs: T0 - 9 }),
    ]);
    stage.received.length = 0;
    const done = await complete({ run_ids: [first, second] });
    expect(done).toMatchObject({ status: "finished", examined: 2, sent: 1, skipped: 1 });
    expect(deliveredIds()).toEqual([second]);
  });

  it("takes those that were chosen, and skips what is not dead or unknown", async () => {
    const [first = "", second = "", third = ""] = await deadLetters(60);
    await post(stage.gateway, `/runs/${third}/redeliver`);
    const chosen = [first.toUpperCase(), first, second, third, crypto.randomUUID()];
    const done = await complete({ run_ids: chosen });
    expect(done).toMatchObject({ status: "finished", examined: 4, sent: 2, skipped: 2 });
    expect(deliveredIds()).toEqual([first, second, third].toSorted());
  });

  it("finds its few dead letters among thousands of another host", async () => {
    const rare = await deadLetters(2, "https://rare.example/", T0 - 60_000);
    for (const at of times(3, (n) => n))
      await deadLetters(700, "https://other.example/", T0 - 1_000 - at * 700);
    const id = await begin({ host: "rare.example" });
    expect([await step(), await step(), await step(), await step()]).toEqual([1, 1, 1, 0]);
    expect(await read(id)).toMatchObject({ status: "finished", examined: 2, sent: 2 });
    await stage.pass(SECOND);
    expect(deliveredIds()).toEqual(rare.toSorted());
  });

  it("leaves those that died after it was begun alone", async () => {
    await deadLetters(1);
    const id = await begin({ host: "client.example" });
    await deadLetters(1, "https://client.example/hook", T0 + 1);
    await step();
    expect(await read(id)).toMatchObject({ status: "finished", examined: 1 });
  });

  it("counts dead letters where two users have one of the same run id", async () => {
    const [runId = ""] = await deadLetters(1);
    await keepRuns(1, { terms: { userKey: "bob" }, runId, fate: "dead" });
    await indexDeadLetters(env.OPERATORS_DB, [
      toIndexedDeadLetter({ runId, userKey: "bob", diedAtMs: T0 - 10_000 }),
    ]);
    const done = await complete({ run_ids: [runId] });
    expect(done).toMatchObject({ status: "finished", examined: 2, sent: 2, skipped: 0 });
  });

  it("of nothing is finished at once, and found by its id in any case", async () => {
    const done = await complete({ host: "client.example" });
    expect(done).toMatchObject({ status: "finished", examined: 0, sent: 0, skipped: 0 });
    expect(await read(done.id.toUpperCase())).toEqual(done);
  });
});

describe("a message that gets lost changes nothing but timing", () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    ["a read of the job", read],
    ["the cron", () => worker.scheduled(cron(), stage.gateway.env)],
  ])("after half a minute %s sends another one", async (_name, check) => {
    await deadLetters(60);
    const id = await begin({ host: "client.example" });
    stage.queue.take();
    vi.setSystemTime(T0 + 29 * SECOND);
    await check(id);
    expect(stage.queue.take()).toEqual([]);
    vi.setSystemTime(T0 + 30 * SECOND);
    await Promise.all([check(id), check(id)]);
    expect(await step()).toBe(1);
    expect(await read(id)).toMatchObject({ examined: 50 });
    await step();
    expect(await read(id)).toMatchObject({ status: "finished", examined: 60, sent: 60 });
    await check(id);
    expect(stage.queue.take().filter((message) => "redelivery" in message)).toEqual([]);
  });

  it("and one that the queue does not take neither", async () => {
    await deadLetters(1);
    stage.queue.rule(() => "refused");
    const id = await begin({ host: "client.example" });
    stage.queue.rule(() => "kept");
    vi.setSystemTime(T0 + 30 * SECOND);
    await read(id);
    await step();
    expect(await read(id)).toMatchObject({ status: "finished", sent: 1 });
  });

  it("and one that comes three times counts once", async () => {
    await deadLetters(60);
    const id = await begin({ host: "client.example" });
    const [message = expect.fail("no message")] = stage.queue.take();
    await stage.consume([message, message, message]);
    expect(await read(id)).toMatchObject({ examined: 50, sent: 50, skipped: 0 });
    await stage.drain();
    expect(await read(id)).toMatchObject({ status: "finished", examined: 60, sent: 60, skipped: 0 });
    await stage.pass(SECOND);
    expect(stage.received).toHaveLength(60);
  });

  it("and a consumer that dies at its work is followed by another, without a dead letter missed or counted twice", async () => {
    await deadLetters(60);
    const id = await begin({ host: "client.example" });
    stage.queue.take();
    const died = Promise.withResolvers<void>();
    let asked = 0;
    const dying = replacing("USER_GATE.redeliver", ({ perform }) => {
      asked += 1;
      if (asked < 20) return perform();
      died.resolve();
      return never();
    });
    void work(id, dying(env));
    await died.promise;
    expect(await read(id)).toMatchObject({ status: "running", examined: 0, sent: 0 });
    // While it may still be alive, no other consumer takes the job.
    await work(id);
    expect(await read(id)).toMatchObject({ examined: 0 });
    vi.setSystemTime(T0 + 30 * SECOND);
    await read(id);
    await stage.drain();
    const { examined, sent, skipped, status } = await read(id);
    expect([status, examined, sent + skipped]).toEqual(["finished", 60, 60]);
    await stage.pass(SECOND);
    expect(deliveredIds()).toHaveLength(60);
    expect(stage.received).toHaveLength(60);
  });

  it("and a consumer that comes back from the dead counts nothing", async () => {
    await deadLetters(10);
    const id = await begin({ host: "client.example" });
    stage.queue.take();
    const released = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const bindings = replacing("USER_GATE.findRun", async ({ perform }) => {
      arrived.resolve();
      await released.promise;
      return perform();
    });
    const slow = work(id, bindings(env));
    await arrived.promise;
    vi.setSystemTime(T0 + 30 * SECOND);
    await read(id);
    await step();
    expect(await read(id)).toMatchObject({ status: "finished", examined: 10, sent: 10 });
    released.resolve();
    await slow;
    expect(await read(id)).toMatchObject({ status: "finished", examined: 10, sent: 10 });
  });
});

describe("a dead letter whose gate is away", () => {
  it("is skipped and stays a dead letter; the others go out", async () => {
    const [first = ""] = await deadLetters(3);
    const id = await begin({ host: "client.example" });
    stage.queue.take();
    const bindings = replacing("USER_GATE.findRun", ({ args: [runId], perform }) =>
      runId === first ? Promise.reject(new Error("down")) : perform(),
    );
    await work(id, bindings(env));
    expect(await read(id)).toMatchObject({ status: "finished", sent: 2, skipped: 1 });
    await stage.pass(SECOND);
    const left = (await ask(stage.gateway, "/dead-letters")).body.dead_letters;
    expect(left.map(({ run_id }: { run_id: string }) => run_id)).toEqual([first]);
  });
});
