// The gate is down, moving or overloaded: what a run does then.
import { describe, expect, vi } from "vitest";
import { type BindingCall, failing, tapped } from "../support/bindings.ts";
import { moveClock, SECOND } from "../support/clock.ts";
import { forgetAnswers } from "../support/forget.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { type Answer, type Gateway, ID, it, makeGateway } from "../support/gateway.ts";

/** The answer has no rate-limit headers where it usually has. */
const UNCOUNTED = { circumstances: { rateLimit: "any" } } as const;

freshForEach();

/** As the platform marks an error after which a new stub may work. */
function moved(): Error {
  return Object.assign(new Error("Durable Object reset because its code was updated."), { retryable: true });
}

function overloaded(): Error {
  return Object.assign(new Error("Durable Object is overloaded."), { retryable: true, overloaded: true });
}

/** Loses the first call of `name`: before it was made, or only its answer. */
function losingOnce(name: string, when: "before" | "after", error = moved): (env: Env) => Partial<Env> {
  let calls = 0;
  return (env) =>
    tapped(env, async (call: BindingCall) => {
      if (call.name !== name || calls++ > 0) return call.perform();
      if (when === "after") await call.perform();
      throw error();
    });
}

const remaining = ({ headers }: Answer) => headers.get("x-ratelimit-remaining");

function outcomes(lines: unknown[][]): unknown[] {
  const served = lines.map(([line]) => JSON.parse(String(line)));
  return served.filter(({ event }) => event === "request.served").map(({ outcome }) => outcome);
}

