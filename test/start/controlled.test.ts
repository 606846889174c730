// A user whom operators have blocked, or for whom they have set a limit: what becomes of that user's starts.
import { describe, expect, it, vi } from "vitest";
import { ask, post } from "../console/bench.ts";
import { OperatedRuns } from "../operators/operated-runs.ts";
import { failing, replacing } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { forgetAnswers } from "../support/forget.ts";
import { ACTION, type Answer, type Call, ID, RUN_PATH } from "../support/gateway.ts";
import { statuses, times } from "../support/times.ts";

const runs = OperatedRuns.forEach();

const UNTIL = "2040-01-01T01:00:00Z";
const EXEMPT: Call = { claims: { rate_limit: { exempt: true } } };
const UNLIMITED: Call = { circumstances: { rateLimit: "off" } };
const DETAIL =
  "Starts of this user are blocked until 2040-01-01T01:00:00.000Z by the operators of this gateway.";

async function control(what: string): Promise<void> {
  expect((await post(runs.stage.gateway, `/users/${runs.alice}/${what}`)).status).toBe(200);
}

function expectBlocked({ status, headers, body }: Answer): void {
  expect([status, body.errors[0].code, body.errors[0].detail]).toEqual([403, "permission_denied", DETAIL]);
  expect([...headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
}

function start(data: unknown = {}, call: Call = {}): Promise<Answer> {
  return runs.stage.gateway.start(data, call);
}

const switchedOff = replacing("FLAGS.getBooleanDetails", async () => ({ value: false }));

describe("a blocked user", () => {
  it("gets 403 to every start, uncounted, until the block lapses by itself", async () => {
    await control(`block?until=${UNTIL}`);
    const lines = vi.spyOn(console, "log");
    for (const data of [
      {},
      { idempotency_id: ID },
      { callback_url: "https://client.example/hook" },
      { page: 5 },
    ])
      expectBlocked(await start(data));
    const served = lines.mock.calls.map(([line]) => JSON.parse(String(line)));
    const outcomes = served.filter(({ event }) => event === "request.served").map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["blocked", "blocked", "blocked", "blocked"]);
    moveClock(HOUR - 1);
    expectBlocked(await start());
    moveClock(1);
    expect((await start({ idempotency_id: ID })).headers.get("x-ratelimit-remaining")).toBe("199");
    expect(runs.stage.gateway.upstream.starts).toHaveLength(1);
  });

  it("still gets the answer to a known id, also from KV", async () => {
    const first = await start({ idempotency_id: ID });
    await control(`block?until=${UNTIL}`);
    const replay = async () => {
      const { status, text, headers } = await start({ idempotency_id: ID });
      return [status, text, headers.get("idempotency-replayed"), headers.get("ratelimit")];
    };
    expect(await replay()).toEqual([202, first.text, "true", '"runs";r=199;t=300']);
    await forgetAnswers(await runs.stage.gateway.gateOf());
    expect(await replay()).toEqual([202, first.text, "true", '"runs";r=199;t=300']);
    expect(runs.stage.gateway.upstream.starts).toHaveLength(1);
  });

  it.each<[string, Call]>([
    ["whose token lifts the limit", { ...EXEMPT, ...UNLIMITED }],
    ["while the flag is off", UNLIMITED],
  ])("%s gets it too, and passes while the gate is away", async (_name, call) => {
    await control(`block?until=${UNTIL}`);
    const gateway = await runs.beside(switchedOff);
    expectBlocked(await gateway.start({}, call));
    const beside = await runs.beside((env) => ({
      ...failing(/^USER_GATE\.admit$/, () => Object.assign(new Error("busy"), { overloaded: true }))(env),
      FLAGS: switchedOff(env).FLAGS as Flagship,
    }));
    expect((await beside.start({}, call)).status).toBe(202);
  });

  it("is blocked still when the gate starts anew, and another user is not", async () => {
    await control(`block?until=${UNTIL}`);
    await evict(await runs.stage.gateway.gateOf());
    expectBlocked(await start());
    expect((await start({}, { claims: { sub: "bob" } })).status).toBe(202);
  });

  it("has large bodies refused without a parse", async () => {
    await control(`block?until=${UNTIL}`);
    const large = `{"data":{"inputs":[${"{},".repeat(100_000)}{}]}}`;
    const parse = vi.spyOn(JSON, "parse");
    const answer = await runs.stage.gateway.call(RUN_PATH, {
      ...EXEMPT,
      method: "POST",
      body: large,
      headers: { "content-type": "application/json" },
    });
    const parses = parse.mock.calls.filter(([text]) => text.length > 256 * 1024).length;
    parse.mockRestore();
    expectBlocked(answer);
    expect(parses).toBe(0);
  });

  it("cannot have a callback sent again, whether it is under way or not; an operator can", async () => {
    const [delivered, retrying] = [await runs.delivered(), await runs.retrying()];
    await control(`block?until=${UNTIL}`);
    for (const { runId } of [delivered, retrying]) expectBlocked(await runs.stage.redeliver(runId));
    expect((await runs.postTo(delivered, "redeliver")).status).toBe(202);
    await control("lift");
    expect((await runs.stage.redeliver(retrying.runId)).status).toBe(409);
  });

  it("still reads its runs, and its runs go on", async () => {
    const run = await runs.stage.start();
    await control(`block?until=${UNTIL}`);
    const path = `/actions/v1/stored-actions/${ACTION}`;
    expect((await runs.stage.gateway.call(`${path}/runs/${run.runId}`)).status).toBe(200);
    await runs.stage.finish(run);
    expect(await runs.stage.state(run)).toBe("delivered");
  });
});

describe("a limit that operators have set", () => {
  it.each<[string, Call]>([
    ["whose token says nothing", {}],
    ["whose token has another limit", { claims: { rate_limit: { limit_override: 1000 } } }],
    ["whose token lifts it", EXEMPT],
  ])("lets exactly so many starts pass of a user %s, flag or no flag", async (_name, call) => {
    await control(`limit?limit=7&until=${UNTIL}`);
    const gateway = await runs.beside(switchedOff);
    const answers = await Promise.all(times(12, () => gateway.start({}, call)));
    expect(statuses(answers)).toEqual({ 202: 7, 429: 5 });
    expect(answers[0]?.headers.get("ratelimit-policy")).toBe('"runs";q=7;w=300');
    expect((await ask(gateway, `/users/${runs.alice}`)).body.windows.runs?.count).toBe(7);
  });

  it("may be higher than the token's, and ends with its moment", async () => {
    await control(`limit?limit=100000&until=${UNTIL}`);
    expect((await start()).headers.get("x-ratelimit-limit")).toBe("100000");
    await evict(await runs.stage.gateway.gateOf());
    moveClock(HOUR - MINUTE);
    expect((await start()).headers.get("x-ratelimit-limit")).toBe("100000");
    moveClock(MINUTE);
    expect((await start()).headers.get("x-ratelimit-limit")).toBe("200");
  });
});
