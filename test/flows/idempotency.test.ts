// Promise 2: one id, one run.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { withCallersId } from "../support/callers-id.ts";
import { actionId, atOnce, Caller, ECHO, errorsOf, runIdOf, SLOW, tally } from "./support/caller.ts";
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

  it("an id in capitals is the same id, another payload under it gets the same answer and is told so", async () => {
    const caller = await Caller.of(gateway.url);
    const id = randomUUID();
    const runId = runIdOf(await caller.start(ECHO, { inputs: { n: 1 }, idempotency_id: id }));
    const capitals = await caller.start(ECHO, { inputs: { n: 1 }, idempotency_id: id.toUpperCase() });
    const other = await caller.start(ECHO, { inputs: { n: 2 }, idempotency_id: id });
    expect([runIdOf(capitals), runIdOf(other)]).toEqual([runId, runId]);
    expect(capitals.headers.get("idempotency-payload-mismatch")).toBe(null);
    expect(other.headers.get("idempotency-payload-mismatch")).toBe("true");
    expect(await caller.runsOf(ECHO)).toMatchObject([{ id: runId, starts: 1 }]);
  });

  it("an id belongs to its user", async () => {
    const [ann, ben] = [await Caller.of(gateway.url), await Caller.of(gateway.url)];
    const data = { idempotency_id: randomUUID() };
    const runs = [runIdOf(await ann.start(ECHO, data)), runIdOf(await ben.start(ECHO, data))];
    expect(new Set(runs).size).toBe(2);
    expect(await ann.runsOf(ECHO)).toMatchObject([{ id: runs[0] }]);
    expect(await ben.runsOf(ECHO)).toMatchObject([{ id: runs[1] }]);
  });

  it("a replay is given when the window is exhausted", async () => {
    const claims = { rate_limit: { exempt: false, limit_override: 1 } };
    const caller = await Caller.of(gateway.url, "exhausted", claims);
    const data = { idempotency_id: randomUUID() };
    const runId = runIdOf(await caller.start(ECHO, data));
    expect((await caller.start(ECHO, {})).status).toBe(429);
    expect(runIdOf(await caller.start(ECHO, data))).toBe(runId);
  });

  it("an id sent while its run is under way gets that run, not a second one", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { inputs: { seconds: 30 }, idempotency_id: randomUUID() };
    const runId = runIdOf(await caller.start(SLOW, data));
    expect(runIdOf(await caller.start(SLOW, data))).toBe(runId);
    expect(await caller.runsOf(SLOW)).toMatchObject([{ id: runId, starts: 1 }]);
  });

  it("an upstream that stumbles once is asked again by the edge, and the caller does not notice", async () => {
    const caller = await Caller.of(gateway.url);
    const answer = await caller.start(FLAKY, { inputs: { failures: 1 } });
    expect(await caller.runsOf(FLAKY)).toMatchObject([{ id: runIdOf(answer), starts: 2 }]);
  });

  it("an upstream that stumbles longer is asked again by the caller, under the same id", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { inputs: { failures: 2 }, idempotency_id: randomUUID() };
    const refused = await caller.start(FLAKY, data, { errorFrom: "upstream" });
    expect(refused.status).toBe(503);
    const runId = runIdOf(await caller.start(FLAKY, data));
    expect(await caller.runsOf(FLAKY)).toMatchObject([{ id: runId, starts: 3 }]);
  });

  it.each([
    ["with an id of the caller's", { idempotency_id: randomUUID() }],
    ["without one", {}],
  ])("an answer lost on its way is found again by the edge, %s", async (_name, data) => {
    const caller = await Caller.of(gateway.url);
    const runId = runIdOf(await caller.start(LOST, data));
    expect(await caller.runsOf(LOST)).toMatchObject([{ id: runId, starts: 2 }]);
  });

  it.each([
    ["0402", 402, "payment_required", "Payment Required"],
    ["0403", 403, "permission_denied", "Permission Denied"],
    ["0404", 404, "not_found", "Not Found"],
    ["0429", 429, "too_many_requests", "Too Many Requests"],
  ])("a refusal %s is passed on, and its id is free again", async (end, status, code, title) => {
    const caller = await Caller.of(gateway.url);
    const data = { inputs: { n: 1 }, idempotency_id: randomUUID() };
    const refused = await caller.start(actionId(end), data, { errorFrom: "upstream" });
    expect(refused.status).toBe(status);
    expect(errorsOf(refused)).toEqual([
      { status, code, title, detail: `This action always answers ${code}.`, source: null },
    ]);
    expect(refused.headers.get("retry-after")).toBe(status === 429 ? "1" : null);
    // Not remembered in any way: another payload starts a run, and is not compared with the refused one.
    const afresh = await caller.start(ECHO, { ...data, inputs: { n: 2 } });
    expect(afresh.headers.get("idempotency-payload-mismatch")).toBe(null);
    expect(await caller.runsOf(ECHO)).toMatchObject([{ id: runIdOf(afresh) }]);
  });

  it.each([
    ["0500", 500, "external_service_error", "External Service Error", null],
    ["0503", 503, "service_unavaiable", "Service Unavailable", "1"],
  ])("a failure %s is forwarded again under its id when the caller tries again", async (...row) => {
    const [end, status, code, title, retryAfter] = row;
    const caller = await Caller.of(gateway.url);
    const data = { idempotency_id: randomUUID() };
    const upstreamIds = new Set<unknown>();
    for (const attempt of ["first", "second"]) {
      const failed = await caller.start(actionId(end), data, { errorFrom: "upstream" });
      expect([attempt, failed.status]).toEqual([attempt, status]);
      expect(errorsOf(failed)).toEqual([
        { status, code, title, detail: `This action always answers ${code}.`, source: null },
      ]);
      expect(failed.headers.get("retry-after")).toBe(retryAfter);
      const arrived = await caller.lastArrival();
      expect(arrived.headers["x-request-id"]).toBe(failed.headers.get("x-request-id"));
      expect(arrived.headers["x-idempotency-id"]).toBe(data.idempotency_id);
      expect(JSON.parse(withCallersId(arrived.body, data.idempotency_id))).toEqual({ data });
      upstreamIds.add(JSON.parse(arrived.body).data.idempotency_id);
    }
    expect(upstreamIds.size).toBe(1);
  });

  it("starts without an id get one from the edge, each its own", async () => {
    const caller = await Caller.of(gateway.url);
    expect(tally(await atOnce(3, () => caller.start(ECHO, {})))).toEqual({ 202: 3 });
    const ids = (await caller.runsOf(ECHO)).map((run) => run.idempotency_id);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
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

    const runId = runIdOf(await caller.start(LATE, data));
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
    const runId = runIdOf(await caller.start(LATE, data));
    expect(await caller.runsOf(LATE)).toMatchObject([
      { id: runId, callers_idempotency_id: data.idempotency_id },
    ]);
    expect(runIdOf(await caller.start(LATE, data))).toBe(runId);
  });
});
