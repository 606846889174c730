// What is down while a run moves on, and that nothing is lost or done twice for it.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isolateRoom } from "../../src/load.ts";
import { failing, tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND, stopClock, T0 } from "../support/clock.ts";
import { freshLedger } from "../support/ledger.ts";
import { HOOK, Stage } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

beforeEach(async () => {
  await freshLedger();
  stopClock();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

async function countsOf(stage: Stage): Promise<number[]> {
  const { runs, attempts, charges } = await stage.books();
  return [stage.received.length, runs.length, attempts.length, charges.length, await stage.rows()];
}

/** Bindings that fail until told otherwise. */
function outage(names: RegExp) {
  const state = { down: true };
  const bindings = (of: Env): Partial<Env> =>
    tapped(of, ({ name, perform }) =>
      state.down && names.test(name) ? Promise.reject(new Error("down")) : perform(),
    );
  return { state, bindings };
}

describe("a queue", () => {
  it.each([0, 1])("that loses every second message (from %i) changes nothing but timing", async (lost) => {
    const stage = await Stage.set();
    stage.queue.rule((at) => (at % 2 === lost ? "lost" : "kept"));
    stage.receive(() => new Response(null, { status: stage.received.length < 4 ? 404 : 204 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(100 * HOUR);
    expect(await countsOf(stage)).toEqual([4, 1, 4, 1, 0]);
  });

  it("that is down for an hour has runs delivered once it is back", async () => {
    const stage = await Stage.set();
    stage.queue.rule(() => "refused");
    const run = await stage.start();
    expect((await stage.push(run)).status).toBe(503);
    await stage.pass(HOUR);
    expect(stage.received).toEqual([]);
    stage.queue.rule(() => "kept");
    await stage.pass(MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("that repeats and reorders messages causes one delivery", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    await stage.push(run);
    const [pointer] = stage.queue.take();
    if (pointer === undefined) throw new Error("nothing was sent");
    await stage.consume([pointer, pointer, pointer]);
    await stage.consume([pointer]);
    await stage.pass(HOUR);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("books that are down", () => {
  it("keep no callback waiting, and are made up later: one charge, nothing twice", async () => {
    const { state, bindings } = outage(/^LEDGER\.batch$/);
    const stage = await Stage.set({}, bindings);
    const run = await stage.start();
    await stage.push(run);
    await stage.drain();
    expect(await countsOf(stage)).toEqual([1, 0, 0, 0, 1]);
    await stage.pass(HOUR);
    expect(await countsOf(stage)).toEqual([1, 0, 0, 0, 1]);
    state.down = false;
    await stage.pass(10 * MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("through several attempts get all of them in the end", async () => {
    const { state, bindings } = outage(/^LEDGER\.batch$/);
    const stage = await Stage.set({}, bindings);
    stage.receive(() => new Response(null, { status: stage.received.length < 3 ? 404 : 204 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(HOUR);
    expect(stage.received.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([0, 5, 305]);
    state.down = false;
    await stage.pass(10 * MINUTE);
    expect(await countsOf(stage)).toEqual([3, 1, 3, 1, 0]);
  });

  it("whose yes gets lost are told again, and hold everything once", async () => {
    const stage = await Stage.set({}, losingAnswers(3));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(HOUR);
    const { runs, attempts, charges } = await books(stage);
    expect([stage.received.length, runs, attempts, charges]).toEqual([1, 1, 1, 1]);
    expect(await stage.rows()).toBe(0);
  });
});

/** Books that do as they are told, and cannot say so the first times. */
function losingAnswers(times: number): (of: Env) => Partial<Env> {
  let lost = 0;
  return (of) => {
    const batch = async (statements: D1PreparedStatement[]) => {
      const results = await of.LEDGER.batch(statements);
      // A question is answered.
      if (results.every(({ meta }) => meta.rows_written === 0)) return results;
      lost += 1;
      if (lost <= times) throw new Error("the connection broke");
      return results;
    };
    const prepare = (sql: string) => of.LEDGER.prepare(sql);
    return { LEDGER: { batch, prepare } as D1Database };
  };
}

async function books(stage: Stage) {
  const { runs, attempts, charges } = await stage.books();
  return { runs: runs.length, attempts: attempts.length, charges: charges.length };
}

describe("a caller whose run's attempt is on the books, which could not say so", () => {
  it("is shown it once", async () => {
    const stage = await Stage.set({}, losingAnswers(1));
    stage.receive(() => new Response(null, { status: 404 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.drain();
    const { attempts } = (await stage.deliveries(run.runId)).body.data;
    expect(attempts).toMatchObject([{ number: 1, status: 404 }]);
  });
});

describe("KV that is down", () => {
  it("makes later attempts read the upstream again", async () => {
    const stage = await Stage.set({}, failing(/^KV\./));
    stage.receive(() => new Response(null, { status: stage.received.length < 3 ? 404 : 204 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(HOUR);
    expect(stage.received.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([0, 5, 305]);
    expect(new Set(stage.received.map(({ body }) => body)).size).toBe(1);
    expect(await countsOf(stage)).toEqual([3, 1, 3, 1, 0]);
  });
});

describe("an upstream that is down", () => {
  it("for an hour burns no attempt, and the run is delivered when it is back", async () => {
    const stage = await Stage.set();
    await stage.start();
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.pass(HOUR);
    expect(stage.received).toEqual([]);
    stage.gateway.upstream.behave((_request, honest) => honest());
    await stage.pass(10 * MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });
});

describe("a gate that cannot settle after the upstream's yes", () => {
  it("has the run named to it by a pointer, and delivered", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start();
    expect(stage.queue.offered).toMatchObject([{ pushed: true, runId: run.runId, accepted: true }]);
    await stage.pass(HOUR);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("has it accepted by that, and not given up while the upstream cannot be read for hours", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start();
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.pass(SECOND);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
    await stage.pass(3 * HOUR);
    stage.gateway.upstream.behave((_request, honest) => honest());
    await stage.pass(10 * MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
  });

  it("has it accepted by that although a consumer has the run already", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const run = await stage.start();
    const [yes = expect.fail("nothing was sent")] = stage.queue.take();
    const gate = await stage.gateway.gateOf();
    const rules = { pollSchedule: [2], retrySchedule: [5] };
    await gate.take({ ...yes, accepted: false }, rules);
    expect((await stage.deliveries(run.runId)).status).toBe(404);
    expect(await gate.take(yes, rules)).toBeNull();
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
  });

  it("is not told of a yes by whoever pushes", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    const { completion, runId } = await stage.start();
    stage.queue.take();
    const body = JSON.stringify({ type: "run", id: runId, status: "success", accepted: true });
    await stage.gateway.call(completion, { method: "POST", claims: null, body });
    stage.gateway.upstream.behave(() => Response.json({}, { status: 503 }));
    await stage.drain();
    expect((await stage.deliveries(runId)).status).toBe(404);
  });

  it("while the queue is down too: 503, because nothing can be promised", async () => {
    const stage = await Stage.set({}, failing(/^USER_GATE\.settle$/));
    stage.queue.rule(() => "refused");
    const answer = await stage.tryStart();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
  });
});

/** Twelve callbacks that all failed at one host. */
async function restingHost(stage: Stage, host: string): Promise<void> {
  const down = `https://${host}/`;
  stage.receive(({ url }) => new Response(null, { status: url.startsWith(down) ? 503 : 204 }));
  for (let run = 0; run < 10; run += 1) {
    await stage.push(await stage.start({ callback_url: `${down}${run}` }));
    await stage.drain();
  }
  expect(stage.received).toHaveLength(10);
}

describe("a host that is down", () => {
  it("is left alone: what waits for it burns no attempt", async () => {
    const stage = await Stage.set();
    await restingHost(stage, "rests.example");
    const run = await stage.start({ callback_url: "https://rests.example/late" });
    await stage.push(run);
    await stage.drain();
    expect(stage.received).toHaveLength(10);
    expect((await stage.deliveries(run.runId)).body.data).toEqual({
      state: "retrying",
      callback_url: "https://rests.example/late",
      next_attempt_at: "2040-01-01T00:00:31.500Z",
      attempts: [],
    });
    await stage.pass(29 * SECOND);
    expect(stage.received).toHaveLength(10);
  });

  it("is probed by one attempt a rest, and gets everything when it is back", async () => {
    const stage = await Stage.set();
    await restingHost(stage, "probed.example");
    await stage.pass(32 * SECOND);
    expect(stage.received).toHaveLength(11);
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(2 * HOUR);
    const { runs, charges } = await stage.books();
    expect(runs.map(({ state }) => state)).toEqual(Array.from({ length: 10 }, () => "delivered"));
    expect(charges).toHaveLength(10);
    expect(await stage.rows()).toBe(0);
  });

  it("for longer than the schedule makes a dead letter of whoever waits for it, tried or not", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5,300" });
    await restingHost(stage, "gone.example");
    for (let run = 0; run < 15; run += 1) {
      await stage.push(await stage.start({ callback_url: "https://gone.example/late" }));
      await stage.drain();
    }
    await stage.pass(2 * HOUR);
    const { runs, attempts } = await stage.books();
    expect(runs.map(({ state, attempts: made }) => [state, made])).toEqual(
      Array.from({ length: 25 }, () => ["dead", 3]),
    );
    const skipped = attempts.filter(({ error }) => error === "host stayed down");
    expect(skipped.length).toBeGreaterThan(0);
    expect(attempts).toHaveLength(75);
    expect(stage.received).toHaveLength(75 - skipped.length);
    expect(await stage.rows()).toBe(0);
  });

  it("is asked about before a result is read for it again, and the books hear nothing of it", async () => {
    const calls: string[] = [];
    const resting = (of: Env) =>
      tapped(of, async ({ name, perform }) => {
        calls.push(name);
        if (name !== "DESTINATION_BREAKER.wouldTry") return perform();
        return { kind: "rest", untilMs: Date.now() + 30 * SECOND };
      });
    const stage = await Stage.set({}, resting);
    await restingHost(stage, "unread.example");
    const times = (name: string) => calls.filter((call) => call === name).length;
    const reads = () => [times("KV.get"), asked.length, times("LEDGER.batch")];
    const { asked } = stage.gateway.upstream;
    // The second attempts, at which nobody has been put off before.
    await stage.pass(6 * SECOND);
    const before = reads();
    expect(before[0]).toBeGreaterThan(0);
    await stage.pass(30 * MINUTE);
    expect(reads()).toEqual(before);
    expect(times("DESTINATION_BREAKER.wouldTry")).toBeGreaterThan(50);
  });

  it("for everybody is asked about once a rest by an isolate, however many wait for it", async () => {
    const asked: number[] = [];
    const counted = (of: Env) =>
      tapped(of, async ({ name, perform }) => {
        if (/^DESTINATION_BREAKER\.(may|would)Try$/.test(name)) asked.push(Date.now());
        return perform();
      });
    const stage = await Stage.set({}, counted);
    stage.receive(() => new Response(null, { status: 503 }));
    const send = async (sub: string) => {
      await stage.push(await stage.start({ callback_url: "https://asked.example/" }, { claims: { sub } }));
      await stage.drain();
    };
    for (const sub of ["bob", "carol", "dave", "erin"]) for (let run = 0; run < 3; run += 1) await send(sub);
    const before = asked.length;
    for (let run = 0; run < 20; run += 1) await send("alice");
    expect(stage.received).toHaveLength(10);
    expect(asked.length - before).toBeLessThanOrEqual(1);
    vi.setSystemTime(T0 + 29 * SECOND);
    await send("alice");
    expect(asked.length - before).toBeLessThanOrEqual(1);
    vi.setSystemTime(T0 + 30 * SECOND);
    await send("alice");
    expect(stage.received).toHaveLength(11);
  });

  it("costs no result: one that was read while its host rested is kept for when the upstream has forgotten it", async () => {
    const stage = await Stage.set();
    await restingHost(stage, "kept.example");
    const run = await stage.start({ callback_url: "https://kept.example/late" });
    await stage.push(run);
    await stage.drain();
    expect(stage.received).toHaveLength(10);
    stage.gateway.upstream.behave(() => json(404, errorBody(404, "not_found")));
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(HOUR);
    expect(stage.received.map(({ url }) => url)).toContain("https://kept.example/late");
    expect((await stage.deliveries(run.runId)).body.data).toMatchObject({
      state: "delivered",
      attempts: [{ number: 1, status: 204 }],
    });
  });

  it("is nobody else's trouble", async () => {
    const stage = await Stage.set();
    await restingHost(stage, "alone.example");
    await stage.push(await stage.start({ callback_url: HOOK }));
    await stage.drain();
    expect(stage.received.at(-1)?.url).toBe(HOOK);
  });
});

describe("an isolate that holds too many bodies already", () => {
  it("has a result wait for its turn, which costs no attempt", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    const other = isolateRoom.enter(Date.now());
    other.take(16 * 1024 * 1024);
    await stage.push(run);
    await stage.pass(MINUTE);
    expect(await countsOf(stage)).toEqual([0, 0, 0, 0, 1]);
    other.leave();
    await stage.pass(5 * MINUTE);
    expect(await countsOf(stage)).toEqual([1, 1, 1, 1, 0]);
    expect((await stage.books()).attempts[0].number).toBe(1);
  });

  it("has a body that KV keeps wait, too", async () => {
    const stage = await Stage.set();
    stage.receive(() => new Response(null, { status: stage.received.length === 1 ? 404 : 204 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.drain();
    expect(stage.received).toHaveLength(1);
    const other = isolateRoom.enter(Date.now());
    other.take(16 * 1024 * 1024);
    await stage.pass(MINUTE);
    expect(stage.received).toHaveLength(1);
    other.leave();
    await stage.pass(MINUTE);
    const { attempts } = await stage.books();
    expect(attempts.map(({ status }) => status)).toEqual([404, 204]);
  });
});

describe("a result that is larger than anybody can be sent", () => {
  it("is charged for, and its callback becomes a dead letter that says why", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5" });
    const run = await stage.start();
    const piece = new TextEncoder().encode(`"${"x".repeat(1024 * 1024 - 3)}",`);
    const { upstream } = stage.gateway;
    upstream.behave(() => {
      const pieces = [`{"type":"run","results":[`, ...Array.from({ length: 25 }, () => piece)];
      pieces.push(`"end"],"status":"success"}`);
      return new Response(new Blob(pieces).stream());
    });
    await stage.push(run);
    await stage.pass(MINUTE);
    const { runs, attempts, charges } = await stage.books();
    expect(runs).toMatchObject([{ result: "success", state: "dead", attempts: 2 }]);
    expect(attempts.map(({ error }) => error)).toEqual(
      Array.from({ length: 2 }, () => "result could not be read"),
    );
    expect(charges).toHaveLength(1);
    expect(stage.received).toEqual([]);
    expect(upstream.asked.filter(({ method }) => method === "GET")).toHaveLength(2);
  });
});

describe("a batch of many", () => {
  it("is at five receivers at a time, which costs nobody an attempt", async () => {
    const stage = await Stage.set();
    let [atOnce, most] = [0, 0];
    stage.receive(async () => {
      most = Math.max(most, (atOnce += 1));
      await scheduler.wait(5);
      atOnce -= 1;
      return new Response(null, { status: 204 });
    });
    for (let run = 0; run < 30; run += 1) await stage.push(await stage.start());
    await stage.consume(stage.queue.take());
    expect(most).toBe(5);
    expect(await countsOf(stage)).toEqual([30, 30, 30, 30, 0]);
  });
});
