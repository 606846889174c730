// Promise 2: one id, one run. Two requests with one idempotency_id, at the same moment or 71 hours apart, start one run.
import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect } from "vitest";
import { failing } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, SECOND } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { forgetAnswers } from "../support/forget.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { type Answer, type Gateway, ID, it, makeGateway } from "../support/gateway.ts";
import { times } from "../support/times.ts";

freshForEach();

function startAtOnce(gateway: Gateway, n: number): Promise<Answer[]> {
  return Promise.all(times(n, () => gateway.start({ idempotency_id: ID })));
}

/** All are 202s with one body, and the upstream knows of one run. */
function expectOneRun(gateway: Gateway, answers: Answer[]): void {
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(gateway.upstream.starts).toHaveLength(1);
  expect(gateway.upstream.runs.size).toBe(1);
}

/** 70 minutes on, the gate makes room and forgets what KV knows. */
async function dropClaim(gateway: Gateway): Promise<void> {
  moveClock(70 * MINUTE);
  await forgetAnswers(await gateway.gateOf());
  expect(await readClaims(gateway)).toEqual([]);
}

async function remaining(gateway: Gateway): Promise<string | null> {
  return (await gateway.start({})).headers.get("x-ratelimit-remaining");
}

describe("a hundred starts at once with one id start one run", () => {
  it("when the id is new", async ({ gateway }) => {
    const answers = await startAtOnce(gateway, 100);
    expectOneRun(gateway, answers);
    const replayed = answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true");
    expect(replayed).toHaveLength(99);
    expect(await remaining(gateway)).toBe("198");
  });

  it.for<[string, (gateway: Gateway) => Promise<unknown>]>([
    ["was evicted", async (gateway) => evict(await gateway.gateOf())],
    ["crashed", () => abortAllDurableObjects()],
  ])("when the object %s meanwhile", async ([_name, happen], { gateway }) => {
    const first = await gateway.start({ idempotency_id: ID });
    await happen(gateway);
    expectOneRun(gateway, [first, ...(await startAtOnce(gateway, 100))]);
  });

  it("when only KV still knows the answer, and none of them is counted", async ({ gateway }) => {
    const first = await gateway.start({ idempotency_id: ID });
    await dropClaim(gateway);
    const answers = await startAtOnce(gateway, 100);
    expectOneRun(gateway, [first, ...answers]);
    expect(answers.every(({ headers }) => headers.get("idempotency-replayed") === "true")).toBe(true);
    // It has learnt the answer again.
    expect(await readClaims(gateway)).toEqual([`${ID} settled`]);
    expect(await remaining(gateway)).toBe("199");
  });

  it("when KV is down from the beginning", async () => {
    const gateway = await makeGateway({}, failing(/^KV\./));
    expectOneRun(gateway, await startAtOnce(gateway, 100));
    expect(await env.KV.list()).toMatchObject({ keys: [] });
  });
});

describe("when only KV knows the answer", () => {
  it.for([
    { name: "the same payload", data: { idempotency_id: ID }, mismatch: null },
    { name: "another payload", data: { idempotency_id: ID, page: "1" }, mismatch: "true" },
    { name: "a malformed one", data: { idempotency_id: ID, page: 1 }, mismatch: "true" },
  ])("$name is told it, with headers as if it had not come", async ({ data, mismatch }, { gateway }) => {
    const first = await gateway.start({ idempotency_id: ID });
    await dropClaim(gateway);
    const second = await gateway.start(data);
    expect([second.status, second.text]).toEqual([202, first.text]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.headers.get("idempotency-payload-mismatch")).toBe(mismatch);
    expect(second.headers.get("x-ratelimit-remaining")).toBe("200");
    expect(await remaining(gateway)).toBe("199");
  });

  it("it is told when the window is exhausted too", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" });
    const first = await gateway.start({ idempotency_id: ID });
    await dropClaim(gateway);
    await gateway.start({});
    const second = await gateway.start({ idempotency_id: ID });
    expect([second.status, second.text]).toEqual([202, first.text]);
    expect(second.headers.get("x-ratelimit-remaining")).toBe("0");
    expect((await gateway.start({})).status).toBe(429);
  });

  it("it is told to a caller without a limit, without headers", async ({ gateway }) => {
    const exempt = {
      claims: { rate_limit: { exempt: true } },
      circumstances: { rateLimit: "off" },
    } as const;
    const first = await gateway.start({ idempotency_id: ID }, exempt);
    await dropClaim(gateway);
    const second = await gateway.start({ idempotency_id: ID }, exempt);
    expect(second.text).toBe(first.text);
    expect(await readClaims(gateway)).toEqual([`${ID} settled`]);
  });
});

describe("72 hours", () => {
  it("long the id is answered by the gate, though KV fails", async () => {
    const gateway = await makeGateway({}, failing(/^KV\./));
    const first = await gateway.start({ idempotency_id: ID });
    moveClock(72 * HOUR - SECOND);
    expect((await gateway.start({ idempotency_id: ID })).text).toBe(first.text);
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("a second later the id starts anew, until then it is answered", async ({ gateway }) => {
    const first = await gateway.start({ idempotency_id: ID });
    await dropClaim(gateway);
    moveClock(72 * HOUR - 70 * MINUTE - SECOND);
    expect((await gateway.start({ idempotency_id: ID })).text).toBe(first.text);
    moveClock(SECOND);
    const anew = await gateway.start({ idempotency_id: ID });
    expect([anew.status, anew.headers.get("idempotency-replayed")]).toEqual([202, null]);
    expect(gateway.upstream.starts).toHaveLength(2);
  });

  it("hold from the acceptance: what is told late in them does not prolong them", async ({ gateway }) => {
    await gateway.start({ idempotency_id: ID });
    await dropClaim(gateway);
    for (const _ of times(7, () => 0)) {
      moveClock(10 * HOUR);
      await gateway.start({ idempotency_id: ID });
    }
    expect(gateway.upstream.starts).toHaveLength(1);
    moveClock(50 * MINUTE);
    await gateway.start({ idempotency_id: ID });
    expect(gateway.upstream.starts).toHaveLength(2);
  });
});
