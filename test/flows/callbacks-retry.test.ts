// Promise 4, when the other side does not play along: receivers that fail for a while or for ever, and an upstream that
// says too much. A receiver of its own for each: a host that fails is left alone.
import { expect, it } from "vitest";
import { endedRun, startedRun } from "./support/callback-runs.ts";
import { atOnce, Caller, ECHO } from "./support/caller.ts";
import { readDeliveries, redeliver, untilState } from "./support/deliveries.ts";
import { forFile, forTest, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { type Delivery, Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

/** Seconds after the first, second and third attempt, each give or take a fifth. */
const DELAYS_MS = [1000, 2000, 1000];
/** From planned to arrived, on a machine that is busy with other tests. */
const LATE_MS = 1500;
const SOON_MS = 20_000;

const upstream = await forFile(Upstream.listen());
const gateway = await forFile(
  gatewayWith({
    UPSTREAM_URL: upstream.url,
    CALLBACK_RETRY_SCHEDULE: "1,2,1",
    CALLBACK_TIMEOUT_MS: 3000,
    // A timer that could be taken for a push would hide a push that is lost.
    RUN_POLL_SCHEDULE: 600,
  }),
);
const caller = await Caller.of(gateway.url);

it("a receiver that fails three times and then recovers is told by the next attempt, on schedule", async () => {
  const receiver = await forTest(Receiver.listen((_, earlier) => (earlier < 3 ? 503 : 204)));
  const run = await endedRun({ caller, upstream }, receiver.urlAt("/hook"));
  const { attempts } = await untilState(caller, ECHO, run.id, "delivered");
  expect(attempts.map(({ status }) => status)).toEqual([503, 503, 503, 204]);
  expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expectSchedule(receiver.deliveries);
  expectOneMessage(receiver.deliveries, run);
});

it("one that fails for ever ends as a dead letter; sent again it arrives, though the upstream has forgotten the run", async () => {
  let isDown = true;
  const receiver = await forTest(Receiver.listen(() => (isDown ? 500 : 204)));
  const run = await endedRun({ caller, upstream }, receiver.urlAt("/hook"));
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

it("of an upstream's hundred pushes the receiver hears once", async () => {
  const receiver = await forTest(Receiver.listen());
  const run = await startedRun({ caller, upstream }, { callback_url: receiver.urlAt("/hook") });
  const push = async (count: number) =>
    expect(new Set(await atOnce(count, () => upstream.push(run)))).toEqual(new Set([202]));
  // Before the end, together with it and after it.
  await push(30);
  upstream.end(run);
  await push(40);
  await untilState(caller, ECHO, run.id, "delivered");
  await push(30);
  await quiet(receiver);
  expect(receiver.deliveries).toHaveLength(1);
  expect((await readDeliveries(caller, ECHO, run.id)).attempts).toHaveLength(1);
});

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
