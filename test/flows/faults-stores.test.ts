// What fails, and what then: KV, the queue and the operators' index, with the real ones behind the failure.
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Caller, ECHO, runIdOf } from "./support/caller.ts";
import { redeliver, untilState } from "./support/deliveries.ts";
import { FaultyGateway, type How } from "./support/faults.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";
import { allCharges } from "./support/usage.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const WITHIN_MS = 30_000;
/** So late that the timer cannot be taken for a push. */
const POLL_SECONDS = 600;
/** A day on which a user was active is told within an hour. */
const ACTIVE_DAY_MS = 61 * MINUTE;
/** A gate leaves an index that failed alone for ten seconds, and longer each time. */
const INDEX_PAUSE_MS = 5 * MINUTE;
/** A message that got lost, or a run that its consumer never reported on, goes out again. */
const RESEND_MS = 61 * SECOND;
/** Longer than anybody waits for a store, shorter than a gate waits for a consumer. */
const PATIENCE_MS = 11 * SECOND;
const UNCOUNTED = { rateLimit: "any" } as const;

let upstream: Upstream;
let gateway: FaultyGateway;
beforeAll(async () => {
  upstream = await Upstream.listen();
  gateway = await FaultyGateway.start({
    UPSTREAM_URL: upstream.url,
    RUN_POLL_SCHEDULE: String(POLL_SECONDS),
    CALLBACK_RETRY_SCHEDULE: "1,1",
  });
  return async () => {
    await gateway.close();
    upstream.close();
  };
});
afterEach(() => gateway.reset());

describe("KV", () => {
  it("that cannot be read: the gate's row answers, and new ids start runs", async () => {
    const caller = await paying();
    const data = { idempotency_id: randomUUID() };
    const first = await caller.start(ECHO, data);
    await gateway.fail(/KV\.get$/);
    await expectReplayed(caller, data, first.text);
    const another = { idempotency_id: randomUUID() };
    const second = await caller.start(ECHO, another);
    await expectReplayed(caller, another, second.text);
    expect(upstream.run(runIdOf(second)).starts).toBe(1);
  });

  it("that hangs: a new id starts a run soon all the same, and the gate's row answers at once", async () => {
    const caller = await paying();
    const data = { idempotency_id: randomUUID() };
    await gateway.fail(/KV\./, "held");
    const starting = caller.start(ECHO, data);
    await gateway.called("USER_GATE.admit");
    await gateway.pass(PATIENCE_MS);
    const { text } = await starting;
    await expectReplayed(caller, data, text);
  });

  it("that takes nothing: the gate's own row answers, for the whole time of a replay", async () => {
    const caller = await paying();
    const data = { idempotency_id: randomUUID() };
    await gateway.fail(/KV\.put$/);
    const first = await caller.start(ECHO, data);
    await gateway.logged(({ event }) => event === "answer.put_failed");
    await gateway.pass(71 * HOUR);
    await gateway.moveGates();
    await expectReplayed(caller, data, first.text);
    expect(upstream.run(runIdOf(first)).starts).toBe(1);
  });

  it("that is down while a receiver is: each attempt reads the result from the upstream", async () => {
    const caller = await paying();
    const receiver = await listen((_, earlier) => (earlier < 2 ? 503 : 204));
    const run = await startedRun(caller, receiver);
    await gateway.fail(/KV\./);
    await endAndPush(run);
    await until("the third attempt", WITHIN_MS, () => receiver.deliveries.length >= 3);
    await untilCharged(caller, [run]);
    expect(receiver.deliveries.map(({ body }) => body.toString())).toEqual([run.ended, run.ended, run.ended]);
  });

  it("that hangs while a receiver is down: the next attempt is made all the same", async () => {
    const caller = await paying();
    const receiver = await listen((_, earlier) => (earlier < 1 ? 503 : 204));
    const run = await startedRun(caller, receiver);
    await gateway.fail(/KV\./, "held");
    await endAndPush(run);
    await gateway.called("KV.put");
    await gateway.pass(PATIENCE_MS);
    await gateway.called("USER_GATE.report");
    await gateway.pass(RESEND_MS);
    await until("the second attempt", WITHIN_MS, () => receiver.deliveries.length >= 2);
    await untilCharged(caller, [run]);
    expect(receiver.deliveries.map(({ body }) => body.toString())).toEqual([run.ended, run.ended]);
  });
});

describe("the queue", () => {
  it.each<[How, number]>([
    ["refused", 503],
    ["lost", 202],
    ["held", 503],
  ])("whose messages are %s: the timer sends again", async (how, pushStatus) => {
    const caller = await paying();
    const receiver = await listen();
    const run = await startedRun(caller, receiver);
    await gateway.fail(/RUNS\./, how);
    upstream.end(run);
    const pushed = upstream.push(run);
    await gateway.called("RUNS.send");
    await gateway.pass(PATIENCE_MS);
    expect(await pushed).toBe(pushStatus);
    const rung = gateway.pass(POLL_SECONDS * SECOND);
    await gateway.called("UserGate:RUNS.sendBatch");
    await gateway.pass(PATIENCE_MS);
    await rung;
    expect(receiver.deliveries).toEqual([]);

    await gateway.mend();
    // Held ones arrive now. A clock that jumped would cut off the attempt that they lead to.
    if (how !== "held") await gateway.pass(RESEND_MS);
    await expectToldAndCharged(caller, receiver, [run]);
  });
});

