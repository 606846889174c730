// Promise 2: one id, one run.
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { actionId, atOnce, Caller, ECHO, toRunId } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";

const BROKEN_OFF = actionId("0008");
const LATE = actionId("0504");

// A lease on an id lasts 5 s longer.
const gateway = await forFile(gatewayWith({ UPSTREAM_TIMEOUT_MS: 8000 }));

it("100 starts at once with one id get one run and one answer; after a restart too", async () => {
  const caller = await Caller.of(gateway.url);
  const data = { inputs: { order: 7 }, idempotency_id: randomUUID() };
  const first = await atOnce(100, () => caller.start(ECHO, data));
  await gateway.kill("SIGKILL");
  await gateway.restart();
  const later = await atOnce(100, () => caller.start(ECHO, data));

  const [run, ...others] = await caller.listRuns(ECHO);
  expect(others).toEqual([]);
  expect(run).toMatchObject({ callers_idempotency_id: data.idempotency_id, starts: 1 });
  const answers = [...first, ...later].map(({ status, text }) => `${status} ${text}`);
  expect(new Set(answers)).toEqual(new Set([`202 {"data":{"type":"run","id":"${run?.id}"}}`]));
  expect(first.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1);
  expect(later.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(100);
  // Only the first of them was counted.
  expect(new Set(later.map(({ headers }) => headers.get("x-ratelimit-remaining")))).toEqual(new Set(["199"]));
});

it("an answer lost on its way is found again by the edge, without an id of the caller's", async () => {
  const caller = await Caller.of(gateway.url);
  const runId = toRunId(await caller.start(BROKEN_OFF, {}));
  expect(await caller.listRuns(BROKEN_OFF)).toMatchObject([{ id: runId, starts: 2 }]);
});

it("everything is killed in the middle of a start: a retry after the restart gets the one run", async () => {
  const caller = await Caller.of(gateway.url);
  const data = { idempotency_id: randomUUID() };
  const cutOff = caller.start(LATE, data).then(
    (answer) => `answered ${answer.status}`,
    () => "cut off",
  );
  await until("the run", 10_000, async () => (await caller.listRuns(LATE)).length > 0);
  await gateway.kill("SIGKILL");
  expect(await cutOff).toBe("cut off");

  await gateway.restart();
  const runId = toRunId(await caller.start(LATE, data));
  expect(await caller.listRuns(LATE)).toMatchObject([
    { id: runId, callers_idempotency_id: data.idempotency_id },
  ]);
  expect(toRunId(await caller.start(LATE, data))).toBe(runId);
});
