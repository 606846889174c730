// Promises 3, 4 and 5 under SIGKILL: whatever the gateway was doing, after a restart on the same state every run that
// was answered 202 is told at least once, and every billable success is charged exactly once. Each kill falls at
// one moment of a run's life, while others are in flight at every stage; what one kill left behind may meet the next.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { Caller, ECHO, runIdOf } from "./support/caller.ts";
import { type GatewayProcess, startProcess, until } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";
import { allCharges } from "./support/usage.ts";

/** A run as its caller knows it; `runId` is null until a 202 was read. `isPushed`: its end was, and nobody says so twice. */
type Case = { number: number; path: string; idempotencyId: string; runId: string | null; isPushed: boolean };

/** `accepted`: runs whose caller has read the 202 and whose end is to come. */
type Moment = { kill: () => Promise<void>; release: () => void; accepted: UpstreamRun[] };

const RUNS_A_STAGE = 4;
const STAGE_WITHIN_MS = 20_000;
/** What got lost in the queue is sent again after a minute. */
const ALL_WITHIN_MS = 100_000;
const RETRY_MS = 500;
const never = new Promise<void>(() => undefined);

const cases: Case[] = [];
const goingOn: Promise<void>[] = [];
const story: string[] = [];
let upstream: Upstream;
let receiver: Receiver;
let gateway: GatewayProcess;
let paying: Caller;
let free: Caller;
beforeAll(async () => {
  upstream = await Upstream.listen();
  receiver = await Receiver.listen();
  gateway = await startProcess({ args: ["--var", `UPSTREAM_URL:${upstream.url}`] });
  [paying, free] = await Promise.all([callerWho(true), callerWho(false)]);
  return async () => {
    await gateway.close();
    upstream.close();
    receiver.close();
  };
});

describe("killed at the moment when", () => {
  it("a run is told whose start was not answered yet, it goes on from there", () =>
    round(async ({ kill }) => {
      const one = newCase();
      const others = upstream.beforeAnswer;
      upstream.beforeAnswer = (run) => (isOf(one, run) ? endAndPush(run).then(() => never) : others(run));
      receiver.answered = ({ path }) => void (path === one.path && kill());
      await tryToStart(one);
    }));

  it("the upstream hears of a run, it goes on from there", () =>
    round(async ({ kill }) => {
      const one = newCase();
      const others = upstream.beforeAnswer;
      upstream.beforeAnswer = (run) => (isOf(one, run) ? kill() : others(run));
      await tryToStart(one);
    }));

  it("the upstream has said yes, it goes on from there", () =>
    round(async ({ kill, release }) => {
      upstream.answered = () => void kill();
      release();
    }));

  it("the caller has read the 202, it goes on from there", () =>
    round(async ({ kill }) => {
      await tryToStart(newCase());
      await kill();
    }));

  it("a completion was pushed, it goes on from there", () =>
    round(async ({ kill, accepted }) => {
      await Promise.allSettled(accepted.map((run) => endAndPush(run).then(kill)));
    }));

  it("an attempt arrives, it goes on from there", () =>
    round(async ({ kill, accepted }) => {
      receiver.reply = () => kill().then(() => "hang");
      await Promise.allSettled(accepted.map(endAndPush));
    }));

  it("a receiver has said 204, it goes on from there", () =>
    round(async ({ kill, release }) => {
      receiver.answered = () => void kill();
      release();
    }));

  it("in the end everybody was told, and every billable success was charged once", async () => {
    try {
      await until("the last callback", ALL_WITHIN_MS, () => untold().length === 0);
      note("everybody was told");
      await until(
        "the last charge",
        ALL_WITHIN_MS,
        async () => (await chargedRuns()).length >= dueRuns().length,
      );
      note("everything was charged");
      await Promise.all(goingOn);
    } finally {
      console.log([...story, ...cases.map(timeLine)].join("\n"));
    }
    expect((await chargedRuns()).toSorted()).toEqual(dueRuns().toSorted());
    expect(await allCharges(free)).toEqual([]);
    for (const one of cases) {
      const bodies = receiver.at(one.path).map(({ body }) => body.toString());
      expect(new Set(bodies)).toEqual(new Set([runOf(one)?.ended]));
      if (one.runId !== null) expect(runOf(one)?.id).toBe(one.runId);
    }
  });
});

