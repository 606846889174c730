import { beforeAll, describe, expect, it } from "vitest";
import { actionId, Caller, ECHO, errorsOf, runIdOf, SLOW } from "./support/caller.ts";
import { type GatewayProcess, startPatientProcess } from "./support/process.ts";

const FAILS = actionId("0004");
const PAGED = actionId("0005");
const LARGE = actionId("0006");

describe("reading a run", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startPatientProcess();
    return () => gateway.close();
  });

  it("wait_seconds=10 takes one request, and as long as the run", async () => {
    const caller = await Caller.of(gateway.url);
    const startedAt = performance.now();
    const runId = runIdOf(await caller.start(SLOW, { inputs: { seconds: 2 } }));

    const waiting = await caller.read(SLOW, runId);
    expect(waiting.status).toBe(202);
    expect(JSON.parse(waiting.text)).toEqual(run(runId, { status: "waiting" }));

    const ended = await caller.read(SLOW, runId, "?wait_seconds=10");
    const tookMs = performance.now() - startedAt;
    expect(ended.status).toBe(200);
    expect(JSON.parse(ended.text)).toEqual(run(runId, { status: "success", results: [{ seconds: 2 }] }));
    expect(tookMs).toBeGreaterThanOrEqual(1_990);
    expect(tookMs).toBeLessThan(5_000);
  });

  it("a run that outlasts the wait is still a 202", async () => {
    const caller = await Caller.of(gateway.url);
    const runId = runIdOf(await caller.start(SLOW, { inputs: { seconds: 60 } }));
    const answer = await caller.read(SLOW, runId, "?wait_seconds=1");
    expect(answer.status).toBe(202);
    expect(answer.ms).toBeGreaterThanOrEqual(990);
    expect(answer.ms).toBeLessThan(4_000);
  });

  it("a failed run is a 200 that says so", async () => {
    const caller = await Caller.of(gateway.url);
    const runId = runIdOf(await caller.start(FAILS, {}));
    const answer = await caller.read(FAILS, runId, "?wait_seconds=10");
    expect(answer.status).toBe(200);
    const error = expect.objectContaining({ code: "partner", title: "Partner Error" });
    expect(JSON.parse(answer.text)).toEqual(run(runId, { status: "error", errors: [error] }));
  });

  it("results come ten a page, and the last page names no next one", async () => {
    const caller = await Caller.of(gateway.url);
    const pages: unknown[] = [];
    for (let page: string | null = "0"; page !== null; ) {
      const runId = runIdOf(await caller.start(PAGED, { inputs: { count: 23 }, page }));
      const { text } = await caller.read(PAGED, runId, "?wait_seconds=10");
      const { results, next_page: next }: { results: { index: number }[]; next_page: string | null } =
        JSON.parse(text);
      pages.push([results[0]?.index, results.length, next]);
      page = next;
    }
    expect(pages).toEqual([
      [0, 10, "1"],
      [10, 10, "2"],
      [20, 3, null],
    ]);
  });

  it.each(["", "?wait_seconds=10"])("a result of 8 MB passes whole (%s)", async (query) => {
    const caller = await Caller.of(gateway.url);
    const bytes = 8 * 1024 * 1024;
    const runId = runIdOf(await caller.start(LARGE, { inputs: { bytes } }));
    const { status, text } = await caller.read(LARGE, runId, query);
    expect(status).toBe(200);
    const { results }: { results: { content: string }[] } = JSON.parse(text);
    expect(results.map(({ content }) => content.length)).toEqual([bytes]);
    expect(results[0]?.content).toMatch(/^x+$/);
  });

  it("a one-off run is read inside data", async () => {
    const caller = await Caller.of(gateway.url);
    const data = { selected_api: "ChatAPI@1.0.0", action_key: "send", inputs: { text: "hi" } };
    const started = await caller.send("POST", "/actions/v1/runs", JSON.stringify({ data }));
    const runId = runIdOf(started);
    const answer = await caller.call(`/actions/v1/runs/${runId}?wait_seconds=10`);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      data: run(runId, { status: "success", results: [{ text: "hi" }] }),
    });
  });

  it("another user's run is not there", async () => {
    const [owner, other] = [await Caller.of(gateway.url), await Caller.of(gateway.url)];
    const runId = runIdOf(await owner.start(ECHO, {}));
    const answer = await other.call(`/actions/v1/stored-actions/${ECHO}/runs/${runId}`, {
      circumstances: { errorFrom: "upstream" },
    });
    expect(answer.status).toBe(404);
    expect(errorsOf(answer)).toMatchObject([{ code: "not_found" }]);
    expect((await owner.read(ECHO, runId)).status).toBe(200);
  });
});

function run(id: string, members: object): object {
  return { type: "run", id, results: [], next_page: null, errors: [], ...members };
}
