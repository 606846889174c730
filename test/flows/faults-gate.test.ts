// What fails, and what then: the gate. Down, overloaded or moving, with a real one behind it.
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Answer, atOnce, Caller, ECHO, errorsOf, runIdOf } from "./support/caller.ts";
import { FaultyGateway } from "./support/faults.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream } from "./support/upstream.ts";
import { allCharges } from "./support/usage.ts";

const WITHIN_MS = 30_000;
const SECOND = 1000;
/** A window or none: while the gate is down there is none. */
const UNCOUNTED = { rateLimit: "any" } as const;
const PAYING = { billing: JSON.stringify({ is_billable: true }) };

let upstream: Upstream;
let receiver: Receiver;
let gateway: FaultyGateway;
beforeAll(async () => {
  upstream = await Upstream.listen();
  receiver = await Receiver.listen();
  // The timer is not to be taken for what else brings a run on.
  gateway = await FaultyGateway.start({ UPSTREAM_URL: upstream.url, RUN_POLL_SCHEDULE: "600" });
  return async () => {
    await gateway.close();
    upstream.close();
    receiver.close();
  };
});
afterEach(async () => {
  upstream.beforeAnswer = () => undefined;
  await gateway.reset();
});

it("while the gate is down a plain run is let through, without rate-limit headers, and counted as failed_open", async () => {
  const caller = await Caller.of(gateway.url);
  await gateway.fail(/^USER_GATE\./, "refused");
  const answer = await caller.start(ECHO, {}, UNCOUNTED);
  expect(upstream.run(runIdOf(answer)).starts).toBe(1);
  expect(rateLimitHeaders(answer)).toEqual([]);
  await gateway.logged(({ request_id, outcome }) => isOf(request_id, answer) && outcome === "failed_open");
});

it("while the gate is overloaded, which its own user can cause, a plain run gets 503 and Retry-After", async () => {
  const caller = await Caller.of(gateway.url);
  const before = upstream.runs.size;
  await gateway.fail(/^USER_GATE\./, "overloaded");
  expectComeAgain(await caller.start(ECHO, {}, UNCOUNTED));
  expect(upstream.runs.size).toBe(before);
});

describe.each(["refused", "overloaded"] as const)("while the gate is down (%s)", (how) => {
  it.each([
    ["an id", {}, () => ({ idempotency_id: randomUUID() })],
    ["a callback", {}, () => ({ callback_url: receiver.url("/hook") })],
    ["a charge", PAYING, () => ({})],
  ])("a run with %s gets 503 and Retry-After, and nothing runs", async (_what, claims, data) => {
    const caller = await Caller.of(gateway.url, undefined, claims);
    const before = upstream.runs.size;
    await gateway.fail(/^USER_GATE\./, how);
    const answer = await caller.start(ECHO, data(), UNCOUNTED);
    expectComeAgain(answer);
    expect(upstream.runs.size).toBe(before);
    await gateway.logged(
      ({ request_id, outcome }) => isOf(request_id, answer) && outcome === "failed_closed",
    );
    await gateway.mend();
    expect((await caller.start(ECHO, data())).status).toBe(202);
  });

  it("a known id is answered from KV, and a read goes uncounted", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { idempotency_id: randomUUID() };
    const first = await caller.start(ECHO, data);
    upstream.end(upstream.run(runIdOf(first)));
    await gateway.fail(/^USER_GATE\./, how);
    const again = await caller.start(ECHO, data, UNCOUNTED);
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const read = await caller.read(ECHO, runIdOf(first));
    expect([read.status, rateLimitHeaders(read)]).toEqual([200, []]);
  });
});