/** Brings runs to every stage and holds them there, lets the moment come, starts again, and lets things take their course. */
async function round(passMoment: (moment: Moment) => Promise<void>): Promise<void> {
  const hold = Promise.withResolvers<void>();
  const [starting, accepted, telling] = [newCases(), newCases(), newCases()];
  const first = starting[0]?.number ?? 0;
  upstream.beforeAnswer = (run) => (starting.some((one) => isOf(one, run)) ? hold.promise : undefined);
  receiver.reply = async ({ path }) => {
    if (telling.some((one) => one.path === path)) await hold.promise;
    return 204;
  };
  const starts = starting.map(tryToStart);
  await Promise.all([...accepted, ...telling].map(tryToStart));
  await Promise.all(runsOf(telling).map(endAndPush));
  await until("every run at its stage", STAGE_WITHIN_MS, () => {
    const areTold = telling.every(({ path }) => receiver.at(path).length > 0);
    return areTold && runsOf(starting).length === starting.length;
  });

  const kills: Promise<void>[] = [];
  const kill = async () => {
    if (kills.length === 0) kills.push(gateway.kill("SIGKILL"));
    await kills[0];
  };
  await passMoment({ kill, release: hold.resolve, accepted: runsOf(accepted) });
  await until("the kill", STAGE_WITHIN_MS, () => kills.length > 0);
  await kills[0];
  note("killed");
  hold.resolve();
  upstream.beforeAnswer = upstream.answered = receiver.answered = () => undefined;
  receiver.reply = () => 204;
  await Promise.all(starts);
  await gateway.restart();
  note("started again");
  goingOn.push(...cases.filter(({ number }) => number >= first).map(goOn));
}

/** What the others do after a crash: a half of the upstream's runs are pushed, the callers of the other half try again. */
async function goOn(one: Case): Promise<void> {
  if (one.isPushed) return;
  const isPushed = one.number % 4 < 2;
  if (!isPushed) await again(() => tryToStart(one).then(() => one.runId !== null));
  const run = runOf(one) ?? expect.fail("the upstream never heard of it");
  end(run);
  if (isPushed) await again(async () => (await unlessCutOff(upstream.push(run))) === 202);
}

async function again(succeeds: () => Promise<boolean>): Promise<void> {
  while (!(await succeeds())) await sleep(RETRY_MS);
}

async function tryToStart(one: Case): Promise<void> {
  if (one.runId !== null) return;
  const data = { callback_url: receiver.url(one.path), idempotency_id: one.idempotencyId };
  const caller = isPaid(one) ? paying : free;
  const answer = await unlessCutOff(caller.start(ECHO, data, { rateLimit: "off" }));
  if (answer?.status === 202) one.runId = runIdOf(answer);
}

/** Null when there was nobody to answer. */
async function unlessCutOff<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

async function endAndPush(run: UpstreamRun): Promise<void> {
  end(run);
  const status = await upstream.push(run);
  const one = cases.find((known) => isOf(known, run));
  if (one !== undefined) one.isPushed = status === 202;
}

function end(run: UpstreamRun): void {
  const one = cases.find((known) => isOf(known, run));
  if (run.ended === null) upstream.end(run, one !== undefined && endsInError(one) ? "error" : "success");
}

function newCases(): Case[] {
  return Array.from({ length: RUNS_A_STAGE }, newCase);
}

function newCase(): Case {
  const number = cases.length;
  const one = { number, path: `/run-${number}`, idempotencyId: randomUUID(), runId: null, isPushed: false };
  cases.push(one);
  return one;
}

function untold(): Case[] {
  return cases.filter(({ path }) => receiver.at(path).length === 0);
}

async function chargedRuns(): Promise<string[]> {
  return (await allCharges(paying)).map(({ run_id }) => run_id);
}

function dueRuns(): string[] {
  return runsOf(cases.filter((one) => isPaid(one) && !endsInError(one))).map(({ id }) => id);
}

function isPaid({ number }: Case): boolean {
  return number % 2 === 0;
}

function endsInError({ number }: Case): boolean {
  return number % 7 === 0;
}

function isOf({ idempotencyId }: Case, run: UpstreamRun): boolean {
  return run.callersId === idempotencyId;
}

function runOf(one: Case): UpstreamRun | undefined {
  return [...upstream.runs.values()].find((run) => isOf(one, run));
}

function runsOf(some: readonly Case[]): UpstreamRun[] {
  return some.flatMap((one) => runOf(one) ?? []);
}

function callerWho(isBillable: boolean): Promise<Caller> {
  const billing = JSON.stringify({ is_billable: isBillable });
  return Caller.of(gateway.url, undefined, { rate_limit: { exempt: true }, billing });
}

function note(what: string): void {
  story.push(`${seconds(performance.now())} ${what}`);
}

function timeLine(one: Case): string {
  const told = receiver.at(one.path).map(({ atMs }) => seconds(atMs));
  const stands = `202 ${one.runId === null ? "not " : ""}read, ended ${runOf(one)?.ended != null}`;
  return `${one.path} ${stands}, told at ${told.join(" ") || "no time"}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
