// Reads are counted in a window of their own.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";
import { counting, failing, replacing } from "../support/bindings.ts";
import { MINUTE, moveClock, stopClock } from "../support/clock.ts";
import { ACTION, type Answer, type Call, type Gateway, it, makeGateway } from "../support/gateway.ts";
import { statuses, times } from "../support/times.ts";

beforeEach(() => stopClock());
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const UNLIMITED: Call = { circumstances: { rateLimit: "off" } };

/** Starts a run, and says how to read it. */
async function startedRun(gateway: Gateway, call: Call = {}): Promise<(call?: Call) => Promise<Answer>> {
  const { body } = await gateway.start({}, call);
  return (reading) => gateway.call(`/actions/v1/stored-actions/${ACTION}/runs/${body.data.id}`, reading);
}

describe("the limit of reads", () => {
  it("is 6000 by default, under the name of results", async () => {
    const read = await startedRun(await makeGateway());
    const { status, headers } = await read();
    expect(status).toBe(200);
    expect(Object.fromEntries([...headers].filter(([name]) => name.includes("ratelimit")))).toEqual({
      "x-ratelimit-limit": "6000",
      "x-ratelimit-remaining": "5999",
      "x-ratelimit-reset": "2208989100",
      "ratelimit-policy": '"results";q=6000;w=300',
      ratelimit: '"results";r=5999;t=300',
    });
  });

  it("is exact, and passes again when Retry-After says so", async () => {
    const read = await startedRun(await makeGateway({ READ_LIMIT: "10" }));
    const answers = await Promise.all(times(25, () => read()));
    expect(statuses(answers)).toEqual({ 200: 10, 429: 15 });
    const refused = await read();
    expect(refused.headers.get("retry-after")).toBe("300");
    expect(refused.body.errors[0].detail).toBe("Rate limit exceeded. Too many reads of results.");
    moveClock(5 * MINUTE);
    expect((await read()).status).toBe(200);
  });

  it("neither takes from the starts nor is taken from by them", async () => {
    const gateway = await makeGateway({ READ_LIMIT: "2", RATE_LIMIT_DEFAULT: "2" });
    const read = await startedRun(gateway);
    expect(statuses(await Promise.all(times(3, () => read())))).toEqual({ 200: 2, 429: 1 });
    expect(statuses(await Promise.all(times(2, () => gateway.start({}))))).toEqual({ 202: 1, 429: 1 });
  });

  it("counts malformed reads too", async ({ gateway }) => {
    const { status, headers } = await gateway.call("/actions/v1/runs/42");
    expect([status, headers.get("x-ratelimit-remaining")]).toEqual([400, "5999"]);
  });

  it("is off at 0: no headers, and neither the gate nor the flag is asked", async () => {
    const calls: string[] = [];
    const read = await startedRun(await makeGateway({ READ_LIMIT: "0" }, counting(calls)));
    calls.length = 0;
    expect((await read(UNLIMITED)).status).toBe(200);
    expect(calls).toEqual(["UPSTREAM.fetch"]);
  });

  it.each<[string, Call, (env: Env) => Partial<Env>]>([
    ["to an exempt caller", { claims: { rate_limit: { exempt: true } } }, () => ({})],
    ["while the flag is off", {}, replacing("FLAGS.getBooleanDetails", async () => ({ value: false }))],
    ["while the gate is down", {}, failing(/^USER_GATE/)],
  ])("does not apply %s, and there are no headers", async (_name, given, bindings) => {
    const call = { ...given, ...UNLIMITED };
    const read = await startedRun(await makeGateway({ READ_LIMIT: "1" }, bindings), call);
    expect(statuses([await read(call), await read(call)])).toEqual({ 200: 2 });
  });
});
