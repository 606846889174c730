// A poll of a run belongs to no request: it has a trace of its own, which only the upstream and the log know.
import { expect, vi } from "vitest";
import { freshForEach } from "../support/fresh.ts";
import { it, type Stage } from "../support/stage.ts";

const CALLERS = "12345678901234567890123456789012";
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-00$/;

freshForEach();

type Line = { event: string; trace_id?: string; run_id?: string };

/** Starts a run within the caller's trace and moves it on; what was logged meanwhile. */
async function deliver(stage: Stage): Promise<Line[]> {
  const written: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void written.push(String(line)));
  const headers = { traceparent: `00-${CALLERS}-1234567890123456-01`, tracestate: "vendor=secret" };
  await stage.finish(await stage.start({}, { headers }));
  return written.map((line): Line => JSON.parse(line));
}

function findTraceIds(stage: Stage, method: string): (string | undefined)[] {
  const asked = stage.gateway.upstream.asked.filter((request) => request.method === method);
  return asked.map(({ headers }) => headers.get("traceparent")?.split("-")[1]);
}

it("the start is the caller's trace at the upstream, the read one of its own", async ({ stage }) => {
  await deliver(stage);
  expect(findTraceIds(stage, "POST")).toEqual([CALLERS]);
  const read = stage.gateway.upstream.asked.find(({ method }) => method === "GET");
  expect(read?.headers.get("traceparent")).toMatch(TRACEPARENT);
  expect(findTraceIds(stage, "GET")).not.toContain(CALLERS);
  expect(read?.headers.get("tracestate")).toBeNull();
});

it("the attempt's log line names the trace that the upstream was read under", async ({ stage }) => {
  const lines = await deliver(stage);
  const attempted = lines.filter(({ event }) => event === "callback.attempted");
  expect(attempted.map(({ trace_id }) => trace_id)).toEqual(findTraceIds(stage, "GET"));
});

it("a receiver is told of no trace", async ({ stage }) => {
  await deliver(stage);
  expect(stage.received).toHaveLength(1);
  const names = stage.received.flatMap(({ headers }) => [...headers.keys()]);
  expect(names).toContain("webhook-id");
  expect(names.filter((name) => /trace|baggage|request-id/.test(name))).toEqual([]);
});

it("two polls are two traces", async ({ stage }) => {
  const run = await stage.start();
  stage.waiting.add(run.runId);
  for (let polls = 0; polls < 2; polls += 1) await stage.finish(run);
  expect(new Set(findTraceIds(stage, "GET")).size).toBe(2);
});
