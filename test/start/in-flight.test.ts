// A duplicate that meets the first request in flight waits for it inside the gate.
import { abortAllDurableObjects, reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";
import { never, replacing } from "../support/bindings.ts";
import { SECOND, T0 } from "../support/clock.ts";
import { passInGate, readClaims, until } from "../support/gate.ts";
import {
  type Answer,
  buildStart,
  type Call,
  type Gateway,
  ID,
  it,
  makeGateway,
  RUN_PATH,
} from "../support/gateway.ts";
import { statuses, times } from "../support/times.ts";
import { errorBody, json } from "../support/upstream.ts";

// Timers stand still too: 25 seconds pass when the test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: T0 });
});
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

type Held = {
  first: Promise<Answer>;
  /** The upstream's word on the first request; what comes later is answered honestly. */
  answer: (make: (honest: () => Response) => Response) => void;
};

/** A first request that the upstream keeps waiting. */
async function holdFirst(gateway: Gateway, call: Call = {}): Promise<Held> {
  const word = Promise.withResolvers<(honest: () => Response) => Response>();
  gateway.upstream.behave(async (_request, honest) => {
    const isFirst = gateway.upstream.starts.length === 1;
    return isFirst ? (await word.promise)(honest) : honest();
  });
  const first = gateway.start({ idempotency_id: ID }, call);
  await until(() => gateway.upstream.starts.length === 1);
  return { first, answer: word.resolve };
}

/** Duplicates that have come to wait in the gate: each has a timer there, and one of its request. */
async function wait(gateway: Gateway, n: number, call: Call = {}): Promise<Promise<Answer>[]> {
  const before = vi.getTimerCount();
  const duplicates = times(n, () => gateway.start({ idempotency_id: ID }, call));
  await until(() => vi.getTimerCount() === before + 2 * n);
  return duplicates;
}

describe("while the first request is in flight, duplicates wait", () => {
  it("and get the same answer", async ({ gateway }) => {
    const { first, answer } = await holdFirst(gateway);
    const duplicates = await wait(gateway, 3);
    answer((honest) => honest());
    const { status, text, headers } = await first;
    expect([status, headers.get("idempotency-replayed")]).toEqual([202, null]);
    for (const duplicate of await Promise.all(duplicates)) {
      expect([duplicate.status, duplicate.text]).toEqual([202, text]);
      expect(duplicate.headers.get("idempotency-replayed")).toBe("true");
      expect(duplicate.headers.get("x-ratelimit-remaining")).toBe("199");
    }
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("25 seconds at most: then 503, to be tried again in a second", async () => {
    const gateway = await makeGateway({ UPSTREAM_TIMEOUT_MS: "60000" });
    const { first, answer } = await holdFirst(gateway);
    const [duplicate] = await wait(gateway, 1);
    await passInGate(gateway, 25 * SECOND - 1);
    expect(await Promise.race([duplicate, scheduler.wait(20)])).toBeUndefined();
    await passInGate(gateway, 1);
    expect(await duplicate).toMatchObject({
      status: 503,
      body: { errors: [{ code: "service_unavaiable" }] },
    });
    expect((await duplicate)?.headers.get("retry-after")).toBe("1");
    answer((honest) => honest());
    expect((await first).status).toBe(202);
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("a malformed one too, and it gets the answer", async ({ gateway }) => {
    const { first, answer } = await holdFirst(gateway);
    const malformed = gateway.start({ idempotency_id: ID, page: 5 });
    await until(() => vi.getTimerCount() > 2);
    answer((honest) => honest());
    expect((await malformed).text).toBe((await first).text);
    expect((await malformed).headers.get("idempotency-payload-mismatch")).toBe("true");
  });
});

describe("when the first request ends without a run, duplicates start over", () => {
  it("refused: one of them is forwarded afresh, the rest get its answer", async ({ gateway }) => {
    const { first, answer } = await holdFirst(gateway, { circumstances: { errorFrom: "upstream" } });
    const duplicates = await wait(gateway, 3);
    answer(() => json(402, errorBody(402, "payment_required")));
    expect((await first).status).toBe(402);
    const answers = await Promise.all(duplicates);
    expect(statuses(answers)).toEqual({ 202: 3 });
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(gateway.upstream.starts).toHaveLength(2);
  });

  it("unknown: one of them asks again under the same id, and one run comes of it", async ({ gateway }) => {
    const { first, answer } = await holdFirst(gateway);
    const duplicates = await wait(gateway, 3);
    answer((honest) => {
      honest();
      return new Response("lost on the way", { status: 500 });
    });
    expect((await first).status).toBe(500);
    expect(statuses(await Promise.all(duplicates))).toEqual({ 202: 3 });
    expect(gateway.upstream.starts).toHaveLength(2);
    expect(gateway.upstream.runs.size).toBe(1);
  });

  it("its Worker died: one of them takes over when the lease ends", async () => {
    const unanswered = replacing("USER_GATE.admit", ({ perform }) => perform().then(never));
    const dying = await makeGateway({}, unanswered);
    dying.begin(RUN_PATH, buildStart({ idempotency_id: ID }));
    const gateway = await makeGateway({}, undefined, dying);
    await vi.waitFor(async () => expect(await readClaims(gateway)).toEqual([`${ID} open`]));
    const duplicates = await wait(gateway, 3);
    await passInGate(gateway, 15 * SECOND);
    const answers = await Promise.all(duplicates);
    expect(statuses(answers)).toEqual({ 202: 3 });
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});

describe("a first request that comes back late, after another took over", () => {
  it.each([
    { name: "refused", late: () => json(404, errorBody(404, "not_found")) },
    { name: "failed", late: () => new Response("late", { status: 500 }) },
    { name: "accepted", late: (honest: () => Response) => honest() },
  ])("$name: all are told of the one run that there is", async ({ late }) => {
    const gateway = await makeGateway({ UPSTREAM_TIMEOUT_MS: "60000" });
    const { first, answer } = await holdFirst(gateway);
    vi.setSystemTime(T0 + 65 * SECOND);
    const second = await gateway.start({ idempotency_id: ID });
    answer(late);
    const third = await gateway.start({ idempotency_id: ID });
    expect([second.status, (await first).status, third.status]).toEqual([202, 202, 202]);
    expect(new Set([second.text, (await first).text, third.text]).size).toBe(1);
    expect(gateway.upstream.runs.size).toBe(1);
  });
});

describe("a gate that dies under those who wait", () => {
  it("has them told to come again; then they get the one answer", async ({ gateway }) => {
    const { first, answer } = await holdFirst(gateway);
    const duplicates = await wait(gateway, 3, { circumstances: { rateLimit: "any" } });
    await abortAllDurableObjects();
    answer((honest) => honest());
    const { status: firstStatus, text } = await first;
    expect(firstStatus).toBe(202);
    for (const { status, headers } of await Promise.all(duplicates)) {
      expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
    }
    expect(await gateway.start({ idempotency_id: ID })).toMatchObject({ status: 202, text });
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});
