// One measurement of one contender, and what makes it an honest one: every status is checked, and the upstream is
// asked how many runs it was made to start.
import { setTimeout as sleep } from "node:timers/promises";
import { countsAt } from "./children.ts";
import { closedLoop, warmUp } from "./closed-loop.ts";
import type { Contender, Process, Shape, World } from "./contender.ts";
import { cpuSeconds } from "./cpu.ts";
import { openLoop } from "./open-loop.ts";
import { type Call, FRESH_ID, type Prepared, writeLua } from "./requests.ts";
import type { Throughput } from "./targets.ts";

const DELIVERED_WITHIN_MS = 120_000;
const POLL_MS = 20;
/** As long as the upstream must hear nothing more. */
const SETTLED_MS = 250;
/** Unmeasured, before each measurement: a Durable Object leaves memory after 10 seconds without a call. */
const WAKE_UP = { connections: 16, seconds: 1 };
/** More than are ever needed at a third of capacity, so that a request hardly ever waits for one. */
const OPEN_CONNECTIONS = 64;
const RUN = /"type":"run",\s*"id":"[0-9a-f-]{36}"/;

/** A contender that runs, and what it is asked. */
export type Entrant = Process &
  Shape & { name: string; title: string; requests: readonly Prepared[]; planFile: string };

export async function enter(contender: Contender, world: World): Promise<Entrant> {
  const { name, title } = contender;
  const shape = await contender.shape(world);
  const process = await contender.start(world);
  const planFile = `${world.folder(name)}/requests.lua`;
  const requests = writeLua(planFile, shape.plan.calls, process.port);
  const entrant = { ...process, ...shape, name, title, requests, planFile };
  await askEachOnce(entrant);
  if (contender.verifies) await askWithForgedToken(entrant);
  if (entrant.callsBack) await untilDelivered(world);
  return entrant;
}

// One after the other: says early what is wrong, and makes known what a replay must find.
async function askEachOnce({ name, plan, port }: Entrant): Promise<void> {
  for (const call of plan.calls) {
    const { status, text } = await ask(port, call);
    if (status !== plan.expectedStatus || !RUN.test(text))
      throw new Error(`${name} answered ${status} ${text}`);
  }
}

/** Speed is worth nothing with a check that is none. Without a body: one of megabytes would be refused while it is sent. */
async function askWithForgedToken({ name, plan, port }: Entrant): Promise<void> {
  for (const call of plan.calls.slice(0, 1)) {
    const { status } = await ask(port, { ...call, token: forged(call.token), body: null });
    if (status !== 401) throw new Error(`${name} answered ${status} to a token with a forged signature`);
  }
}

function forged(token: string): string {
  const signature = token.lastIndexOf(".") + 1;
  return token.slice(0, signature) + (token[signature] === "A" ? "B" : "A") + token.slice(signature + 1);
}

async function ask(port: number, call: Call): Promise<{ status: number; text: string }> {
  const { method, path, token, body } = call;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const init = body === null ? {} : { body: body.replace(FRESH_ID, crypto.randomUUID()) };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...init });
  return { status: answer.status, text: await answer.text() };
}

/**
 * Closed loop: requests a second, and CPU milliseconds for each of them, with what they cause afterwards. A callback is
 * part of its request: the time runs until the last one is delivered.
 */
export async function throughput(
  entrant: Entrant,
  world: World,
  load: { connections: number; seconds: number },
): Promise<Throughput> {
  const { name, port, pids, plan, planFile, callsBack, upstreamStarts } = entrant;
  await wakeUp(entrant, world);
  const { starts: startsBefore = 0 } = await countsAt(world.upstream.port);
  const cpuBefore = cpuSeconds(pids);
  const { expectedStatus } = plan;
  const result = await closedLoop({ port, planFile, expectedStatus, ...fitting(load, world) });
  const endedAtMs = performance.now();
  if (callsBack) await untilDelivered(world);
  const deliverySeconds = callsBack ? (performance.now() - endedAtMs) / 1000 : 0;
  await settle(entrant, world);
  const cpu = cpuSeconds(pids) - cpuBefore;
  const { starts: startsAfter = 0 } = await countsAt(world.upstream.port);
  const starts = startsAfter - startsBefore;
  const expected = result.requests * upstreamStarts;
  // What is under way when a load ends reaches the upstream without being counted: this one's, and on a machine that
  // stalls the wake-up's.
  const uncounted = (load.connections + WAKE_UP.connections) * upstreamStarts;
  if (starts < expected || starts > expected + uncounted)
    throw new Error(`${name}: ${result.requests} requests made ${starts} starts at the upstream`);
  return {
    perSecond: result.requests / (result.seconds + deliverySeconds),
    cpuMs: (cpu * 1000) / result.requests,
  };
}

/** Open loop: the latency of each request, in milliseconds. */
export async function latencies(
  entrant: Entrant,
  world: World,
  load: { perSecond: number; seconds: number },
): Promise<number[]> {
  await wakeUp(entrant, world);
  const { port, plan, requests } = entrant;
  const { expectedStatus } = plan;
  const all = {
    port,
    requests,
    expectedStatus,
    ...fitting({ connections: OPEN_CONNECTIONS, ...load }, world),
  };
  const latenciesMs = await openLoop(all);
  await settle(entrant, world);
  return latenciesMs;
}

function fitting<T extends { connections: number }>(load: T, { load: { maxConnections } }: World): T {
  return { ...load, connections: Math.min(load.connections, maxConnections) };
}

async function wakeUp(entrant: Entrant, world: World): Promise<void> {
  const { port, planFile, plan } = entrant;
  await warmUp({ port, planFile, expectedStatus: plan.expectedStatus, ...fitting(WAKE_UP, world) });
  await settle(entrant, world);
}

/** Until nothing that was under way reaches the upstream any more: it must not be found in the next one's account. */
async function settle({ callsBack }: Entrant, world: World): Promise<void> {
  if (callsBack) await untilDelivered(world);
  let seen = -1;
  for (;;) {
    const { starts = 0, reads = 0 } = await countsAt(world.upstream.port);
    if (starts + reads === seen) return;
    seen = starts + reads;
    await sleep(SETTLED_MS);
  }
}

async function untilDelivered({ upstream, receiver }: World): Promise<void> {
  const deadlineMs = Date.now() + DELIVERED_WITHIN_MS;
  for (;;) {
    const { pushes = 0 } = await countsAt(upstream.port);
    const { received = 0 } = await countsAt(receiver.port);
    if (received >= pushes) return;
    if (Date.now() > deadlineMs) throw new Error(`of ${pushes} callbacks ${received} were received`);
    await sleep(POLL_MS);
  }
}
