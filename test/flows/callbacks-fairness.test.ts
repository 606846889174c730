// A receiver that hangs costs the others nothing: fifty runs end at one moment, each with a receiver of its own.
import { expect, it } from "vitest";
import { endRun, startedRun } from "./support/callback-runs.ts";
import { atOnce, Caller } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream } from "./support/upstream.ts";

const RECEIVERS = 50;
/** The middle one of so many rounds counts: a round is short, and other tests use the machine too. */
const ROUNDS = 5;
const ALL_WITHIN_MS = 10_000;

const upstream = await forFile(Upstream.listen());
// The consumer's batches are as long as those of a deployment.
const gateway = await forFile(gatewayWith({ UPSTREAM_URL: upstream.url, UPSTREAM_TIMEOUT_MS: 10_000 }));
const caller = await Caller.of(gateway.url, undefined, { rate_limit: { exempt: true } });
const receivers = await atOnce(RECEIVERS, () => forFile(Receiver.listen()));

it("49 receivers get theirs within twice the time that they need when the fiftieth does not hang", async () => {
  await round("warm-up", () => 204);
  const without: number[] = [];
  const beside: number[] = [];
  // In turn, so that whatever else the machine does meets both alike.
  for (let n = 0; n < ROUNDS; n += 1) {
    without.push(await round(`without-${n}`, () => 204));
    beside.push(await round(`beside-${n}`, () => "hang"));
  }
  console.log(`49 told after ms: ${without.join(", ")}; beside one that hangs: ${beside.join(", ")}`);
  expect(middle(beside)).toBeLessThanOrEqual(2 * middle(without));
});

/** From the end of all runs to the last of the 49 deliveries, in milliseconds. */
async function round(name: string, reply: Receiver["reply"]): Promise<number> {
  const path = `/${name}`;
  const [first = expect.fail(), ...others] = receivers;
  first.reply = reply;
  const start = (receiver: Receiver) =>
    startedRun({ caller, upstream }, { callback_url: receiver.urlAt(path) }, { rateLimit: "off" });
  const runs = await Promise.all(receivers.map(start));
  const endedAtMs = performance.now();
  // The one that hangs is told first.
  await Promise.all(runs.map((run) => endRun(upstream, run)));
  const receivedAtMs = () => others.flatMap((receiver) => receiver.at(path).map(({ atMs }) => atMs));
  await until("the 49 deliveries", ALL_WITHIN_MS, () => receivedAtMs().length >= others.length);
  expect(first.at(path).length).toBeLessThanOrEqual(1);
  expect(receivedAtMs()).toHaveLength(others.length);
  return Math.round(Math.max(...receivedAtMs()) - endedAtMs);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
