// Promise 1: the limit is exact. N requests at once, any N: exactly `limit` pass.
import { abortAllDurableObjects, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, vi } from "vitest";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";
import { readClaims } from "../support/gate.ts";
import { buildStart, type Gateway, it, makeGateway } from "../support/gateway.ts";
import { statuses, times } from "../support/times.ts";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const LIMIT_37 = { rate_limit: { exempt: false, limit_override: 37 } };

describe("the limit is exact", () => {
  it("of 400 starts at once, exactly 200 pass", async ({ gateway }) => {
    const answers = await Promise.all(times(400, () => gateway.start({ inputs: {} })));
    expect(statuses(answers)).toEqual({ 202: 200, 429: 200 });
    expect(gateway.upstream.runs.size).toBe(200);
  });

  it("each of those that pass is told a remaining of its own, those that do not are told 0", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "20" });
    const answers = await Promise.all(times(40, () => gateway.start({})));
    const remaining = answers.map(({ headers }) => Number(headers.get("x-ratelimit-remaining")));
    expect(remaining.toSorted((a, b) => a - b)).toEqual([...times(20, () => 0), ...times(20, (at) => at)]);
  });

  it("of 100 starts with an id each, 37 pass, and no id of the others is claimed", async ({ gateway }) => {
    const start = () => gateway.start({ idempotency_id: crypto.randomUUID() }, { claims: LIMIT_37 });
    const answers = await Promise.all(times(100, start));
    expect(statuses(answers)).toEqual({ 202: 37, 429: 63 });
    expect(answers[0]?.headers.get("x-ratelimit-limit")).toBe("37");
    expect(await readClaims(gateway)).toHaveLength(37);
  });

  it("starts of stored actions and one-off runs share one window", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "10" });
    const answers = await Promise.all([
      ...times(8, () => gateway.start({})),
      ...times(8, () => gateway.call("/actions/v1/runs", buildStart({}))),
    ]);
    expect(statuses(answers)).toEqual({ 202: 10, 429: 6 });
  });
});

describe("the window", () => {
  it("opens with the first counted request and ends 300 seconds later, exactly", async () => {
    stopClock();
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "2" });
    const at = async (ms: number) => {
      vi.setSystemTime(T0 + ms);
      const { status, headers } = await gateway.start({});
      return [status, headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-reset")];
    };
    expect(await at(0)).toEqual([202, "1", "2208989100"]);
    expect(await at(2 * MINUTE)).toEqual([202, "0", "2208989100"]);
    expect(await at(5 * MINUTE - 1)).toEqual([429, "0", "2208989100"]);
    expect(await at(5 * MINUTE)).toEqual([202, "1", "2208989400"]);
  });

  it("is over when Retry-After says so, in whole seconds", async () => {
    stopClock();
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" });
    await gateway.start({});
    moveClock(100_400);
    const refused = await gateway.start({});
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "200"]);
    moveClock(199 * SECOND);
    expect((await gateway.start({})).status).toBe(429);
    moveClock(SECOND);
    expect((await gateway.start({})).status).toBe(202);
  });
});

describe("the count survives", () => {
  it("a crash of the object, once it was written behind", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "5" });
    await Promise.all(times(4, () => gateway.start({})));
    await vi.waitFor(async () => expect(await storedCount(gateway)).toBe(4));
    await abortAllDurableObjects();
    const answers = await Promise.all(times(3, () => gateway.start({})));
    expect(statuses(answers)).toEqual({ 202: 1, 429: 2 });
  });
});

async function storedCount(gateway: Gateway): Promise<unknown> {
  return runInDurableObject(await gateway.gateOf(), async (_gate, state) => {
    const windows = await state.storage.get<{ runs: { count: number } }>("windows");
    return windows?.runs.count;
  });
}
