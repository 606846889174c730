// The chaos run: a steady load of every kind of run against the real bundle while the gateway is killed and started
// again, the operators' index is lost for good, the upstream fails in bursts and receivers flap. In the end all other
// parties are well, it drains, and every single run is accounted for, by what the gateway's own API says of it. `npm run chaos` runs it for as long as one likes; chaos.test.ts runs that for a minute.
import { setTimeout as sleep } from "node:timers/promises";
import { type DeliveriesView, deliveriesPath } from "../support/deliveries.ts";
import { loseOperatorsIndex } from "../support/operators-index.ts";
import { type GatewayProcess, startProcess, vars } from "../support/process.ts";
import { allCharges } from "../support/usage.ts";
import { type Difference, type Facts, findDifferences } from "./accounts.ts";
import { ACTION, ALL_USERS, ChaosCallers } from "./chaos-callers.ts";
import { ChaosReceivers } from "./chaos-receivers.ts";
import { ChaosUpstream } from "./chaos-upstream.ts";
import { makePlan, type Plan, TRAITS } from "./plan.ts";
import { buildReport } from "./report.ts";
import { Timeline } from "./timeline.ts";

/** `differences`: a line for each run that differs, and its time line under it. */
export type ChaosResult = { report: string; differences: string[] };

/** Time enough to answer on a busy machine, as a time-out is no small thing here. Short waits otherwise, so that a minute holds many of them. Retries a few seconds apart outlast every burst. */
const SETTINGS = {
  CALLBACK_RETRY_SCHEDULE: ["1", "1", "2", ...Array.from({ length: 47 }, () => "3")].join(","),
  CALLBACK_TIMEOUT_MS: "10000",
  RUN_POLL_SCHEDULE: "1,2,4",
  // A lease on an id lasts 5 s longer.
  UPSTREAM_TIMEOUT_MS: "8000",
  RATE_LIMIT_DEFAULT: "1000000",
  READ_LIMIT: "0",
};
/** What was lost is sent again after a minute, who hung is left alone for as long: with both, and a slow machine. */
const DRAINED_WITHIN_MS = 360_000;
/** In which whatever happens twice would happen again. */
const AFTERWARDS_MS = 3_000;
const POLL_MS = 1000;
const REPLAYS_AT_ONCE = 8;

type World = {
  plan: Plan;
  timeline: Timeline;
  upstream: ChaosUpstream;
  receivers: ChaosReceivers;
  gateway: GatewayProcess;
  callers: ChaosCallers;
  /** Runs that the gateway has shown as delivered: they stay so. */
  delivered: Set<string>;
};

type Kills = { kills: number; indexDroppedAtMs: number | null };

type Account = { all: Facts[]; strays: string[] };

export async function runChaos(options: Pick<Plan, "seed" | "seconds" | "rate">): Promise<ChaosResult> {
  const plan = makePlan(options);
  const world = await worldFor(plan);
  try {
    const calling = load(world);
    const kills = await killAgainAndAgain(world);
    await calling.started;
    world.timeline.note("the load ends");
    const drainedMs = await drain(world, calling.answered);
    const replays = await replayAll(world);
    await sleep(AFTERWARDS_MS);
    const { all, strays } = await accountFor(world);
    const differences = [...all.flatMap((facts) => linesOn(world.timeline, facts)), ...strays, ...replays];
    return { report: buildReport({ plan, timeline: world.timeline, ...kills, drainedMs, all }), differences };
  } finally {
    await close(world);
  }
}

async function worldFor(plan: Plan): Promise<World> {
  const timeline = new Timeline();
  const upstream = await ChaosUpstream.listen(plan, timeline);
  const receivers = await ChaosReceivers.listen(plan, timeline);
  const gateway = await startProcess({ args: vars({ ...SETTINGS, UPSTREAM_URL: upstream.url }) });
  const callers = new ChaosCallers(gateway.url, timeline, (run) => receivers.urlFor(run));
  timeline.begin();
  return { plan, timeline, upstream, receivers, gateway, callers, delivered: new Set() };
}

async function close({ upstream, receivers, gateway, callers }: World): Promise<void> {
  callers.close();
  upstream.close();
  receivers.close();
  await gateway.close();
}

/** `started`: each run was asked for; `answered`: each caller has heard its last word. */
function load({ plan, timeline, callers }: World): { started: Promise<unknown>; answered: Promise<unknown> } {
  const answers: Promise<void>[] = [];
  const startAll = async () => {
    for (const run of plan.runs) {
      await sleep(Math.max(0, run.startAtMs - timeline.nowMs));
      answers.push(callers.start(run));
    }
  };
  const started = startAll();
  return { started, answered: started.then(() => Promise.all(answers)) };
}