describe("while the gate is down", () => {
  it("a plain run passes, without rate-limit headers, and is told apart in the log", async () => {
    const lines = vi.spyOn(console, "log");
    const gateway = await makeGateway({}, failing(/^USER_GATE/));
    const { status, headers } = await gateway.start({}, UNCOUNTED);
    expect([status, headers.get("ratelimit")]).toEqual([202, null]);
    expect(outcomes(lines.mock.calls)).toEqual(["failed_open"]);
  });

  it("a malformed plain run is refused as ever", async () => {
    const gateway = await makeGateway({}, failing(/^USER_GATE/));
    expect((await gateway.start({ page: 5 }, UNCOUNTED)).status).toBe(400);
    expect(gateway.upstream.starts).toHaveLength(0);
  });

  it("a run with a known id is answered from KV", async ({ gateway }) => {
    const first = await gateway.start({ idempotency_id: ID });
    const down = await makeGateway({}, failing(/^USER_GATE/), gateway);
    const again = await down.start({ idempotency_id: ID }, UNCOUNTED);
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("idempotency-payload-mismatch")).toBeNull();
    const other = await down.start({ idempotency_id: ID, page: "1" }, UNCOUNTED);
    expect([other.text, other.headers.get("idempotency-payload-mismatch")]).toEqual([first.text, "true"]);
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("and KV too, a run with an id is told to come again", async () => {
    const gateway = await makeGateway({}, failing(/^(USER_GATE|KV)/));
    expect((await gateway.start({ idempotency_id: ID }, UNCOUNTED)).status).toBe(503);
  });
});

describe("a gate that was moved under a call is asked once more", () => {
  it.each(["before", "after"] as const)(
    "a start with an id, lost %s it was admitted: one run, counted once",
    async (when) => {
      const gateway = await makeGateway({}, losingOnce("USER_GATE.admit", when));
      const first = await gateway.start({ idempotency_id: ID });
      expect([first.status, remaining(first)]).toEqual([202, "199"]);
      const again = await gateway.start({ idempotency_id: ID });
      expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
      expect(gateway.upstream.starts).toHaveLength(1);
      expect(remaining(await gateway.start({}))).toBe("198");
    },
  );

  it.each([
    ["with a callback and no id, lost before", "before", { callback_url: "https://client.example/hook" }],
    ["with a callback and no id, lost after", "after", { callback_url: "https://client.example/hook" }],
    ["of a plain run, lost before", "before", {}],
  ] as const)("a start %s it was admitted: counted once", async (_name, when, data) => {
    const gateway = await makeGateway({}, losingOnce("USER_GATE.admit", when));
    const first = await gateway.start(data);
    expect([first.status, remaining(first)]).toEqual([202, "199"]);
    expect(remaining(await gateway.start({}))).toBe("198");
  });

  it("a read", async () => {
    const gateway = await makeGateway({}, losingOnce("USER_GATE.countRead", "before"));
    const { body } = await gateway.start({});
    expect(remaining(await gateway.call(`/actions/v1/runs/${body.data.id}`))).toBe("5999");
  });

  it.each(["before", "after"] as const)("an answer, lost %s it was settled", async (when) => {
    const gateway = await makeGateway({}, losingOnce("USER_GATE.settle", when));
    const first = await gateway.start({ idempotency_id: ID });
    expect(await readClaims(gateway)).toEqual([`${ID} settled`]);
    expect((await gateway.start({ idempotency_id: ID })).text).toBe(first.text);
  });

  it.each([
    ["that is overloaded", overloaded],
    ["that fails for another reason", () => new Error("bug")],
  ])("but not one %s", async (_name, error) => {
    const gateway = await makeGateway({}, losingOnce("USER_GATE.admit", "before", error));
    expect((await gateway.start({ idempotency_id: ID }, UNCOUNTED)).status).toBe(503);
  });

  it("nor one that is overloaded at a plain run: its own user can cause that", async () => {
    const gateway = await makeGateway({}, losingOnce("USER_GATE.admit", "before", overloaded));
    const { status, headers } = await gateway.start({}, UNCOUNTED);
    expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
    expect(gateway.upstream.starts).toHaveLength(0);
  });
});

describe("a gate that goes down between admitting and settling", () => {
  it("costs the caller nothing: the answer goes out, and KV keeps it", async () => {
    const gateway = await makeGateway({}, failing(/^USER_GATE\.settle/));
    const first = await gateway.start({ idempotency_id: ID });
    expect(first.status).toBe(202);
    expect(await readClaims(gateway)).toEqual([`${ID} open`]);
    moveClock(15 * SECOND);
    const again = await gateway.start({ idempotency_id: ID });
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("keeps a refused run's claim until its lease ends: then it is forwarded afresh", async () => {
    const gateway = await makeGateway({}, failing(/^USER_GATE\.settle/));
    gateway.upstream.behave(() => new Response("no", { status: 404 }));
    expect((await gateway.start({ idempotency_id: ID })).status).toBe(404);
    moveClock(15 * SECOND);
    gateway.upstream.behaveHonestly();
    const after = await makeGateway({}, undefined, gateway);
    expect((await after.start({ idempotency_id: ID })).status).toBe(202);
  });
});

/** Alice's gateways, of which the second loses a call. Four starts are counted; of an id, only KV knows the answer. */
async function losingLearn(when: "before" | "after"): Promise<{ honest: Gateway; losing: Gateway }> {
  const honest = await makeGateway();
  await honest.start({ idempotency_id: ID });
  await forgetAnswers(await honest.gateOf());
  for (let start = 0; start < 3; start += 1) await honest.start({});
  return { honest, losing: await makeGateway({}, losingOnce("USER_GATE.learn", when), honest) };
}

describe("a gate that is moved while it learns what KV knew", () => {
  it.each([
    ["before", "0"],
    ["after", "0"],
    ["before", 5],
    ["after", 5],
  ] as const)("gives one place back, lost %s it was told, of a page %j", async (when, page) => {
    const { honest, losing } = await losingLearn(when);
    const replayed = await losing.start({ idempotency_id: ID, page });
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");
    expect(remaining(await honest.start({}))).toBe("195");
  });
});

describe("a gate that goes down before it learns what KV knew", () => {
  it("leaves one request counted, and the answer stands", async () => {
    const gateway = await makeGateway({}, failing(/^USER_GATE\.learn/));
    const first = await gateway.start({ idempotency_id: ID });
    await forgetAnswers(await gateway.gateOf());
    expect((await gateway.start({ idempotency_id: ID })).text).toBe(first.text);
    moveClock(15 * SECOND);
    expect((await gateway.start({ idempotency_id: ID })).text).toBe(first.text);
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});
