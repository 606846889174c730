// Whom the limit applies to, what counts, and what the headers say.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";
import { counting, failing, never, replacing } from "../support/bindings.ts";
import { stopClock } from "../support/clock.ts";
import { ACTION, type Answer, type Call, it, makeGateway, startOf } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const FLAG_CALL = "FLAGS.getBooleanValue";
const EXEMPT: Call = { claims: { rate_limit: { exempt: true } }, circumstances: { rateLimit: "off" } };
const UNLIMITED: Call = { circumstances: { rateLimit: "off" } };

beforeEach(() => stopClock());
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const remaining = ({ headers }: Answer) => headers.get("x-ratelimit-remaining");

describe("the headers of a start", () => {
  it("are both families", async ({ gateway }) => {
    const { headers } = await gateway.start({});
    expect(Object.fromEntries([...headers].filter(([name]) => name.includes("ratelimit")))).toEqual({
      "x-ratelimit-limit": "200",
      "x-ratelimit-remaining": "199",
      "x-ratelimit-reset": "2208989100",
      "ratelimit-policy": '"runs";q=200;w=300',
      ratelimit: '"runs";r=199;t=300',
    });
  });

  it("give the reset as RFC 3339 when told to", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_RESET_FORMAT: "date-time" });
    const { headers } = await gateway.start({}, { circumstances: { resetFormat: "date-time" } });
    expect(headers.get("x-ratelimit-reset")).toBe("2040-01-01T00:05:00.000Z");
  });

  it("are on a refusal by the limit, in the published words", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" });
    await gateway.start({});
    const { status, headers, body } = await gateway.start({});
    expect(status).toBe(429);
    expect(headers.get("ratelimit")).toBe('"runs";r=0;t=300');
    expect(body.errors[0]).toMatchObject({
      code: "too_many_requests",
      title: "Too Many Requests",
      detail: "Rate limit exceeded. Too many requests.",
    });
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});

describe("what counts", () => {
  it.for([400, 402, 403, 404, 429, 500])(
    "a run that the upstream refuses with %i does",
    async (status, { gateway }) => {
      gateway.upstream.behave(() => new Response("no", { status }));
      expect(remaining(await gateway.start({}))).toBe("199");
      expect(remaining(await gateway.start({}))).toBe("198");
    },
  );

  it("a replay does not, and is given when the window is exhausted", async () => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "2" });
    const first = await gateway.start({ idempotency_id: ID });
    const replayed = await gateway.start({ idempotency_id: ID });
    expect([replayed.text, remaining(replayed)]).toEqual([first.text, "1"]);
    await gateway.start({});
    expect((await gateway.start({})).status).toBe(429);
    const last = await gateway.start({ idempotency_id: ID });
    expect([last.status, last.text, remaining(last)]).toEqual([202, first.text, "0"]);
    expect(last.headers.get("idempotency-replayed")).toBe("true");
  });
});

describe("whom the limit does not apply to", () => {
  it("an exempt caller: no headers, and the gate and the flag are not asked", async () => {
    const calls: string[] = [];
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: "1" }, counting(calls));
    expect((await gateway.start({}, EXEMPT)).status).toBe(202);
    expect((await gateway.start({}, EXEMPT)).status).toBe(202);
    expect(calls).toEqual(["UPSTREAM.fetch", "UPSTREAM.fetch"]);
  });

  it("any caller while the flag is off", async () => {
    const gateway = await makeGateway(
      { RATE_LIMIT_DEFAULT: "1" },
      replacing(FLAG_CALL, async () => false),
    );
    expect((await gateway.start({}, UNLIMITED)).status).toBe(202);
    expect((await gateway.start({}, UNLIMITED)).status).toBe(202);
  });

  it("an exempt caller's malformed request has none either", async ({ gateway }) => {
    expect((await gateway.start({ page: 5 }, EXEMPT)).status).toBe(400);
  });
});

describe("the flag", () => {
  it("is asked by its key, about this caller and this action", async () => {
    const asked: unknown[] = [];
    const gateway = await makeGateway(
      {},
      replacing(FLAG_CALL, async ({ args }) => asked.push(args) > 0),
    );
    await gateway.start({});
    await gateway.call("/actions/v1/runs", startOf({}));
    const user = { userId: "alice", issuer: "https://login.example" };
    expect(asked).toEqual([
      ["edge_actions_api_rate_limiting_global", true, { ...user, storedActionId: ACTION }],
      ["edge_actions_api_rate_limiting_global", true, user],
    ]);
  });

  it("is asked about one action by one name, however a caller spells it", async () => {
    await freshIndex();
    const asked: unknown[] = [];
    const gateway = await makeGateway(
      {},
      replacing(FLAG_CALL, async ({ args }) => asked.push(args[2]) > 0),
    );
    const action = "/actions/v1/stored-actions/AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE";
    const { body } = await gateway.call(`${action}/run`, startOf({}, { claims: { sub: "starter" } }));
    const run = `${action}/runs/${body.data.id}`;
    await gateway.call(run, { claims: { sub: "reader" } });
    await gateway.call(`${run}/deliveries`, { claims: { sub: "looker" } });
    const storedActionId = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
    expect(asked).toEqual([
      { userId: "starter", issuer: "https://login.example", storedActionId },
      { userId: "reader", issuer: "https://login.example", storedActionId },
      { userId: "looker", issuer: "https://login.example", storedActionId },
    ]);
  });

  it.each<{ name: string; bindings: (env: Env) => Partial<Env> }>([
    { name: "is not known", bindings: () => ({}) },
    { name: "fails", bindings: failing(/^FLAGS/) },
    { name: "hangs", bindings: replacing(FLAG_CALL, never) },
  ])("leaves it to RATE_LIMIT_FLAG_DEFAULT when it $name", async ({ bindings }) => {
    const on = await makeGateway({ RATE_LIMIT_FLAG_DEFAULT: "on" }, bindings);
    expect(remaining(await on.start({}))).toBe("199");
    const off = await makeGateway({ RATE_LIMIT_FLAG_DEFAULT: "off" }, bindings);
    expect(remaining(await off.start({}, UNLIMITED))).toBeNull();
  });
});
