import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { answerKey, getAnswer, putAnswer } from "../../src/start/answer-cache.ts";
import { HOUR, T0 } from "../support/clock.ts";

const KEY = answerKey("gate", "id");
const SETTLED = {
  fingerprint: "f1",
  settledAtMs: T0,
  answer: { status: 202, body: '{"data": {"type":"run","id":"r1","n":1.10}}\n' },
};

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

function getAt(nowMs: number) {
  vi.setSystemTime(nowMs);
  return getAnswer(env.KV, "gate", "id");
}

function putAt(nowMs: number): Promise<void> {
  vi.setSystemTime(nowMs);
  return putAnswer(env.KV, "gate", "id", SETTLED);
}

async function remainingSeconds(): Promise<number> {
  vi.useRealTimers();
  const { keys } = await env.KV.list();
  return Math.round((keys[0]?.expiration ?? 0) - Date.now() / 1000);
}

describe("the copy of answers", () => {
  it("keeps them under a name of its own", () => {
    expect(KEY).toBe("answer:v1:gate:id");
  });

  it("gives an answer back byte for byte, for 72 hours", async () => {
    await putAt(T0);
    expect(await getAt(T0)).toEqual(SETTLED);
    expect(await getAt(T0 + 72 * HOUR - 1)).toEqual(SETTLED);
    expect(await getAt(T0 + 72 * HOUR)).toBeNull();
  });

  it.each([
    { name: "at once", afterMs: 0, seconds: 72 * 3600 },
    { name: "written again an hour later", afterMs: HOUR, seconds: 71 * 3600 },
    { name: "written in the last minute, as short as KV can", afterMs: 72 * HOUR - 1_000, seconds: 60 },
  ])("KV itself forgets them when their 72 hours are over: $name", async ({ afterMs, seconds }) => {
    await putAt(T0 + afterMs);
    expect(Math.abs((await remainingSeconds()) - seconds)).toBeLessThanOrEqual(2);
  });

  it("does not begin to keep one whose time is over", async () => {
    await putAt(T0 + 72 * HOUR);
    expect((await env.KV.list()).keys).toEqual([]);
  });

  it.each([
    ["of a later version", '{"v":2,"status":202,"body":"","fingerprint":"f","settledAtMs":2208988800000}'],
    ["without a body", '{"v":1,"status":202,"fingerprint":"f","settledAtMs":2208988800000}'],
    [
      "with a status in words",
      '{"v":1,"status":"202","body":"","fingerprint":"f","settledAtMs":2208988800000}',
    ],
    ["without its time", '{"v":1,"status":202,"body":"","fingerprint":"f"}'],
    ["that is no object", "null"],
  ])("knows nothing from a value %s", async (_name, value) => {
    await env.KV.put(KEY, value);
    expect(await getAt(T0)).toBeNull();
  });
});
