// One measurement of one contender, and what makes it an honest one: every status is looked at, and the upstream is
// asked how many runs it was made to start.
import { setTimeout as sleep } from "node:timers/promises";
import { countsAt } from "./children.ts";
import { closedLoop } from "./closed-loop.ts";
import type { Contender, Running } from "./contender.ts";
import { cpuSeconds } from "./cpu.ts";
import { type Prepared, prepare, writeLua } from "./requests.ts";
import type { Surroundings } from "./world.ts";

const DELIVERED_WITHIN_MS = 120_000;
const POLL_MS = 20;
/** For what was under way when the load ended: it must not be found in the next contender's account. */
const SETTLED_MS = 250;

export type Entrant = {
  contender: Contender;
  running: Running;
  requests: readonly Prepared[];
  planFile: string;
};

export type Throughput = { perSecond: number; cpuMs: number; p50Ms: number; p99Ms: number };

export async function enter(contender: Contender, world: Surroundings): Promise<Entrant> {
  const running = await contender.start(world);
  const requests = running.plan.calls.map((call) => prepare(call, `127.0.0.1:${running.port}`));
  const planFile = `${world.folder(contender.name)}/requests.lua`;
  writeLua(planFile, requests);
  await askEachOnce(contender, running);
  return { contender, running, requests, planFile };
}

// Once in turn, not under load: says early what is wrong, and makes known what a replay must find.
async function askEachOnce(contender: Contender, { plan, port }: Running): Promise<void> {
  for (const { method, path, token, body } of plan.calls) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const fresh = body?.replace(/@FRESH[^@]*@/, () => crypto.randomUUID());
    const init = { method, headers, ...(fresh === undefined ? {} : { body: fresh }) };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await answer.text();
    if (answer.status !== plan.expectedStatus || !/"type":"run","id":"[0-9a-f-]{36}"/.test(text))
      throw new Error(`${contender.name} answered ${answer.status} ${text}`);
  }
}

/** Closed loop: requests a second, and CPU milliseconds for each of them with what they cause afterwards. */
export async function throughput(
  { running, planFile, contender }: Entrant,
  world: Surroundings,
  load: { connections: number; seconds: number },
): Promise<Throughput> {
  const { port, pids, plan } = running;
  const before = await countsAt(world.upstream.port);
  const cpuBefore = cpuSeconds(pids);
  const result = await closedLoop({ port, planFile, expectedStatus: plan.expectedStatus, ...load });
  await sleep(SETTLED_MS);
  if (running.callsBack) await untilDelivered(world);
  const cpu = cpuSeconds(pids) - cpuBefore;
  const after = await countsAt(world.upstream.port);
  const starts = (after["starts"] ?? 0) - (before["starts"] ?? 0);
  const expected = result.requests * running.upstreamStarts;
  // What is under way when the load ends reaches the upstream without being counted here.
  if (starts < expected || starts > expected + load.connections * running.upstreamStarts)
    throw new Error(`${contender.name}: ${result.requests} requests made ${starts} starts at the upstream`);
  return {
    perSecond: result.requests / result.seconds,
    cpuMs: (cpu * 1000) / result.requests,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
  };
}

export async function untilDelivered({ upstream, receiver }: Surroundings): Promise<void> {
  const deadlineMs = Date.now() + DELIVERED_WITHIN_MS;
  for (;;) {
    const { pushes = 0 } = await countsAt(upstream.port);
    const { received = 0 } = await countsAt(receiver.port);
    if (received >= pushes) return;
    if (Date.now() > deadlineMs) throw new Error(`of ${pushes} callbacks ${received} were received`);
    await sleep(POLL_MS);
  }
}
