// One user does the worst that one user can, in each way in turn, and another one's starts and callbacks go on.
// FAIRNESS_SECONDS=60 makes each way last as long. The percentiles are printed (`--silent=false`).
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ATTACK_NAMES, Attack } from "./support/attacks.ts";
import { endRun, startedRun } from "./support/callback-runs.ts";
import { Caller, ECHO, toRunId } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream } from "./support/upstream.ts";

const ROUNDS = 4;
const LASTS_MS = 1000 * Number(process.env["FAIRNESS_SECONDS"] ?? 4);
const EXEMPT = { rate_limit: { exempt: true } };

const upstream = await forFile(Upstream.listen());
const receiver = await forFile(Receiver.listen());
const gateway = await forFile(
  gatewayWith({ UPSTREAM_URL: upstream.url, UPSTREAM_TIMEOUT_MS: 10_000, MAX_IN_FLIGHT: 100 }),
);

upstream.beforeAnswer = (run) => (run.inputs === "slow" ? sleep(5_000) : undefined);

/** What the victim's starts took, in ms; each was a 202. */
async function starts(victim: Caller, lastsMs: number): Promise<number[]> {
  const took: number[] = [];
  for (const endMs = performance.now() + lastsMs; performance.now() < endMs; await sleep(10)) {
    const begunAtMs = performance.now();
    const { status, text } = await victim.start(ECHO, {}, { rateLimit: "off" });
    expect([status, text]).toEqual([202, expect.any(String)]);
    took.push(performance.now() - begunAtMs);
  }
  return took;
}

/** An attacker with places in its window, whatever the other ways have cost, and one whose window is used up. */
async function aim() {
  const attacker = await Caller.of(gateway.url);
  const limited = await Caller.of(gateway.url, undefined, { rate_limit: { limit_override: 1 } });
  await limited.start(ECHO, {});
  const runId = toRunId(await attacker.start(ECHO, {}));
  const path = `/actions/v1/stored-actions/${ECHO}`;
  return { url: gateway.url, path, token: attacker.token, limitedToken: limited.token, runId };
}

it("another user's starts are all served, and its callbacks go out", async () => {
  await starts(await Caller.of(gateway.url, undefined, EXEMPT), 1_000);
  for (const name of ATTACK_NAMES) {
    // A token lasts ten minutes.
    const victim = await Caller.of(gateway.url, undefined, EXEMPT);
    const target = await aim();
    const without: number[] = [];
    const during: number[] = [];
    // In turn, so that whatever else the machine does meets both alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      without.push(...(await starts(victim, LASTS_MS / ROUNDS)));
      const attack = new Attack(name, target);
      await sleep(1_000);
      during.push(...(await starts(victim, LASTS_MS / ROUNDS)));
      if (round === ROUNDS - 1) await expectCallback(victim);
      await attack.end();
    }
    const percentiles = [during, without].map((took) => `${at(took, 0.5)} / ${at(took, 0.99)}`);
    console.log(`${name}: starts took ${percentiles.join(" ms, without ")} ms (p50 / p99)`);
    expect(at(during, 0.5)).toBeLessThanOrEqual(2 * at(without, 0.5));
  }
}, 1_200_000);

async function expectCallback(victim: Caller): Promise<void> {
  const path = "/victim";
  const before = receiver.at(path).length;
  const parties = { caller: victim, upstream };
  const run = await startedRun(parties, { callback_url: receiver.urlAt(path) }, { rateLimit: "off" });
  await endRun(upstream, run);
  await until("the callback", 15_000, () => receiver.at(path).length > before);
}

function at(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN);
}
