// Clocks, and calls whose answer gets lost.
import { expect } from "vitest";
import { HOUR, MINUTE, moveClock, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { IndexWeather } from "../support/index-weather.ts";
import { readDeadLetters } from "../support/operators-index.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach();

function at(ms: number): string {
  return new Date(ms).toISOString();
}

async function usage(stage: Stage, fromMs: number, toMs: number) {
  return (await stage.gateway.call(`/usage?from=${at(fromMs)}&to=${at(toMs)}`)).body.data;
}

it("a past span of a new user never changes, though the clock steps back", async ({ stage }) => {
  const toMs = Date.now() - SECOND;
  expect(await usage(stage, toMs - HOUR, toMs)).toEqual([]);
  moveClock(-MINUTE);
  await stage.finish(await stage.start());
  expect((await stage.records()).charges).toHaveLength(1);
  moveClock(2 * MINUTE);
  expect(await usage(stage, toMs - HOUR, toMs)).toEqual([]);
});

it("a dead letter that was sent again is none, though the clock stepped back while D1 was away", async () => {
  const weather = new IndexWeather().install();
  const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" });
  stage.receive(() => new Response(null, { status: 500 }));
  const run = await stage.start();
  await stage.push(run);
  weather.mood = "down";
  await stage.pass(MINUTE);
  expect((await stage.deliveries(run.runId)).body.data.state).toBe("dead");
  moveClock(-30 * MINUTE);
  stage.receive(() => new Response(null, { status: 204 }));
  await stage.redeliver(run.runId);
  weather.mood = "well";
  await stage.drain();
  await stage.pass(3 * HOUR);
  expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
  expect(await readDeadLetters()).toEqual([]);
});
