// A receiver that hangs costs the others nothing: fifty runs end at one moment, each with a receiver of its own.
import { beforeAll, expect, it } from "vitest";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

const RECEIVERS = 50;
/** The middle one of so many rounds counts: a round is short, and other tests use the machine too. */
const ROUNDS = 5;
const ALL_WITHIN_MS = 10_000;

let upstream: Upstream;
let gateway: GatewayProcess;
let caller: Caller;
let receivers: Receiver[];
beforeAll(async () => {
  upstream = await Upstream.listen();
  gateway = await startProcess({ args: ["--var", `UPSTREAM_URL:${upstream.url}`] });
  caller = await Caller.of(gateway.url, undefined, { rate_limit: { exempt: true } });
  receivers = await Promise.all(Array.from({ length: RECEIVERS }, () => Receiver.listen()));
  return async () => {
    await gateway.close();
    for (const server of [upstream, ...receivers]) server.close();
  };
});

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
  const [first, ...others] = receivers;
  if (first === undefined) return expect.fail("no receivers");
  first.reply = reply;
  const runs = await Promise.all(receivers.map((receiver) => startedRun(receiver.url(path))));
  const endedAtMs = performance.now();
  for (const run of runs) upstream.end(run);
  // The one that hangs is told first.
  expect(await Promise.all(runs.map((run) => upstream.push(run)))).toEqual(runs.map(() => 202));
  const toldAtMs = () => others.flatMap((receiver) => receiver.at(path).map(({ atMs }) => atMs));
  await until("the 49 deliveries", ALL_WITHIN_MS, () => toldAtMs().length >= others.length);
  expect(first.at(path).length).toBeLessThanOrEqual(1);
  expect(toldAtMs()).toHaveLength(others.length);
  return Math.round(Math.max(...toldAtMs()) - endedAtMs);
}

async function startedRun(callbackUrl: string): Promise<UpstreamRun> {
  const answer = await caller.start(ECHO, { callback_url: callbackUrl }, { rateLimit: "off" });
  return upstream.run(toRunId(answer));
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
