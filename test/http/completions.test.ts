// Where the upstream says that a run has ended: what is true is only a hint. What is forged: test/security/completions.
import { describe, expect } from "vitest";
import { counting } from "../support/bindings.ts";
import { freshForEach } from "../support/fresh.ts";
import { COMPLETION_TOKEN } from "../support/gateway.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach();

function zipped(text: string): ReadableStream<Uint8Array> {
  return new Response(text).body?.pipeThrough(new CompressionStream("gzip")) ?? new ReadableStream();
}

const post = { method: "POST", claims: null, body: "{}" } as const;

describe("a true ref", () => {
  it("asks no object: the queue alone", async () => {
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls));
    const run = await stage.start();
    calls.length = 0;
    expect((await stage.push(run)).status).toBe(202);
    expect(calls).toEqual(["RUNS.send"]);
  });

  it("cannot inject a result: what the receiver gets is what the upstream says when asked", async ({
    stage,
  }) => {
    const run = await stage.start();
    const lie = JSON.stringify({ type: "run", id: run.runId, status: "error", results: ["forged"] });
    await stage.gateway.call(run.completion, { ...post, body: lie });
    await stage.drain();
    expect(stage.received).toHaveLength(1);
    expect(JSON.parse(stage.received[0]?.body ?? "")).toMatchObject({ status: "success" });
  });

  it.for<[string, RequestInit["body"]]>([
    ["nothing", ""],
    ["no JSON", "<html>"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0])],
    ["megabytes", `{"results":"${"x".repeat(2_000_000)}"}`],
  ])("with a body of %s is a hint all the same", async ([, body], { stage }) => {
    const run = await stage.start();
    const answer = await stage.gateway.call(run.completion, { ...post, body: body ?? "" });
    expect(answer.status).toBe(202);
    await stage.drain();
    expect(stage.received).toHaveLength(1);
  });

  it.for<[string, (id: string) => BodyInit, Record<string, string>]>([
    ["behind a large result", (id) => `{"results":["${"x".repeat(400_000)}"],"id":"${id}"}`, {}],
    ["before a large result", (id) => `{"data":{"id":"${id}","results":["${"x".repeat(400_000)}"]}}`, {}],
    ["after a byte-order mark", (id) => `\ufeff{"id":"${id}"}`, {}],
    ["compressed", (id) => zipped(`{"id":"${id}"}`), { "content-encoding": "gzip" }],
    ["compressed, by the other name", (id) => zipped(`{"id":"${id}"}`), { "content-encoding": "X-GZIP" }],
  ])("of an upstream that proves itself names the run: %s", async ([, toBody, coding], { stage }) => {
    const run = await stage.start();
    const headers = { authorization: `Bearer ${COMPLETION_TOKEN}`, ...coding };
    const body = toBody(run.runId.toUpperCase());
    expect((await stage.gateway.call(run.completion, { ...post, headers, body })).status).toBe(202);
    expect(stage.queue.offered).toMatchObject([{ notified: true, hintedRunId: run.runId }]);
  });

  it("while the queue is down is 503, to be said again", async ({ stage }) => {
    const run = await stage.start();
    stage.queue.rule(() => "refused");
    const answer = await stage.push(run);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});
