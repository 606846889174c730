// A receiver's host that is down, and what that costs whom.
import { describe, expect, vi } from "vitest";
import { tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, SECOND, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, Stage } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { errorBody, json } from "../support/upstream.ts";

freshForEach(0.5);

/** Ten callbacks that all failed at one host. */
async function openHost(stage: Stage, host: string): Promise<void> {
  const down = `https://${host}/`;
  stage.receive(({ url }) => new Response(null, { status: url.startsWith(down) ? 503 : 204 }));
  for (let run = 0; run < 10; run += 1)
    await stage.finish(await stage.start({ callback_url: `${down}${run}` }));
  expect(stage.received).toHaveLength(10);
}

describe("a host that is down", () => {
  it("is left alone: what waits for it burns no attempt", async ({ stage }) => {
    await openHost(stage, "open.example");
    const run = await stage.finish(await stage.start({ callback_url: "https://open.example/late" }));
    expect(stage.received).toHaveLength(10);
    expect((await stage.deliveries(run.runId)).body.data).toEqual({
      state: "retrying",
      callback_url: "https://open.example/late",
      next_attempt_at: "2040-01-01T00:00:31.500Z",
      attempts: [],
    });
    await stage.pass(29 * SECOND);
    expect(stage.received).toHaveLength(10);
  });

  it("is probed by one attempt a rest, and gets everything when it is back", async ({ stage }) => {
    await openHost(stage, "probed.example");
    await stage.pass(32 * SECOND);
    expect(stage.received).toHaveLength(11);
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(2 * HOUR);
    const { runs } = await stage.records();
    expect(runs).toMatchObject(times(10, () => ({ state: "delivered" })));
    expect([(await stage.chargedIds()).length, await stage.rows()]).toEqual([10, 0]);
  });

  it("for longer than the schedule makes a dead letter of every run that waits for it, tried or not", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "5,300" });
    await openHost(stage, "gone.example");
    for (let run = 0; run < 15; run += 1)
      await stage.finish(await stage.start({ callback_url: "https://gone.example/late" }));
    await stage.pass(2 * HOUR);
    const { runs, attempts } = await stage.records();
    expect(runs).toMatchObject(times(25, () => ({ state: "dead", attempts: 3 })));
    const skipped = attempts.filter(({ error }) => error === "host stayed down");
    expect(skipped.length).toBeGreaterThan(0);
    expect(attempts).toHaveLength(75);
    expect(stage.received).toHaveLength(75 - skipped.length);
    expect(await stage.rows()).toBe(0);
  });

  it("is asked about before a result is read for it again, and nothing is read or written for it", async () => {
    const calls: string[] = [];
    const stage = await Stage.set({}, (bindings) =>
      tapped(bindings, async ({ name, args, perform }) => {
        // The list of paused hosts is no result.
        calls.push(args[0] === "paused-hosts:v1" ? "list" : name);
        if (name !== "DESTINATION_BREAKER.peek") return perform();
        return { kind: "open", untilMs: Date.now() + 30 * SECOND };
      }),
    );
    await openHost(stage, "unread.example");
    const countCalls = (name: string) => calls.filter((call) => call === name).length;
    const reads = () => [countCalls("KV.get"), asked.length, countCalls("KV.put")];
    const { asked } = stage.gateway.upstream;
    // The second attempts, at which no run was deferred before.
    await stage.pass(6 * SECOND);
    const before = reads();
    expect(before[0]).toBeGreaterThan(0);
    await stage.pass(30 * MINUTE);
    expect(reads()).toEqual(before);
    expect(countCalls("DESTINATION_BREAKER.peek")).toBeGreaterThan(50);
  });

  it("for all users is asked about once in 30 s by an isolate, however many wait for it", async () => {
    const asked: string[] = [];
    const stage = await Stage.set({}, (bindings) =>
      tapped(bindings, ({ name, perform }) => {
        if (/^DESTINATION_BREAKER\.(acquire|peek)$/.test(name)) asked.push(name);
        return perform();
      }),
    );
    stage.receive(() => {
      throw new Error("connection refused");
    });
    const send = async (sub: string) => {
      await stage.finish(await stage.start({ callback_url: "https://asked.example/" }, { claims: { sub } }));
    };
    for (const sub of ["bob", "carol", "dave", "erin"]) for (let run = 0; run < 3; run += 1) await send(sub);
    const before = asked.length;
    expect(before).toBeGreaterThan(0);
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

  it("costs no result: one that was read is kept while the upstream forgets it", async ({ stage }) => {
    await openHost(stage, "kept.example");
    const run = await stage.finish(await stage.start({ callback_url: "https://kept.example/late" }));
    expect(stage.received).toHaveLength(10);
    stage.gateway.upstream.behave(() => json(404, errorBody(404, "not_found")));
    stage.receive(() => new Response(null, { status: 204 }));
    await stage.pass(HOUR);
    expect(stage.received.map(({ url }) => url)).toContain("https://kept.example/late");
    const { data } = (await stage.deliveries(run.runId)).body;
    expect(data).toMatchObject({ state: "delivered", attempts: [{ number: 1, status: 204 }] });
  });
});
