import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  breakerOf,
  type DestinationBreaker,
  type HostPermission,
} from "../../src/callbacks/destination-breaker.ts";
import { MINUTE, moveClock, SECOND, stopClock, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";

/** A user key is 43 characters long. */
const USER = "a".repeat(43);

type Stub = DurableObjectStub<DestinationBreaker>;

/** A host's breakers as one user meets them. */
class Met {
  readonly stub: Stub;
  readonly #user: string;

  constructor(host: string, user = USER) {
    this.stub = breakerOf(env.DESTINATION_BREAKER, host);
    this.#user = user;
  }

  acquire(): Promise<HostPermission> {
    return this.stub.acquire(this.#user);
  }

  async report(ok: boolean, isThere?: boolean): Promise<void> {
    await this.stub.report(this.#user, ok, isThere);
  }
}

beforeEach(() => stopClock());
afterEach(() => void vi.useRealTimers());

/** A host that no other test knows. */
function freshBreaker(): Met {
  return new Met(`${crypto.randomUUID()}.example`);
}

async function fail(breaker: Met, times: number): Promise<void> {
  for (let attempts = 0; attempts < times; attempts++) await breaker.report(false);
}

function storedKeys({ stub }: Met): Promise<string[]> {
  return runInDurableObject(stub, async (_, { storage }) => [...(await storage.list()).keys()]);
}

test("the breaker of a host that fails ten times opens, lets one probe through, and is back after a success", async () => {
  const breaker = freshBreaker();
  await fail(breaker, 9);
  expect(await breaker.acquire()).toEqual({ kind: "go" });
  await fail(breaker, 1);
  expect(await breaker.acquire()).toEqual({ kind: "open", untilMs: T0 + 30 * SECOND });
  moveClock(30 * SECOND);
  expect(await breaker.acquire()).toEqual({ kind: "go" });
  expect(await breaker.acquire()).toEqual({ kind: "open", untilMs: T0 + 60 * SECOND });
  await breaker.report(true);
  expect(await breaker.acquire()).toEqual({ kind: "go" });
  expect(await breaker.acquire()).toEqual({ kind: "go" });
});

test("of a hundred that ask at once after the rest, one goes", async () => {
  const breaker = freshBreaker();
  await fail(breaker, 10);
  for (let round = 1; round <= 3; round++) {
    moveClock(30 * SECOND);
    const permissions = await Promise.all(Array.from({ length: 100 }, () => breaker.acquire()));
    expect(permissions.filter(({ kind }) => kind === "go")).toHaveLength(1);
    expect(permissions.filter(({ kind }) => kind === "open")).toHaveLength(99);
  }
});

test("other hosts do not notice", async () => {
  const host = `${crypto.randomUUID()}.example`;
  await fail(new Met(host), 10);
  for (const other of [`${host}:8443`, `www.${host}`, "other.example"])
    expect(await new Met(other).acquire()).toEqual({ kind: "go" });
});

test("the breaker of a host that fails all users opens for all, though no user made ten attempts", async () => {
  const host = `${crypto.randomUUID()}.example`;
  const users = ["a", "b", "c", "d"].map((deadLetter) => new Met(host, deadLetter.repeat(43)));
  for (const user of users.slice(0, 3)) await fail(user, 5);
  const newcomer = new Met(host, "e".repeat(43));
  // Three of each user count: nine.
  expect(await newcomer.acquire()).toEqual({ kind: "go" });
  for (const user of users.slice(3)) await fail(user, 1);
  const restMs = T0 + 30 * SECOND;
  expect(await newcomer.acquire()).toEqual({ kind: "open", untilMs: restMs, allUntilMs: restMs });
  moveClock(30 * SECOND);
  const permissions = await Promise.all([...users, newcomer].map((user) => user.acquire()));
  expect(permissions.filter(({ kind }) => kind === "go")).toHaveLength(1);
  // The probe may end at any time.
  const waiting = { kind: "open", untilMs: restMs + 30 * SECOND };
  expect(permissions.filter(({ kind }) => kind === "open")).toEqual(users.map(() => waiting));
  const another = await new Met(host, "f".repeat(43)).acquire();
  expect(another).toEqual({ ...waiting, allUntilMs: restMs + SECOND });
  await newcomer.report(true);
  expect(await newcomer.acquire()).toEqual({ kind: "go" });
});

test("a user whose breaker is open takes no probe from others", async () => {
  const host = `${crypto.randomUUID()}.example`;
  const [one, other] = [new Met(host), new Met(host, "b".repeat(43))];
  for (const deadLetter of "cdef") await fail(new Met(host, deadLetter.repeat(43)), 3);
  moveClock(20 * SECOND);
  await fail(one, 10);
  moveClock(10 * SECOND);
  expect(await one.acquire()).toEqual({ kind: "open", untilMs: T0 + 60 * SECOND });
  expect(await other.acquire()).toEqual({ kind: "go" });
});

test("a host that answers is open to all, however many users' own paths fail there", async () => {
  const host = `${crypto.randomUUID()}.example`;
  const users = Array.from("abcdefgh", (deadLetter) => new Met(host, deadLetter.repeat(43)));
  for (const user of users) for (let time = 0; time < 10; time += 1) await user.report(false, true);
  expect(await new Met(host, "z".repeat(43)).acquire()).toEqual({ kind: "go" });
  for (const user of users) expect(await user.acquire()).toMatchObject({ kind: "open" });
});

test("one attempt that was answered, by whatever status, keeps a host open to all", async () => {
  const host = `${crypto.randomUUID()}.example`;
  await new Met(host, "z".repeat(43)).report(false, true);
  for (const deadLetter of "abcdefgh") await fail(new Met(host, deadLetter.repeat(43)), 3);
  expect(await new Met(host, "y".repeat(43)).acquire()).toEqual({ kind: "go" });
});

test("a user whose last attempt failed does not get the probe before others had the time to", async () => {
  const host = `${crypto.randomUUID()}.example`;
  const failing = Array.from("abcd", (deadLetter) => new Met(host, deadLetter.repeat(43)));
  for (const user of failing) await fail(user, 3);
  moveClock(30 * SECOND);
  for (const user of failing)
    expect(await user.acquire()).toMatchObject({ kind: "open", untilMs: T0 + 60 * SECOND });
  expect(await new Met(host, "z".repeat(43)).acquire()).toEqual({ kind: "go" });
  const alone = `${crypto.randomUUID()}.example`;
  const again = Array.from("abcd", (deadLetter) => new Met(alone, deadLetter.repeat(43)));
  for (const user of again) await fail(user, 3);
  moveClock(60 * SECOND);
  expect(await again[0]?.acquire()).toEqual({ kind: "go" });
});

describe("an object that is taken out of memory", () => {
  test("knows that it is open and probed", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    await evict(breaker.stub);
    expect(await breaker.acquire()).toEqual({ kind: "open", untilMs: T0 + 30 * SECOND });
    moveClock(30 * SECOND);
    expect(await breaker.acquire()).toEqual({ kind: "go" });
    await evict(breaker.stub);
    expect(await breaker.acquire()).toEqual({ kind: "open", untilMs: T0 + 60 * SECOND });
  });

  test("knows the failures of a host that fails slowly", async () => {
    const breaker = freshBreaker();
    for (let attempts = 0; attempts < 10; attempts++) {
      await fail(breaker, 1);
      await evict(breaker.stub);
      moveClock(30 * SECOND);
    }
    expect(await breaker.acquire()).toEqual({ kind: "go" });
    await fail(breaker, 1);
    expect((await breaker.acquire()).kind).toBe("open");
  });
});

describe("an object that is not needed any more", () => {
  test("leaves nothing behind, begins anew, and leaves nothing behind again", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    expect(await storedKeys(breaker)).toEqual([USER, "all"]);
    moveClock(10 * MINUTE);
    expect(await runDurableObjectAlarm(breaker.stub)).toBe(true);
    expect(await storedKeys(breaker)).toEqual([]);
    expect(await runDurableObjectAlarm(breaker.stub)).toBe(false);
    expect(await breaker.acquire()).toEqual({ kind: "go" });
    await fail(breaker, 10);
    expect((await breaker.acquire()).kind).toBe("open");
    moveClock(10 * MINUTE);
    expect(await runDurableObjectAlarm(breaker.stub)).toBe(true);
    expect(await storedKeys(breaker)).toEqual([]);
  });

  test("stays while its host still fails", async () => {
    const breaker = freshBreaker();
    await fail(breaker, 10);
    moveClock(10 * MINUTE);
    await breaker.acquire();
    await fail(breaker, 1);
    expect(await runDurableObjectAlarm(breaker.stub)).toBe(true);
    expect((await breaker.acquire()).kind).toBe("open");
    moveClock(10 * MINUTE);
    expect(await runDurableObjectAlarm(breaker.stub)).toBe(true);
    expect(await storedKeys(breaker)).toEqual([]);
  });

  test("was never stored if it was only asked", async () => {
    const breaker = freshBreaker();
    await breaker.acquire();
    expect(await storedKeys(breaker)).toEqual([]);
    expect(await runDurableObjectAlarm(breaker.stub)).toBe(false);
  });
});

test("an alarm whose storage fails throws nothing, and the next report sets another", async () => {
  const breaker = freshBreaker();
  await fail(breaker, 1);
  moveClock(20 * MINUTE);
  await runInDurableObject(breaker.stub, async (object: DestinationBreaker, { storage }) => {
    const failing = vi.spyOn(storage, "deleteAll").mockRejectedValue(new Error("storage is away"));
    await storage.deleteAlarm();
    await object.alarm();
    expect(failing).toHaveBeenCalledTimes(1);
    failing.mockRestore();
  });
  await fail(breaker, 1);
  expect(await runInDurableObject(breaker.stub, (_, { storage }) => storage.getAlarm())).not.toBeNull();
});
