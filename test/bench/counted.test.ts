// What a run costs, from its start to its last trace: every billed operation of the real gateway is counted, and has to be
// what bench/scale/counted.ts says, of which `npm run costs` makes the bill.
import { describe, expect, it, vi } from "vitest";
import * as costs from "../../bench/scale/counted.ts";
import { HOUR, moveClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import type { Started } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { CountedStage } from "./counted-stage.ts";
import "../support/own-workerd.ts";

const DAY = 24 * HOUR;

freshForEach();

/** With an id, a callback and a charge. */
function startFull(counted: CountedStage): Promise<Started> {
  const data = { idempotency_id: crypto.randomUUID(), callback_url: counted.receiver };
  return counted.request(counted.stage.start(data));
}

async function runFull(counted: CountedStage): Promise<Started> {
  const run = await startFull(counted);
  await counted.request(counted.stage.push(run));
  await counted.drain();
  return run;
}

function startPlain(counted: CountedStage, data: object = {}): Promise<unknown> {
  return counted.request(counted.stage.gateway.start(data));
}

function startWithId(counted: CountedStage): Promise<unknown> {
  return startPlain(counted, { idempotency_id: crypto.randomUUID() });
}

/** Of a user who has been here today: there are tables, and nothing is left to do. */
async function returningUser(): Promise<CountedStage> {
  const counted = await CountedStage.set();
  await runFull(counted);
  await counted.ringFor(3 * HOUR);
  await counted.take();
  moveClock(HOUR);
  return counted;
}

describe("a plain run costs", () => {
  it("one call of the gate and one row, when it comes alone", async () => {
    const counted = await returningUser();
    await startPlain(counted);
    expect(await counted.take()).toEqual(costs.PLAIN);
  });

  it("a fifth of a row, when ten come at once", async () => {
    const counted = await returningUser();
    await Promise.all(times(10, () => startPlain(counted)));
    expect(await counted.take()).toEqual(costs.PLAIN_BUSY);
  });
});

describe("a run with an id costs", () => {
  it("two calls of the gate, three rows and one write of KV", async () => {
    const counted = await returningUser();
    await startWithId(counted);
    expect(await counted.take()).toEqual(costs.IDEMPOTENT);
  });

  it("2.2 rows, when ten come at once", async () => {
    const counted = await returningUser();
    await Promise.all(times(10, () => startWithId(counted)));
    expect(await counted.take()).toEqual(costs.IDEMPOTENT_BUSY);
  });
});

describe("a full run costs", () => {
  it("five calls of the gate, nine rows, one message and nothing of D1, when its end is pushed", async () => {
    const counted = await returningUser();
    await runFull(counted);
    await counted.ringFor(HOUR);
    expect(await counted.take()).toEqual(costs.FULL);
  });

  it("less, when ten share their alarms", async () => {
    const counted = await returningUser();
    const runs = [];
    for (let run = 0; run < 10; run += 1) runs.push(await startFull(counted));
    for (const run of runs) await counted.request(counted.stage.push(run));
    await counted.drain();
    await counted.ringFor(HOUR);
    expect(await counted.take()).toEqual(costs.FULL_BUSY);
  });

  it("a message, an alarm and two calls for each poll, when its end is not pushed and the fifth poll finds it", async () => {
    const counted = await returningUser();
    const { runId } = await startFull(counted);
    counted.stage.waiting.add(runId);
    for (let polls = 0; polls < 4; polls += 1) await counted.ring();
    counted.stage.waiting.clear();
    await counted.ringFor(HOUR);
    expect(await counted.take()).toEqual(costs.POLLED);
  });

  it("ten attempts, a body in KV and a dead letter in D1, when its receiver fails", async () => {
    const counted = await returningUser();
    counted.stage.receive(() => new Response(null, { status: 500 }));
    // When the attempts are made, and so how often the breaker's alarm finds them recent, is up to dice.
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    await runFull(counted);
    await counted.ringFor(5 * DAY);
    expect(counted.stage.received).toHaveLength(1 + 10);
    expect(await counted.take()).toEqual(costs.FAILED);
  });

  it("a redelivery on top, when its caller asks for one", async () => {
    const counted = await returningUser();
    const { runId } = await runFull(counted);
    await counted.ringFor(HOUR);
    await counted.take();
    moveClock(HOUR);
    await counted.request(counted.stage.redeliver(runId));
    await counted.ringFor(HOUR);
    expect(await counted.take()).toEqual(costs.REDELIVERED);
  });
});

describe("a day with one full run costs", () => {
  it("the gate's tables and its place in the registry, when it is the gate's first", async () => {
    const counted = await CountedStage.set();
    await runFull(counted);
    await counted.ringFor(3 * HOUR);
    expect(await counted.take()).toEqual(costs.FIRST_DAY);
  });

  it("the day's table of answers and a row of D1, when it is a later one", async () => {
    const counted = await returningUser();
    moveClock(DAY);
    await runFull(counted);
    await counted.ringFor(3 * HOUR);
    expect(await counted.take()).toEqual(costs.LATER_DAY);
  });
});