describe("a gate that moves", () => {
  it("under a call is asked once more: one run, counted once", async () => {
    const caller = await Caller.of(gateway.url);
    await gateway.fail(/^USER_GATE\.admit$/, "moved", 1);
    const first = await caller.start(ECHO, { idempotency_id: randomUUID() });
    expect(first.headers.get("x-ratelimit-remaining")).toBe("199");
    expect(upstream.run(runIdOf(first)).starts).toBe(1);
  });

  it("while a run is at the upstream and others wait for its answer: one run, told once, charged once", async () => {
    const caller = await Caller.of(gateway.url, undefined, PAYING);
    const data = { idempotency_id: randomUUID(), callback_url: receiver.url("/moved") };
    const hold = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    upstream.beforeAnswer = () => {
      arrived.resolve();
      return hold.promise;
    };
    const first = caller.start(ECHO, data);
    await arrived.promise;
    const others = atOnce(5, () => caller.start(ECHO, data, UNCOUNTED));
    await gateway.called("USER_GATE.admit", 6);
    await gateway.moveGates();
    hold.resolve();
    const runId = runIdOf(await first);
    for (const other of await others) {
      if (other.status === 202) expect(runIdOf(other)).toBe(runId);
      else expectComeAgain(other);
    }
    const told = await caller.start(ECHO, data);
    expect([runIdOf(told), told.headers.get("idempotency-replayed")]).toEqual([runId, "true"]);
    expect(upstream.run(runId).starts).toBe(1);
    await expectToldAndCharged(caller, "/moved", runId);
  });
});

describe("a gate that goes down between the upstream's yes and its own", () => {
  it("has the run named to it by a pointer: told once, charged once", async () => {
    const caller = await Caller.of(gateway.url, undefined, PAYING);
    // Nobody pushes, and the timer is far off.
    upstream.beforeAnswer = (run) => upstream.end(run);
    await gateway.fail(/^USER_GATE\.settle$/);
    const runId = runIdOf(await caller.start(ECHO, { callback_url: receiver.url("/unsettled") }));
    await gateway.mend();
    await expectToldAndCharged(caller, "/unsettled", runId);
  });

  it("while the queue is down too gets no promise: 503, and a retry starts no second run", async () => {
    const caller = await Caller.of(gateway.url, undefined, PAYING);
    const data = { idempotency_id: randomUUID(), callback_url: receiver.url("/unpromised") };
    await gateway.fail(/^(USER_GATE\.settle|RUNS\.send)$/);
    expectComeAgain(await caller.start(ECHO, data));
    await gateway.mend();
    await gateway.pass(20 * SECOND);
    const runId = runIdOf(await caller.start(ECHO, data));
    expect(upstream.run(runId).starts).toBe(2);
    await expectToldAndCharged(caller, "/unpromised", runId);
  });
});

it("a gate that is down while a run's end is pushed hands the run out once it is back", async () => {
  const caller = await Caller.of(gateway.url, undefined, PAYING);
  const runId = runIdOf(await caller.start(ECHO, { callback_url: receiver.url("/pushed") }));
  const run = upstream.run(runId);
  await gateway.fail(/^USER_GATE\./);
  upstream.end(run);
  expect(await upstream.push(run)).toBe(202);
  await gateway.called("USER_GATE.take");
  expect(receiver.at("/pushed")).toEqual([]);
  await gateway.mend();
  await expectToldAndCharged(caller, "/pushed", runId);
});

async function expectToldAndCharged(caller: Caller, path: string, runId: string): Promise<void> {
  const run = upstream.run(runId);
  if (run.ended === null) {
    upstream.end(run);
    expect(await upstream.push(run)).toBe(202);
  }
  await until("the callback", WITHIN_MS, () => receiver.at(path).length > 0);
  await until("the charge", WITHIN_MS, async () => (await allCharges(caller)).length > 0);
  expect(receiver.at(path).map(({ body }) => body.toString())).toEqual([run.ended]);
  expect((await allCharges(caller)).map(({ run_id }) => run_id)).toEqual([runId]);
}

function rateLimitHeaders({ headers }: Answer): string[] {
  return [...headers.keys()].filter((name) => name.includes("ratelimit"));
}

function expectComeAgain(answer: Answer): void {
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(errorsOf(answer)).toMatchObject([{ code: "service_unavaiable" }]);
}

function isOf(requestId: string | undefined, { headers }: Answer): boolean {
  return requestId === headers.get("x-request-id");
}
