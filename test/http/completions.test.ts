// Where the upstream says that a run has ended: what is forged touches nothing, what is true is only a hint.
import { describe, expect, it } from "vitest";
import { counting } from "../support/bindings.ts";
import { freshForEach } from "../support/fresh.ts";
import { makeGateway } from "../support/gateway.ts";
import { Stage } from "../support/stage.ts";

freshForEach();

const post = { method: "POST", claims: null, body: "{}" } as const;

describe("a ref that is not ours", () => {
  it.each<[string, (ref: string) => string]>([
    ["truncated", (ref) => ref.slice(0, -1)],
    ["of another gate", (ref) => `${ref.startsWith("f") ? "e" : "f"}${ref.slice(1)}`],
    ["of another row", (ref) => ref.replace(/\.[0-9a-f-]{36}\./, `.${crypto.randomUUID()}.`)],
    ["percent-encoded nonsense", () => "%2e%2e%2f"],
    ["nothing like one", () => "x"],
    ["far too long", (ref) => ref.repeat(50)],
  ])("(%s) is 404, and neither an object nor the queue hears of it", async (_name, change) => {
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls));
    const { ref } = await stage.start();
    calls.length = 0;
    const answer = await stage.gateway.call(`/completions/${change(ref)}`, post);
    expect([answer.status, answer.body.errors[0].code]).toEqual([404, "not_found"]);
    expect(calls).toEqual([]);
    expect(stage.queue.offered).toEqual([]);
  });

  it("because another gateway made it is 404", async () => {
    const stage = await Stage.set();
    const { completion } = await stage.start();
    const other = await makeGateway();
    expect((await other.call(completion, post)).status).toBe(404);
    expect(stage.queue.offered).toEqual([]);
  });
});

describe("a true ref", () => {
  it("asks no object: the queue alone", async () => {
    const calls: string[] = [];
    const stage = await Stage.set({}, counting(calls));
    const run = await stage.start();
    calls.length = 0;
    expect((await stage.push(run)).status).toBe(202);
    expect(calls).toEqual(["RUNS.send"]);
  });

  it("of a run that has not ended changes nothing", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    stage.waiting.add(run.runId);
    await stage.push(run);
    await stage.drain();
    expect(stage.received).toEqual([]);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("waiting");
    expect((await stage.records()).runs).toMatchObject([{ status: "accepted", result: null, attempts: 0 }]);
  });

  it("cannot inject a result: what the receiver gets is what the upstream says when asked", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    const lie = JSON.stringify({ type: "run", id: run.runId, status: "error", results: ["forged"] });
    await stage.gateway.call(run.completion, { ...post, body: lie });
    await stage.drain();
    expect(stage.received).toHaveLength(1);
    expect(JSON.parse(stage.received[0]?.body ?? "")).toMatchObject({ status: "success" });
  });

  it.each<[string, RequestInit["body"]]>([
    ["nothing", ""],
    ["no JSON", "<html>"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0])],
    ["megabytes", `{"results":"${"x".repeat(2_000_000)}"}`],
  ])("with a body of %s is a hint all the same", async (_name, body) => {
    const stage = await Stage.set();
    const run = await stage.start();
    const answer = await stage.gateway.call(run.completion, { ...post, body: body ?? "" });
    expect(answer.status).toBe(202);
    await stage.drain();
    expect(stage.received).toHaveLength(1);
  });

  it("while the queue is down is 503, to be said again", async () => {
    const stage = await Stage.set();
    const run = await stage.start();
    stage.queue.rule(() => "refused");
    const answer = await stage.push(run);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  it("takes a POST and nothing else", async () => {
    const stage = await Stage.set();
    const { completion } = await stage.start();
    const answer = await stage.gateway.call(completion, { claims: null });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });
});
