// Promise 4, when the other side does not play along: receivers that fail for a while, for ever or on purpose, and
// upstreams that say too little or too much. A receiver of its own for each: a host that fails is left alone.
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { actionId, Caller, ECHO, toRunId } from "./support/caller.ts";
import { readDeliveries, redeliver, untilState } from "./support/deliveries.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { type Delivery, Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

const NEVER_PUSHES = actionId("0600");
/** Seconds after the first, second and third attempt, each give or take a fifth. */
const DELAYS_MS = [1000, 2000, 1000];
const SCHEDULE = ["--var", "CALLBACK_RETRY_SCHEDULE:1,2,1", "--var", "CALLBACK_TIMEOUT_MS:3000"];
/** A timer that could be taken for a push would hide a push that is lost. */
const NO_POLLS = ["--var", "RUN_POLL_SCHEDULE:600"];
/** From planned to arrived, on a machine that is busy with other tests. */
const LATE_MS = 1500;
const SOON_MS = 20_000;

describe("a receiver that fails", () => {
  let upstream: Upstream;
  let gateway: GatewayProcess;
  let caller: Caller;
  beforeAll(async () => {
    upstream = await Upstream.listen();
    const args = ["--var", `UPSTREAM_URL:${upstream.url}`, ...SCHEDULE, ...NO_POLLS];
    gateway = await startProcess({ args });
    caller = await Caller.of(gateway.url);
    return async () => {
      await gateway.close();
      upstream.close();
    };
  });

  it.each([1, 3])("%i times and then recovers is told by the next attempt, on schedule", async (failures) => {
    const receiver = await listen((_, earlier) => (earlier < failures ? 503 : 204));
    const run = await endedRun(receiver);
    const view = await untilState(caller, ECHO, run.id, "delivered");
    const expected = [...Array<number>(failures).fill(503), 204];
    expect(view.attempts.map(({ status }) => status)).toEqual(expected);
    expect(view.attempts.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1));
    expectSchedule(receiver.deliveries);
    expectOneMessage(receiver.deliveries, run);
  });

  it("for ever ends as a dead letter; sent again it arrives, though the upstream has forgotten the run", async () => {
    let isDown = true;
    const receiver = await listen(() => (isDown ? 500 : 204));
    const run = await endedRun(receiver);
    const dead = await untilState(caller, ECHO, run.id, "dead");
    expect(dead.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
    expect(dead.next_attempt_at).toBe(null);
    expectSchedule(receiver.deliveries);

    isDown = false;
    upstream.runs.delete(run.id);
    expect((await redeliver(caller, ECHO, run.id)).status).toBe(202);
    const delivered = await untilState(caller, ECHO, run.id, "delivered");
    expect(delivered.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 500, 204]);
    expectOneMessage(receiver.deliveries, run);
  });

  it("is the only one who hears of an upstream's hundred pushes, once", async () => {
    const receiver = await listen(() => 204);
    const run = await startedRun(receiver);
    // Before the end, together with it and after it.
    await pushes(run, 30);
    upstream.end(run);
    await pushes(run, 40);
    await untilState(caller, ECHO, run.id, "delivered");
    await pushes(run, 30);
    await quiet(receiver);
    expect(receiver.deliveries).toHaveLength(1);
    expect((await readDeliveries(caller, ECHO, run.id)).attempts).toHaveLength(1);
  });

  async function startedRun(receiver: Receiver): Promise<UpstreamRun> {
    const answer = await caller.start(ECHO, { callback_url: receiver.url("/hook") });
    return upstream.run(toRunId(answer));
  }

  async function endedRun(receiver: Receiver): Promise<UpstreamRun> {
    const run = await startedRun(receiver);
    upstream.end(run);
    expect(await upstream.push(run)).toBe(202);
    return run;
  }

  async function pushes(run: UpstreamRun, count: number): Promise<void> {
    const statuses = await Promise.all(Array.from({ length: count }, () => upstream.push(run)));
    expect(new Set(statuses)).toEqual(new Set([202]));
  }
});

describe("an upstream that never pushes", () => {
  it("is asked by the timer, and the receiver is told soon after the end", async () => {
    const gateway = await startProcess({ args: ["--var", "RUN_POLL_SCHEDULE:1,1"] });
    onTestFinished(() => gateway.close());
    const receiver = await listen(() => 204);
    const caller = await Caller.of(gateway.url);
    const data = { inputs: { seconds: 3 }, callback_url: receiver.url("/hook") };
    const startedAtMs = performance.now();
    const runId = toRunId(await caller.start(NEVER_PUSHES, data));
    const view = await untilState(caller, NEVER_PUSHES, runId, "delivered");
    expect(view.attempts).toHaveLength(1);
    expect(receiver.deliveries).toHaveLength(1);
    const tookMs = (receiver.deliveries[0]?.atMs ?? 0) - startedAtMs;
    expect(tookMs).toBeGreaterThan(3000);
    // At the most one second to the next poll.
    expect(tookMs).toBeLessThan(3000 + 1000 + LATE_MS);
  });
});

async function listen(reply: Receiver["reply"]): Promise<Receiver> {
  const receiver = await Receiver.listen(reply);
  onTestFinished(() => receiver.close());
  return receiver;
}

/** Longer than any delay of the schedule: whatever was still to come has come. */
async function quiet(receiver: Receiver): Promise<void> {
  const lastAtMs = () => receiver.deliveries.at(-1)?.atMs ?? 0;
  const enoughMs = Math.max(...DELAYS_MS) * 1.2 + LATE_MS;
  await until("silence", SOON_MS, () => performance.now() - lastAtMs() > enoughMs);
}

function expectSchedule(deliveries: readonly Delivery[]): void {
  const gaps = deliveries.slice(1).map(({ atMs }, index) => atMs - (deliveries[index]?.atMs ?? 0));
  for (const [index, gapMs] of gaps.entries()) {
    const plannedMs = DELAYS_MS[index] ?? 0;
    expect(gapMs, `before attempt ${index + 2}`).toBeGreaterThanOrEqual(plannedMs * 0.8);
    expect(gapMs, `before attempt ${index + 2}`).toBeLessThan(plannedMs * 1.2 + LATE_MS);
  }
}

/** One id and one body over all attempts. */
function expectOneMessage(deliveries: readonly Delivery[], { ended }: UpstreamRun): void {
  expect(new Set(deliveries.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
  for (const { body } of deliveries) expect(body.toString()).toBe(ended);
}
