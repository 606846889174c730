// The operators' index (D1) away: what operators see is late, and callers notice nothing.
import { beforeEach, describe, expect, vi } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { IndexWeather } from "../support/index-weather.ts";
import { HOOK, it, Stage } from "../support/stage.ts";

const UNDELIVERABLE = "https://undeliverable.example/";

freshForEach();

let weather: IndexWeather;
beforeEach(() => {
  weather = new IndexWeather().install();
});

describe("the operators' index", () => {
  it("that is down for a week keeps nothing waiting, and is told of everything when it is back", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5" });
    weather.mood = "down";
    stage.receive(({ url }) => new Response(null, { status: url === HOOK ? 204 : 500 }));
    const delivered = await stage.finish(await stage.start());
    const dead = await stage.finish(await stage.start({ callback_url: UNDELIVERABLE }));
    await stage.pass(7 * DAY);
    expect((await stage.deliveries(delivered.runId)).body.data.state).toBe("delivered");
    expect((await stage.deliveries(dead.runId)).body.data.state).toBe("dead");
    const usage = "/usage?from=2040-01-01T00:00:00Z&to=2040-01-09T00:00:00Z";
    expect((await stage.gateway.call(usage)).body.data).toHaveLength(2);
    expect((await stage.redeliver(delivered.runId)).status).toBe(202);
    await stage.pass(MINUTE);
    expect(stage.received.filter(({ url }) => url === HOOK)).toHaveLength(2);
    weather.mood = "well";
    expect(await readIndex(stage)).toEqual({ deadLetters: [], days: [] });
    await stage.pass(2 * HOUR);
    expect(await readIndex(stage)).toEqual({
      deadLetters: [{ run_id: dead.runId, attempts: 2, status: 500, reason: "status is no 2xx" }],
      // The first and the eighth of January.
      days: [{ month: 204_001, days: 0b1000_0001 }],
    });
  });

  it("that is down is asked after ten seconds first, and once an hour in the end", async ({ stage }) => {
    await abandonOne(stage);
    weather.mood = "down";
    await stage.pass(DAY);
    const pauses = weather.askedAtMs.slice(1).map((atMs, at) => atMs - (weather.askedAtMs[at] ?? 0));
    expect(pauses.slice(0, 8).map((ms) => Math.floor(ms / SECOND))).toEqual([
      10, 20, 40, 80, 160, 320, 640, 1280,
    ]);
    expect(new Set(pauses.slice(9).map((ms) => Math.floor(ms / HOUR)))).toEqual(new Set([1]));
    expect(weather.askedAtMs.length).toBeGreaterThan(24);
  });

  it("that hangs is waited for once in an alarm, after the runs have gone out", async ({ stage }) => {
    await abandonOne(stage);
    const run = await stage.start();
    weather.mood = "hangs";
    vi.setSystemTime(Date.now() + 2 * SECOND);
    const startedAtMs = performance.now();
    const rung = stage.ring();
    while (weather.askedAtMs.length === 0) await scheduler.wait(1);
    await stage.drain();
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
    await rung;
    expect(performance.now() - startedAtMs).toBeGreaterThan(1_900);
    expect(weather.askedAtMs).toHaveLength(1);
  });

  it("that did what it was told, and did not answer, shows no gate as late for ever", async ({ stage }) => {
    const { runId } = await stage.start();
    await stage.pass(HOUR);
    stage.queue.rule(() => "lost");
    await stage.redeliver(runId);
    weather.mood = "mute";
    await stage.pass(HOUR);
    weather.mood = "well";
    const late = () => stage.gateway.env.OPERATORS_DB.prepare("SELECT runs FROM overdue_gates").all();
    expect((await late()).results).toEqual([{ runs: 1 }]);
    stage.queue.rule(() => "kept");
    await stage.pass(8 * DAY);
    expect([stage.received.length, (await late()).results]).toEqual([2, []]);
  });
});

/** The rows of interest in the operators' index. */
async function readIndex({ gateway: { env } }: Stage): Promise<{ deadLetters: unknown[]; days: unknown[] }> {
  const all = async (sql: string) => (await env.OPERATORS_DB.prepare(sql).all()).results;
  return {
    deadLetters: await all("SELECT run_id, attempts, status, reason FROM dead_letters"),
    days: await all("SELECT month, days FROM active_days"),
  };
}

/** A dead letter, of which the operators' index has still to be told. */
async function abandonOne(stage: Stage): Promise<void> {
  expect(await stage.abandon(await stage.start({ callback_url: UNDELIVERABLE }))).toBe(true);
}
