// The real gateway on bindings that fail as a flow tells them to: flows serve this file in place of src/index.ts, which
// knows nothing of it. Worker and objects share one isolate on a developer's machine, so what is set here holds
// for both; it is forgotten when the process ends. test/flows/support/faults.ts speaks to it.
import gateway, { DestinationBreaker as RealBreaker, UserGate as RealGate } from "../../src/index.ts";
import { type Tap, tapped } from "./bindings.ts";

/** `lost`: nothing happens and nobody hears of it; `unheard`: it happens, and fails all the same; `held`: it waits. */
type How = "refused" | "moved" | "overloaded" | "lost" | "unheard" | "held";

/** `calls`: a pattern of names, as `KV.get` or, when an object makes the call, `UserGate:KV.get`. */
type Fault = { calls: string; how: How; times: number | null };

type Situation = { faults: Fault[]; aheadMs: number };

const POLL_MS = 20;

let situation: Situation = { faults: [], aheadMs: 0 };
/** Calls since the situation was set. */
let calls: string[] = [];
const gateIds = new Set<string>();

const now = Date.now.bind(Date);
Date.now = () => now() + situation.aheadMs;

// Timers keep to that clock: when it jumps, those that were due meanwhile fire. When it is set right again, they go on.
let jumpedMs = 0;
const ticks = () => now() + jumpedMs;
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const timers = new Map<object, number>();
Object.assign(globalThis, {
  setTimeout(fire: () => void, delayMs = 0): object {
    const timer = {};
    const dueAtMs = ticks() + delayMs;
    const look = () => {
      const leftMs = dueAtMs - ticks();
      if (leftMs > 0) timers.set(timer, startTimer(look, Math.min(leftMs, POLL_MS)));
      else if (timers.delete(timer)) fire();
    };
    timers.set(timer, startTimer(look, Math.min(delayMs, POLL_MS)));
    return timer;
  },
  clearTimeout(timer: object): void {
    stopTimer(timers.get(timer) ?? null);
    timers.delete(timer);
  },
});

scheduler.wait = (delayMs, { signal } = {}) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, delayMs);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

export { MetricsAggregator } from "../../src/index.ts";

export class UserGate extends RealGate {
  constructor(state: DurableObjectState, env: Env) {
    super(state, faulty(env, "UserGate:"));
    gateIds.add(state.id.toString());
  }

  /** As its alarm does when it is due, and once more when it is due again at once: it had begun before the clock jumped. */
  async ring(): Promise<void> {
    await this.alarm();
    const nextAtMs = await this.ctx.storage.getAlarm();
    if (nextAtMs !== null && nextAtMs <= Date.now() + 1) await this.alarm();
  }

  /** As the platform does when it moves an object: its memory goes, and whoever waits for it hears of that. */
  move(): void {
    this.ctx.abort("moved");
  }
}

export class DestinationBreaker extends RealBreaker {
  constructor(state: DurableObjectState, env: Env) {
    super(state, faulty(env, "DestinationBreaker:"));
  }
}

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/faults") return control(request);
    if (pathname === "/faults/dead-letters") return indexedDeadLetters(env);
    if (pathname === "/faults/ring") return tellGates(env, (gate) => gate.ring());
    if (pathname === "/faults/move") return tellGates(env, (gate) => gate.move());
    return gateway.fetch(request, faulty(env, ""), context);
  },
  async queue(batch, env, context) {
    await gateway.queue(batch, faulty(env, ""), context);
  },
} satisfies ExportedHandler<Env>;

async function control(request: Request): Promise<Response> {
  if (request.method === "GET") return Response.json(calls);
  const next: Situation = await request.json();
  jumpedMs += Math.max(0, next.aheadMs - situation.aheadMs);
  situation = next;
  calls = [];
  return new Response(null, { status: 204 });
}

/** Run ids in the operators' index, whatever ails it. */
async function indexedDeadLetters({ OPERATORS_DB }: Env): Promise<Response> {
  const { results } = await OPERATORS_DB.prepare("SELECT run_id FROM dead_letters").all<{ run_id: string }>();
  return Response.json(results.map(({ run_id }) => run_id));
}

async function tellGates(
  { USER_GATE }: Env,
  tell: (gate: DurableObjectStub<UserGate>) => Promise<unknown>,
): Promise<Response> {
  const gates = USER_GATE as unknown as DurableObjectNamespace<UserGate>;
  await Promise.allSettled([...gateIds].map((id) => tell(gates.get(gates.idFromString(id)))));
  return new Response(null, { status: 204 });
}

function isStillThere(fault: Fault): boolean {
  return situation.faults.some((each) => each.calls === fault.calls && each.how === fault.how);
}

// One for each: settings are remembered by the environment that they came from.
const known = new WeakMap<Env, Map<string, Env>>();

function faulty(env: Env, who: string): Env {
  const ofEnv = known.get(env) ?? new Map<string, Env>();
  const made = ofEnv.get(who) ?? (tapped(env, tapOf(who)) as Env);
  known.set(env, ofEnv.set(who, made));
  return made;
}

function tapOf(who: string): Tap {
  return ({ name, perform }) => {
    const full = `${who}${name}`;
    calls.push(full);
    const fault = situation.faults.find((each) => each.times !== 0 && new RegExp(each.calls).test(full));
    if (fault === undefined) return perform();
    if (fault.times !== null) fault.times -= 1;
    return befall(fault, perform);
  };
}

async function befall(fault: Fault, perform: () => Promise<unknown>): Promise<unknown> {
  switch (fault.how) {
    case "refused":
      throw new Error("down");
    case "moved":
      throw Object.assign(new Error("moved"), { retryable: true });
    case "overloaded":
      throw Object.assign(new Error("overloaded"), { retryable: true, overloaded: true });
    case "lost":
      return undefined;
    case "unheard":
      await perform();
      throw new Error("connection lost");
    case "held":
      while (isStillThere(fault)) await scheduler.wait(POLL_MS);
      return perform();
  }
}
