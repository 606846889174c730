import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { breakerOf, type DestinationBreaker } from "../../src/callbacks/destination-breaker.ts";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";

/** A user key is 43 characters long. */
const USER = "a".repeat(43);

type Stub = DurableObjectStub<DestinationBreaker>;

beforeEach(() => stopClock());
afterEach(() => void vi.useRealTimers());

/** A host that no other test knows. */
function freshBreaker(): Stub {
  return breakerOf(env.DESTINATION_BREAKER, USER, `${crypto.randomUUID()}.example`);
}

async function fail(breaker: Stub, times: number): Promise<void> {
  for (let made = 0; made < times; made++) await breaker.report(false);
}

function storedKeys(breaker: Stub): Promise<string[]> {
  return runInDurableObject(breaker, async (_, { storage }) => [...(await storage.list()).keys()]);
}

test("a host that fails ten times rests, is probed once, and is back after a success", async () => {
  const breaker = freshBreaker();
  await fail(breaker, 9);
  expect(await breaker.mayTry()).toEqual({ kind: "go" });
  await fail(breaker, 1);
  expect(await breaker.mayTry()).toEqual({ kind: "rest", untilMs: T0 + 30 * SECOND });
  moveClock(30 * SECOND);
  expect(await breaker.mayTry()).toEqual({ kind: "go" });
  expect(await breaker.mayTry()).toEqual({ kind: "rest", untilMs: T0 + 60 * SECOND });
  await breaker.report(true);
  expect(await breaker.mayTry()).toEqual({ kind: "go" });
  expect(await breaker.mayTry()).toEqual({ kind: "go" });
});

test("of a hundred that ask at once after the rest, one goes", async () => {
  const breaker = freshBreaker();
  await fail(breaker, 10);
  for (let round = 1; round <= 3; round++) {
    moveClock(30 * SECOND);
    const permissions = await Promise.all(Array.from({ length: 100 }, () => breaker.mayTry()));
    expect(permissions.filter(({ kind }) => kind === "go")).toHaveLength(1);
    expect(permissions.filter(({ kind }) => kind === "rest")).toHaveLength(99);
  }
});

test("other hosts do not notice", async () => {
  const host = `${crypto.randomUUID()}.example`;
  await fail(breakerOf(env.DESTINATION_BREAKER, USER, host), 10);
  for (const other of [`${host}:8443`, `www.${host}`, "other.example"])
    expect(await breakerOf(env.DESTINATION_BREAKER, USER, other).mayTry()).toEqual({ kind: "go" });
});

test("nor do other users who are called at the host", async () => {
  const host = `${crypto.randomUUID()}.example`;
  await fail(breakerOf(env.DESTINATION_BREAKER, USER, host), 10);
  const other = breakerOf(env.DESTINATION_BREAKER, "b".repeat(43), host);
  expect(await other.mayTry()).toEqual({ kind: "go" });
});

describe("an object that is taken out of memory", () => {
  test("knows its rest and its probe", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    await evictDurableObject(breaker);
    expect(await breaker.mayTry()).toEqual({ kind: "rest", untilMs: T0 + 30 * SECOND });
    moveClock(30 * SECOND);
    expect(await breaker.mayTry()).toEqual({ kind: "go" });
    await evictDurableObject(breaker);
    expect(await breaker.mayTry()).toEqual({ kind: "rest", untilMs: T0 + 60 * SECOND });
  });

  test("knows the failures of a host that fails slowly", async () => {
    const breaker = freshBreaker();
    for (let made = 0; made < 10; made++) {
      await fail(breaker, 1);
      await evictDurableObject(breaker);
      moveClock(30 * SECOND);
    }
    expect(await breaker.mayTry()).toEqual({ kind: "go" });
    await fail(breaker, 1);
    expect((await breaker.mayTry()).kind).toBe("rest");
  });
});

describe("an object that nobody needs any more", () => {
  test("leaves nothing behind", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    expect(await storedKeys(breaker)).toEqual(["breaker"]);
    moveClock(10 * MINUTE);
    expect(await runDurableObjectAlarm(breaker)).toBe(true);
    expect(await storedKeys(breaker)).toEqual([]);
    expect(await runDurableObjectAlarm(breaker)).toBe(false);
    expect(await breaker.mayTry()).toEqual({ kind: "go" });
    expect(await storedKeys(breaker)).toEqual([]);
  });

  test("begins anew, and leaves nothing behind again", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    moveClock(10 * MINUTE);
    await runDurableObjectAlarm(breaker);
    await fail(breaker, 10);
    expect((await breaker.mayTry()).kind).toBe("rest");
    moveClock(10 * MINUTE);
    expect(await runDurableObjectAlarm(breaker)).toBe(true);
    expect(await storedKeys(breaker)).toEqual([]);
  });

  test("stays while its host still fails", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    moveClock(10 * MINUTE);
    await breaker.mayTry();
    await fail(breaker, 1);
    expect(await runDurableObjectAlarm(breaker)).toBe(true);
    expect((await breaker.mayTry()).kind).toBe("rest");
    moveClock(10 * MINUTE);
    expect(await runDurableObjectAlarm(breaker)).toBe(true);
    expect(await storedKeys(breaker)).toEqual([]);
  });

  test("was never stored if it was only asked", async () => {
    const breaker = freshBreaker();
    await breaker.mayTry();
    expect(await storedKeys(breaker)).toEqual([]);
    expect(await runDurableObjectAlarm(breaker)).toBe(false);
  });
});
