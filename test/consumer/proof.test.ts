// Whose word counts in a completion: the run's id is believed from an upstream that proves itself, and never makes a row
// another run's.
import { describe, expect } from "vitest";
import { HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { COMPLETION_TOKEN } from "../support/gateway.ts";
import { HOOK, it, Stage } from "../support/stage.ts";
import { startUnheard } from "../support/unheard.ts";

const NEXT_TOKEN = "the-next-completion-token";

freshForEach();

function complete({ gateway }: Stage, path: string, body: BodyInit, authorization?: string) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return gateway.call(path, { method: "POST", claims: null, body, headers });
}

describe("a completion names the run of a start whose answer was lost", () => {
  it.for<[string, (runId: string) => string[]]>([
    ["in one piece", (runId) => [`{"type":"run","id":"${runId}","status":"success"}`]],
    [
      "in two chunks, with a result's id before its own",
      (runId) => [
        `{"results":[{"id":"${crypto.randomUUID()}","data":{"id":"${crypto.randomUUID()}"}}],"type":"run","i`,
        `d":"${runId}","status":"success"}`,
      ],
    ],
    [
      "under data, in upper case, with another id beside it",
      (runId) => [`{"meta":{"id":"${crypto.randomUUID()}"},"data":{"id":"${runId.toUpperCase()}"}}`],
    ],
  ])("%s", async ([_name, splitIntoChunks], { stage }) => {
    const { completion, runId } = await startUnheard(stage);
    const answer = await complete(
      stage,
      completion,
      toStream(splitIntoChunks(runId)),
      `Bearer ${COMPLETION_TOKEN}`,
    );
    expect(answer.status).toBe(202);
    await stage.pass(MINUTE);
    expect([stage.deliveredIds, await stage.chargedIds()]).toEqual([[runId], [runId]]);
  });

  it.each(["Bearer", "bearer"])("with either of two tokens (%s)", async (scheme) => {
    const stage = await Stage.set({ COMPLETION_TOKEN: `${NEXT_TOKEN} ${COMPLETION_TOKEN}` });
    for (const token of [COMPLETION_TOKEN, NEXT_TOKEN]) {
      const { completion, runId } = await startUnheard(stage, token);
      await complete(stage, completion, JSON.stringify({ id: runId }), `${scheme} ${token}`);
      await stage.drain();
      expect(stage.deliveredIds.at(-1)).toBe(runId);
    }
  });

  it.for<[string, string | undefined]>([
    ["no token", undefined],
    ["a wrong one", `Bearer ${"x".repeat(36)}`],
    ["an empty one", "Bearer "],
    ["a part of the right one", `Bearer ${COMPLETION_TOKEN.slice(0, -1)}`],
    ["more than the right one", `Bearer ${COMPLETION_TOKEN}x`],
    ["the right one in upper case", `Bearer ${COMPLETION_TOKEN.toUpperCase()}`],
    ["the right one under another scheme", `Basic ${COMPLETION_TOKEN}`],
    ["two of them", `Bearer ${COMPLETION_TOKEN} ${COMPLETION_TOKEN}`],
  ])(
    "but not with %s: it is answered 202, and nothing is read",
    async ([_name, authorization], { stage }) => {
      const { completion, runId } = await startUnheard(stage);
      const answer = await complete(stage, completion, JSON.stringify({ id: runId }), authorization);
      expect(answer.status).toBe(202);
      await stage.pass(HOUR);
      expect([stage.reads, stage.deliveredIds]).toEqual([0, []]);
    },
  );

  it("but not where no token is set", async () => {
    const stage = await Stage.set({ COMPLETION_TOKEN: "" });
    const { completion, runId } = await startUnheard(stage);
    for (const authorization of [undefined, "Bearer ", `Bearer ${COMPLETION_TOKEN}`]) {
      const answer = await complete(stage, completion, JSON.stringify({ id: runId }), authorization);
      expect(answer.status).toBe(202);
    }
    await stage.pass(HOUR);
    expect([stage.reads, stage.deliveredIds]).toEqual([0, []]);
  });
});

describe("a completion without a token hurries the poll of a run whose id the start's answer said", () => {
  it("also when it came before that answer", async () => {
    const stage = await Stage.set({ RUN_POLL_SCHEDULE: "3600" });
    stage.gateway.upstream.beforeAnswer(() => stage.finish({ ...stage.lastRef(), runId: "" }, false));
    const run = await stage.start();
    await stage.pass(SECOND);
    expect(stage.deliveredIds).toEqual([run.runId]);
  });
});

describe("a completion that names another run", () => {
  it("of another user changes nothing, however well it proves itself", async ({ stage }) => {
    const ofBob = await stage.start({ callback_url: "https://bob.example/" }, { claims: { sub: "bob" } });
    stage.waiting.add(ofBob.runId);
    const ofAlice = await stage.start();
    stage.waiting.add(ofAlice.runId);
    await stage.finish({ ...ofAlice, runId: ofBob.runId });
    expect((await stage.deliveries(ofBob.runId)).status).toBe(404);
    stage.waiting.clear();
    await stage.pass(HOUR);
    await stage.pass(HOUR, "bob");
    expect(stage.received.map(({ url, body }) => [url, JSON.parse(body).id])).toEqual([
      [HOOK, ofAlice.runId],
      ["https://bob.example/", ofBob.runId],
    ]);
    expect((await stage.chargedIds()).toSorted()).toEqual([ofAlice.runId, ofBob.runId].toSorted());
  });

  it.for(["open", "ended"])(
    "that is known already (%s), for an unanswered start, changes nothing",
    async (kind, { stage }) => {
      const known = await stage.start();
      if (kind === "open") stage.waiting.add(known.runId);
      else await stage.pass(MINUTE);
      const unheard = await startUnheard(stage);
      await stage.push({ ...unheard, runId: known.runId });
      stage.waiting.clear();
      await stage.pass(HOUR);
      expect([stage.deliveredIds, await stage.chargedIds()]).toEqual([[known.runId], [known.runId]]);
      await stage.push(unheard);
      await stage.pass(MINUTE);
      expect(stage.deliveredIds).toEqual([known.runId, unheard.runId]);
    },
  );

  it("loses to the start's answer: the answer's run is delivered and charged", async ({ stage }) => {
    const { upstream } = stage.gateway;
    const stray = crypto.randomUUID();
    upstream.runs.set("another start", stray);
    stage.waiting.add(stray);
    upstream.beforeAnswer(() => stage.push({ ...stage.lastRef(), runId: stray }));
    const run = await stage.start();
    await stage.pass(HOUR);
    expect(stage.deliveredIds).toContain(run.runId);
    expect(await stage.chargedIds()).toContain(run.runId);
    expect(await stage.state(run)).toBe("delivered");
  });
});

function toStream(chunks: string[]): ReadableStream {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}