describe("the operators' index", () => {
  it("that refuses: nothing that a caller does notices, and it is told everything when it is back", async () => {
    const caller = await paying();
    const receiver = await listen(({ path }) => (path === "/gone" ? 503 : 204));
    await gateway.fail(/OPERATORS_DB\./);
    const run = await startedRun(caller, receiver);
    const gone = await startedRun(caller, receiver, "/gone");
    await Promise.all([run, gone].map(endAndPush));
    await untilState(caller, ECHO, run.id, "delivered");
    await untilState(caller, ECHO, gone.id, "dead");
    await untilCharged(caller, [run, gone]);
    expect((await redeliver(caller, ECHO, run.id)).status).toBe(202);
    await until("the second callback", WITHIN_MS, () => receiver.at("/hook").length >= 2);
    await gateway.pass(ACTIVE_DAY_MS);
    await gateway.logged(({ event }) => event === "operators_index.unavailable");

    await gateway.mend();
    await gateway.pass(INDEX_PAUSE_MS);
    await gateway.called("UserGate:OPERATORS_DB.batch");
    await untilIndexed([gone]);
  });

  it("whose yes gets lost is told again, and takes it for the same", async () => {
    const caller = await paying();
    const receiver = await listen(() => 503);
    await gateway.fail(/OPERATORS_DB\.batch$/, "unheard");
    const run = await startedRun(caller, receiver);
    await endAndPush(run);
    await untilState(caller, ECHO, run.id, "dead");
    await gateway.called("UserGate:OPERATORS_DB.batch");
    await gateway.mend();
    await gateway.pass(INDEX_PAUSE_MS);
    await gateway.called("UserGate:OPERATORS_DB.batch");
    await untilIndexed([run]);
  });

  it("that hangs: starts, deliveries and charges do not wait, and nothing is told or charged twice", async () => {
    const caller = await paying();
    const receiver = await listen();
    await gateway.fail(/OPERATORS_DB\.batch$/, "held");
    const runs = [await startedRun(caller, receiver)];
    await Promise.all(runs.map(endAndPush));
    await expectToldAndCharged(caller, receiver, runs);
    // From here on the gate knows which index it tells.
    await gateway.pass(SECOND);
    await gateway.fail(/OPERATORS_DB\./, "held");
    // The alarm is in the index's hands, and lets go of it.
    const rung = gateway.pass(ACTIVE_DAY_MS);
    await gateway.called("UserGate:OPERATORS_DB.batch");
    runs.push(await startedRun(caller, receiver));
    await Promise.all(runs.slice(1).map(endAndPush));
    await expectToldAndCharged(caller, receiver, runs);
    await gateway.pass(PATIENCE_MS);
    await rung;
    await gateway.logged(({ event }) => event === "operators_index.unavailable");
  });
});

/** A caller whose runs are charged, and whose token outlives what a test lets pass. */
function paying(): Promise<Caller> {
  const exp = Math.floor(Date.now() / SECOND) + 96 * 3600;
  return Caller.of(gateway.url, undefined, { exp, billing: JSON.stringify({ is_billable: true }) });
}

async function listen(reply?: Receiver["reply"]): Promise<Receiver> {
  const receiver = await Receiver.listen(reply);
  onTestFinished(() => receiver.close());
  return receiver;
}

async function startedRun(caller: Caller, receiver: Receiver, path = "/hook"): Promise<UpstreamRun> {
  return upstream.run(runIdOf(await caller.start(ECHO, { callback_url: receiver.url(path) })));
}

async function endAndPush(run: UpstreamRun): Promise<void> {
  upstream.end(run);
  expect(await upstream.push(run)).toBe(202);
}

async function expectReplayed(caller: Caller, data: object, text: string): Promise<void> {
  const answer = await caller.start(ECHO, data, UNCOUNTED);
  expect([answer.status, answer.text]).toEqual([202, text]);
  expect(answer.headers.get("idempotency-replayed")).toBe("true");
}

async function expectToldAndCharged(caller: Caller, receiver: Receiver, runs: UpstreamRun[]): Promise<void> {
  await until("the callbacks", WITHIN_MS, () => receiver.deliveries.length >= runs.length);
  await untilCharged(caller, runs);
  const bodies = receiver.deliveries.map(({ body }) => body.toString());
  expect(bodies.toSorted()).toEqual(runs.map(({ ended }) => String(ended)).toSorted());
}

async function untilCharged(caller: Caller, runs: UpstreamRun[]): Promise<void> {
  const charged = async () => (await allCharges(caller)).map(({ run_id }) => run_id).toSorted();
  await until("the charges", WITHIN_MS, async () => (await charged()).length >= runs.length);
  expect(await charged()).toEqual(runs.map(({ id }) => id).toSorted());
}

async function untilIndexed(runs: readonly UpstreamRun[]): Promise<void> {
  const ids = runs.map(({ id }) => id);
  await until("the dead letters", WITHIN_MS, async () => {
    const indexed = await gateway.indexedDeadLetters();
    return ids.every((id) => indexed.includes(id));
  });
}
