// Whom the limit applies to, what counts, and what the headers say.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";
import { failing, never, replacing } from "../support/bindings.ts";
import { moveClock, SECOND, stopClock } from "../support/clock.ts";
import { type Answer, buildStart, type Call, ID, it, makeGateway } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";

const FLAG_CALL = "FLAGS.getBooleanDetails";
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
  it("any caller while the flag is off", async () => {
    const gateway = await makeGateway(
      { RATE_LIMIT_DEFAULT: "1" },
      replacing(FLAG_CALL, async () => ({ value: false })),
    );
    expect((await gateway.start({}, UNLIMITED)).status).toBe(202);
    expect((await gateway.start({}, UNLIMITED)).status).toBe(202);
  });
});

describe("the flag", () => {
  it("is asked by its key, about this caller and this action, however a caller spells it", async () => {
    await freshIndex();
    const asked: unknown[] = [];
    const gateway = await makeGateway(
      {},
      replacing(FLAG_CALL, async ({ args }) => ({ value: asked.push(args) > 0 })),
    );
    const action = "/actions/v1/stored-actions/AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE";
    const { body } = await gateway.call(`${action}/run`, buildStart({}, { claims: { sub: "starter" } }));
    const run = `${action}/runs/${body.data.id}`;
    await gateway.call(run, { claims: { sub: "reader" } });
    await gateway.call(`${run}/deliveries`, { claims: { sub: "looker" } });
    await gateway.call("/actions/v1/runs", buildStart({}));
    const key = "edge_actions_api_rate_limiting_global";
    const who = { issuer: "https://login.example", targetingKey: expect.stringMatching(/^[\w-]{43}$/) };
    const about = { ...who, storedActionId: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" };
    expect(asked).toEqual([
      [key, true, { userId: "starter", ...about }],
      [key, true, { userId: "reader", ...about }],
      [key, true, { userId: "looker", ...about }],
      [key, true, { userId: "alice", ...who }],
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

describe("in the shadow the limit", () => {
  const SHADOW = "edge_actions_api_rate_limiting_shadow";
  let isOn: boolean;

  beforeEach(() => {
    isOn = false;
  });

  function shadowed(others: (env: Env) => Partial<Env> = () => ({})) {
    const flags = replacing(FLAG_CALL, async ({ args }) => ({ value: args[0] === SHADOW || isOn }));
    return makeGateway({ RATE_LIMIT_DEFAULT: "2" }, (env) => ({
      ...others(env),
      FLAGS: flags(env).FLAGS as Flagship,
    }));
  }

  it("counts each start, refuses none, shows callers nothing, and names in the log those that it would have refused", async () => {
    const lines = vi.spyOn(console, "log");
    const gateway = await shadowed();
    const id = crypto.randomUUID();
    for (const data of [{}, { idempotency_id: id }, {}, { callback_url: "https://client.example/hook" }]) {
      const { status, headers } = await gateway.start(data, UNLIMITED);
      expect(status).toBe(202);
      expect([...headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
    }
    expect((await gateway.start({ idempotency_id: id }, UNLIMITED)).status).toBe(202);
    const served = lines.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(served.filter(({ event }) => event === "request.served").map(({ outcome }) => outcome)).toEqual([
      "accepted",
      "accepted",
      "over_limit",
      "over_limit",
      "replayed",
    ]);
    isOn = true;
    moveClock(5 * SECOND);
    expect((await gateway.start({})).status).toBe(429);
  });

  it("stops no plain run of a user whose gate has too much to do", async () => {
    const error = Object.assign(new Error("overloaded"), { overloaded: true });
    const gateway = await shadowed(failing(/^USER_GATE.admit/, () => error));
    expect((await gateway.start({}, UNLIMITED)).status).toBe(202);
    isOn = true;
    moveClock(5 * SECOND);
    expect((await gateway.start({}, UNLIMITED)).status).toBe(503);
  });
});