/** Says how often. The first time the operators' index is lost, too: no request, delivery or charge may notice. */
async function killAgainAndAgain({ plan, timeline, gateway, upstream, callers }: World): Promise<Kills> {
  const kills: Kills = { kills: 0, indexDroppedAtMs: null };
  for (const uptimeMs of plan.uptimesMs) {
    await sleep(uptimeMs);
    if (timeline.nowMs >= plan.healedAtMs) break;
    timeline.note("the gateway is killed");
    await gateway.kill("SIGKILL");
    kills.kills += 1;
    if (kills.indexDroppedAtMs === null) {
      loseOperatorsIndex(gateway.stateDir);
      timeline.note("the operators' index is lost");
      kills.indexDroppedAtMs = timeline.nowMs;
    }
    await gateway.restart();
    timeline.note("the gateway is back");
    upstream.notifyMissed((number) => callers.wordOn(number).kind === "accepted");
  }
  return kills;
}

/** Until nothing is missing any more, or it takes longer than it may. Says how long it took. */
async function drain(world: World, answered: Promise<unknown>): Promise<number> {
  const { timeline } = world;
  const fromMs = timeline.nowMs;
  const isLate = () => timeline.nowMs - fromMs > DRAINED_WITHIN_MS;
  await Promise.race([answered, sleep(DRAINED_WITHIN_MS, null, { ref: false })]);
  while (!isLate() && !(await isDrained(world))) await sleep(POLL_MS);
  timeline.note("it has drained");
  return timeline.nowMs - fromMs;
}

// What is there twice, or wrong, does not go away by waiting.
async function isDrained(world: World): Promise<boolean> {
  const { all } = await accountFor(world);
  return !all.flatMap(findDifferences).some(({ kind }) => kind === "missing");
}

async function accountFor(world: World): Promise<Account> {
  const { plan, upstream, receivers, callers } = world;
  const charged: { runId: string; user: number }[] = [];
  for (const user of ALL_USERS) {
    const charges = await allCharges(callers.buildReader(user));
    charged.push(...charges.map(({ run_id: runId }) => ({ runId, user })));
  }
  const executed = Map.groupBy(upstream.executed(), ({ number }) => number);
  const shown = await showDeliveries(world);
  const all = plan.runs.map((planned): Facts => {
    const runs = executed.get(planned.number) ?? [];
    return {
      planned,
      word: callers.wordOn(planned.number),
      executed: runs.map(({ run, isHeard }) => ({ runId: run.id, ended: run.ended, isHeard })),
      received: receivers.receivedOf(planned.number),
      shown: runs.map(({ run }) => shown.get(run.id) ?? null).find((state) => state !== null) ?? null,
      charges: charged.filter(
        ({ runId, user }) => user === planned.user && runs.some(({ run }) => run.id === runId),
      ).length,
    };
  });
  const known = new Map(
    all.flatMap(({ planned, executed: runs }) => runs.map(({ runId }) => [runId, planned.user])),
  );
  const strays = charged.filter(({ runId, user }) => known.get(runId) !== user);
  return {
    all,
    strays: strays.map(({ runId, user }) => `user ${user} was charged for ${runId}, which is not theirs`),
  };
}

/** By run id, what the gateway shows of each run whose receiver was called. */
async function showDeliveries(world: World): Promise<ReadonlyMap<string, DeliveriesView["state"]>> {
  const { plan, upstream, receivers, delivered } = world;
  const called = upstream.executed().filter(({ number }) => receivers.receivedOf(number).length > 0);
  const shown = new Map<string, DeliveriesView["state"]>();
  for (const { run, number } of called) {
    const state = delivered.has(run.id)
      ? "delivered"
      : await showDelivery(world, run.id, plan.runs[number]?.user ?? 0);
    if (state === null) continue;
    shown.set(run.id, state);
    if (state === "delivered") delivered.add(run.id);
  }
  return shown;
}

async function showDelivery(
  { callers }: World,
  runId: string,
  user: number,
): Promise<DeliveriesView["state"] | null> {
  const { status, text } = await callers.buildReader(user).call(deliveriesPath(ACTION, runId));
  if (status !== 200) return null;
  const { data }: { data: DeliveriesView } = JSON.parse(text);
  return data.state;
}

/** Each caller whose run was accepted under an id asks again: that starts nothing, and gets the first answer. */
async function replayAll({ plan, callers, timeline }: World): Promise<string[]> {
  const left = plan.runs.filter(({ number, kind }) => {
    return TRAITS[kind].hasId && callers.wordOn(number).kind === "accepted";
  });
  const found: string[] = [];
  const hand = async () => {
    for (let run = left.pop(); run !== undefined; run = left.pop()) {
      const difference = await callers.differenceOnReplay(run);
      if (difference !== null)
        found.push(`run ${run.number}: ${difference}`, ...timeline.timeLine(run.number));
    }
  };
  await Promise.all(Array.from({ length: REPLAYS_AT_ONCE }, hand));
  return found;
}

function linesOn(timeline: Timeline, facts: Facts): string[] {
  const found = findDifferences(facts);
  if (found.length === 0) return [];
  const { number, kind } = facts.planned;
  const what = found.map((one: Difference) => `${one.kind}: ${one.what}`).join("; ");
  return [`run ${number} (${kind}): ${what}`, ...timeline.timeLine(number)];
}
