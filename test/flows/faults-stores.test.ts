// What fails, and what then: KV, the queue and the books, with the real ones behind the failure.
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Caller, ECHO, runIdOf } from "./support/caller.ts";
import { deliveriesOf } from "./support/deliveries.ts";
import { FaultyGateway, type How } from "./support/faults.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";
import { allCharges } from "./support/usage.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const WITHIN_MS = 30_000;
/** So late that the timer cannot be taken for a push. */
const POLL_SECONDS = 600;
/** A claim is looked at an hour after it was settled, at the next full ten minutes. */
const REVIEW_MS = 71 * MINUTE;
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

  it("that takes nothing: the gate's row answers, and its alarm writes the copy when KV is back", async () => {
    const caller = await paying();
    const data = { idempotency_id: randomUUID() };
    await gateway.fail(/KV\.put$/);
    const first = await caller.start(ECHO, data);
    await gateway.logged(({ event }) => event === "answer.remember_failed");
    await expectReplayed(caller, data, first.text);
    await gateway.pass(REVIEW_MS);
    await gateway.logged(({ event }) => event === "gate.review_failed");
    await expectReplayed(caller, data, first.text);

    await gateway.mend();
    await gateway.pass(MINUTE);
    await gateway.called("UserGate:KV.put");
    // With no gate to ask, only a copy can answer.
    await gateway.fail(/^USER_GATE\./);
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
    await gateway.pass(RESEND_MS);
    await expectToldAndCharged(caller, receiver, [run]);
  });
});

describe("the books", () => {
  it("that refuse: starts and deliveries do not notice, and the charge is made up for", async () => {
    const caller = await paying();
    const receiver = await listen();
    await gateway.fail(/LEDGER\./);
    const run = await startedRun(caller, receiver);
    await endAndPush(run);
    await until("the callback", WITHIN_MS, () => receiver.deliveries.length > 0);
    await gateway.called("USER_GATE.report");
    await gateway.mend();
    await gateway.pass(RESEND_MS);
    await gateway.called("USER_GATE.report");
    await expectToldAndCharged(caller, receiver, [run]);
    expect((await deliveriesOf(caller, ECHO, run.id)).attempts).toHaveLength(1);
  });

  it("whose yes gets lost: they are told again, and nothing is charged twice", async () => {
    const caller = await paying();
    const receiver = await listen();
    await gateway.fail(/LEDGER\.batch$/, "unheard");
    const run = await startedRun(caller, receiver);
    await endAndPush(run);
    await gateway.called("USER_GATE.report");
    await gateway.pass(RESEND_MS);
    await gateway.called("LEDGER.batch");
    await gateway.called("USER_GATE.report");
    await gateway.mend();
    await gateway.pass(RESEND_MS);
    await gateway.called("USER_GATE.report");
    await expectToldAndCharged(caller, receiver, [run]);
  });

  it("that hang: starts and deliveries do not wait, and nothing is told or charged twice", async () => {
    const caller = await paying();
    const receiver = await listen();
    await gateway.fail(/LEDGER\./, "held");
    const runs: UpstreamRun[] = [];
    for (const count of [1, 2]) {
      const run = await startedRun(caller, receiver);
      await endAndPush(run);
      await until("the callback", WITHIN_MS, () => receiver.deliveries.length >= count);
      await gateway.called("LEDGER.batch", count);
      runs.push(run);
    }
    await gateway.pass(PATIENCE_MS);
    await gateway.called("USER_GATE.report", 2);
    await gateway.pass(POLL_SECONDS * SECOND);
    await gateway.called("LEDGER.batch");
    await gateway.mend();
    await expectToldAndCharged(caller, receiver, runs);
  });
});

/** A caller whose runs are charged, and whose token outlives what a test lets pass. */
function paying(): Promise<Caller> {
  const exp = Math.floor(Date.now() / SECOND) + 24 * 3600;
  return Caller.of(gateway.url, undefined, { exp, billing: JSON.stringify({ is_billable: true }) });
}

async function listen(reply?: Receiver["reply"]): Promise<Receiver> {
  const receiver = await Receiver.listen(reply);
  onTestFinished(() => receiver.close());
  return receiver;
}

async function startedRun(caller: Caller, receiver: Receiver): Promise<UpstreamRun> {
  return upstream.run(runIdOf(await caller.start(ECHO, { callback_url: receiver.url("/hook") })));
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
