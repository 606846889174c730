// The claim of an id, and whose terms decide, when a completion finds the run before its start is answered.
import { beforeEach, describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import { HOOK, Stage } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const OTHER_HOOK = "https://other.example/hook";

freshForEach();

let stage: Stage;
/** What becomes of the next starts' answers. */
let fate: ("honest" | "lost" | "refused")[] = [];

beforeEach(async () => {
  stage = await Stage.set();
  fate = [];
  stage.gateway.upstream.behave(({ method, path }, honest) => {
    const id = path.split("/").at(-1) ?? "";
    if (method === "GET" && stage.waiting.has(id)) return json(202, { type: "run", id, status: "waiting" });
    if (method !== "POST") return honest();
    const next = fate.shift() ?? "honest";
    if (next === "refused") return new Response("no", { status: 402 });
    const answer = honest();
    return next === "lost" ? json(500, {}) : answer;
  });
});

async function lostStart(data: Record<string, unknown> = {}, call = {}) {
  fate = ["lost"];
  const answer = await stage.tryStart({ idempotency_id: ID, ...data }, call);
  expect(answer.status).toBe(500);
  const runId = stage.gateway.upstream.runUnder(ID) ?? expect.fail();
  return { runId, ...stage.lastRef() };
}

/** A completion has named it. */
async function foundRun() {
  const run = await lostStart();
  stage.waiting.add(run.runId);
  await stage.finish(run);
  return run;
}

describe("a retry that promises nothing, of a run that a completion has found meanwhile", () => {
  it("replays for 72 hours, and decides the terms", async () => {
    const { runId } = await foundRun();
    // The same id again, without a callback and not billable.
    expect((await stage.gateway.start({ idempotency_id: ID })).status).toBe(202);
    expect(await readClaims(stage.gateway)).toEqual([`${ID} settled`]);
    stage.waiting.delete(runId);
    await stage.pass(10 * MINUTE);
    // KV holds a copy; a replay does not depend on it (architecture.md, Answers).
    await stage.gateway.env.KV.delete(`answer:v1:${(await stage.gateway.gateOf()).id.toString()}:${ID}`);
    const starts = stage.gateway.upstream.starts.length;
    const again = await stage.gateway.start({ idempotency_id: ID });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(stage.gateway.upstream.starts.length).toBe(starts);
    const { charges } = await stage.records();
    expect([stage.received.map(({ url }) => url), charges]).toEqual([[], []]);
  });
});

describe("a refused retry", () => {
  it("does not decide the terms of the run that an earlier attempt started", async () => {
    const run = await lostStart();
    fate = ["refused"];
    const refused = await stage.gateway.start({ idempotency_id: ID, callback_url: OTHER_HOOK });
    expect(refused.status).toBe(402);
    await stage.push(run);
    await stage.pass(73 * HOUR);
    const { charges } = await stage.records();
    expect(stage.received.map(({ url }) => url)).toEqual([HOOK]);
    expect(charges).toHaveLength(1);
  });

  it("after 72 hours leaves the row of an earlier, unanswered start", async () => {
    const run = await lostStart();
    await stage.pass(73 * HOUR);
    fate = ["refused"];
    const refused = await stage.tryStart({ idempotency_id: ID });
    expect(refused.status).toBe(402);
    expect((await stage.push(run)).status).toBe(202);
    await stage.pass(73 * HOUR);
    expect(stage.received).toHaveLength(1);
  });
});
