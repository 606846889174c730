import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeGateway } from "../support/gateway.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe("the limit is exact", () => {
  it("of 400 starts at once, exactly 200 pass", async () => {
    const gateway = await makeGateway();
    const answers = await Promise.all(times(400, () => gateway.start({ inputs: {} })));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(200);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(200);
    expect(gateway.upstream.runs.size).toBe(200);
  });

  it("the count survives the eviction of the object", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "5" });
    await Promise.all(times(4, () => gateway.start({})));
    await evictDurableObject(await gateway.gateOf());
    const answers = await Promise.all(times(3, () => gateway.start({})));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  });
});

describe("one id, one run", () => {
  it("100 starts at once with one id", async () => {
    const gateway = await makeGateway();
    const answers = await Promise.all(times(100, () => gateway.start({ idempotency_id: ID })));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual(times(100, () => 202));
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});
