// Promise 2: one id, one run.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { actionId, atOnce, Caller, ECHO, toRunId } from "./support/caller.ts";
import { type GatewayProcess, startPatientProcess, startProcess, until } from "./support/process.ts";

const FLAKY = actionId("0007");
const LOST = actionId("0008");
const LATE = actionId("0504");

describe("one id, one run", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startPatientProcess();
    return () => gateway.close();
  });

  it("100 starts at once get one run and one answer; after a restart too", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { inputs: { order: 7 }, idempotency_id: randomUUID() };
    const first = await atOnce(100, () => caller.start(ECHO, data));
    await gateway.kill("SIGKILL");
    await gateway.restart();
    const later = await atOnce(100, () => caller.start(ECHO, data));

    const [run, ...others] = await caller.runsOf(ECHO);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ callers_idempotency_id: data.idempotency_id, starts: 1 });
    const answers = [...first, ...later].map(({ status, text }) => `${status} ${text}`);
    expect(new Set(answers)).toEqual(new Set([`202 {"data":{"type":"run","id":"${run?.id}"}}`]));
    expect(first.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1);
    expect(later.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(100);
    // Only the first of them was counted.
    expect(later.map(({ headers }) => headers.get("x-ratelimit-remaining"))).toEqual(
      Array.from({ length: 100 }, () => "199"),
    );
  });

  it("an upstream that stumbles once is asked again by the edge, and the caller does not notice", async () => {
    const caller = await Caller.of(gateway.url);
    const answer = await caller.start(FLAKY, { inputs: { failures: 1 } });
    expect(await caller.runsOf(FLAKY)).toMatchObject([{ id: toRunId(answer), starts: 2 }]);
  });

  it.each([
    ["with an id of the caller's", { idempotency_id: randomUUID() }],
    ["without one", {}],
  ])("an answer lost on its way is found again by the edge, %s", async (_name, data) => {
    const caller = await Caller.of(gateway.url);
    const runId = toRunId(await caller.start(LOST, data));
    expect(await caller.runsOf(LOST)).toMatchObject([{ id: runId, starts: 2 }]);
  });
});

describe("an upstream that takes too long", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startProcess({ args: ["--var", "UPSTREAM_TIMEOUT_MS:3000"] });
    return () => gateway.close();
  });

  it("is given up with a 503, and a retry finds the run that was started", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { idempotency_id: randomUUID() };
    const late = await caller.start(LATE, data);
    expect(late.status).toBe(503);
    expect(late.headers.get("retry-after")).toBe("1");
    expect(late.ms).toBeGreaterThanOrEqual(2_900);
    expect(late.ms).toBeLessThan(8_000);

    const runId = toRunId(await caller.start(LATE, data));
    expect(await caller.runsOf(LATE)).toMatchObject([{ id: runId, starts: 2 }]);
  });

  it("everything is killed in the middle of a start: a retry after the restart gets the one run", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { idempotency_id: randomUUID() };
    const cutOff = caller.start(LATE, data).then(
      (answer) => `answered ${answer.status}`,
      () => "cut off",
    );
    await until("the run", 3_000, async () => (await caller.runsOf(LATE)).length > 0);
    await gateway.kill("SIGKILL");
    expect(await cutOff).toBe("cut off");

    await gateway.restart();
    const runId = toRunId(await caller.start(LATE, data));
    expect(await caller.runsOf(LATE)).toMatchObject([
      { id: runId, callers_idempotency_id: data.idempotency_id },
    ]);
    expect(toRunId(await caller.start(LATE, data))).toBe(runId);
  });
});
