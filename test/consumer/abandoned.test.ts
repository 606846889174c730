// Runs whose end the consumer could not read for a long time. An end that was not read is no end: such a run is a dead
// letter that operators see, and the upstream is asked for it once more when an operator says so. When the upstream
// knows the run, all that was promised is kept.
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { expectKept } from "../support/kept.ts";
import { readDeadLetters } from "../support/operators-index.ts";
import { PAYING, Stage, type Started } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

freshForEach();

/** Polls are seldom here, so that weeks are soon over. */
const it = test.extend("stage", () => Stage.set({ RUN_POLL_SCHEDULE: "60,21600" }));

/** Until the upstream says, in its own words, that it has not known any run for too long. */
async function forgetRuns(stage: Stage): Promise<void> {
  stage.gateway.upstream.answerReads(() => json(404, errorBody(404, "not_found")));
  await stage.pass(3 * DAY + HOUR);
}

async function expectNoDeadLetter(stage: Stage, run: Pick<Started, "runId">): Promise<void> {
  await expectKept(stage, run);
  await stage.pass(MINUTE);
  expect(await readDeadLetters()).toEqual([]);
}

/** Who may ask for an abandoned run again. */
const ASKS: [string, (stage: Stage, run: Started) => Promise<unknown>][] = [
  ["its caller's redelivery", (stage, run) => stage.redeliver(run.runId)],
  ["a proven completion", (stage, run) => stage.push(run)],
  ["a completion without a token", (stage, run) => stage.push(run, false)],
  ["an operator's poll", async (stage, { runId }) => (await stage.gateway.gateOf()).redeliver(runId)],
];

/** How a run comes to be abandoned: the reason that operators are shown. */
const ENDS: [string, (stage: Stage, run: Started) => Promise<unknown>][] = [
  ["the upstream does not know the run", forgetRuns],
  [
    "the upstream could not be reached",
    async (stage) => {
      stage.gateway.upstream.answerReads(() => json(503, {}));
      await stage.pass(14 * DAY + HOUR);
    },
  ],
  [
    "an operator abandoned it",
    async (stage, run) => {
      expect(await stage.abandon(run)).toBe(true);
      await stage.pass(MINUTE);
    },
  ],
];

describe("404s", () => {
  it.for<[string, () => Response]>([
    ["a proxy's page", () => new Response("<html>404 Not Found</html>", { status: 404 })],
    ["JSON that is not the envelope", () => json(404, { error: "not found" })],
    ["an envelope without an error", () => json(404, { errors: [] })],
  ])("of %s for days abandon nothing", async ([_name, answer], { stage }) => {
    const run = await stage.start();
    stage.gateway.upstream.answerReads(answer);
    await stage.pass(10 * DAY);
    expect(await stage.state(run)).toBe("waiting");
    stage.gateway.upstream.behaveHonestly();
    await stage.pass(7 * HOUR);
    await expectNoDeadLetter(stage, run);
  });
});

describe.each(ENDS)("a run that is abandoned because %s", (reason, abandon) => {
  it("is a dead letter that its caller and operators see, and is charged nothing", async ({ stage }) => {
    const run = await stage.start();
    await abandon(stage, run);
    expect((await stage.deliveries(run.runId)).body.data).toMatchObject({ state: "dead", attempts: [] });
    expect(await readDeadLetters()).toMatchObject([
      { run_id: run.runId, callback_url: "https://client.example/hook", reason, result: null },
    ]);
    expect((await stage.records()).charges).toEqual([]);
    expect([stage.received, await stage.rows()]).toEqual([[], 0]);
  });

  it.for(ASKS)("is delivered and charged once after %s", async ([_name, ask], { stage }) => {
    const run = await stage.start();
    await abandon(stage, run);
    stage.gateway.upstream.behaveHonestly();
    await ask(stage, run);
    await stage.pass(2 * MINUTE);
    await expectNoDeadLetter(stage, run);
    await stage.push(run);
    await stage.redeliver(run.runId);
    await stage.pass(MINUTE);
    expect(await stage.chargedIds()).toHaveLength(1);
  });
});

describe("an abandoned run that is asked for again", () => {
  it("and is unknown still, is the same dead letter again", async ({ stage }) => {
    const run = await stage.start();
    await forgetRuns(stage);
    const before = stage.reads;
    await stage.redeliver(run.runId);
    await stage.pass(HOUR);
    expect(stage.reads - before).toBe(1);
    expect(await stage.state(run)).toBe("dead");
    expect(await readDeadLetters()).toHaveLength(1);
  });

  it("and is waiting, is waited for, and then delivered and charged", async ({ stage }) => {
    const run = await stage.start();
    await forgetRuns(stage);
    stage.gateway.upstream.behave(() => json(202, { status: "waiting" }));
    const { status, body } = await stage.redeliver(run.runId);
    expect([status, body.data.state, body.data.next_attempt_at]).toEqual([202, "waiting", null]);
    await stage.pass(2 * DAY);
    expect(await stage.state(run)).toBe("waiting");
    stage.gateway.upstream.behaveHonestly();
    await stage.pass(7 * HOUR);
    await expectNoDeadLetter(stage, run);
  });

  it("without a callback is charged when it ended in success", async ({ stage }) => {
    const { body } = await stage.gateway.start({}, { claims: PAYING });
    const runId: string = body.data.id;
    await forgetRuns(stage);
    expect(await readDeadLetters()).toMatchObject([{ run_id: runId, callback_url: null }]);
    stage.gateway.upstream.behaveHonestly();
    await stage.push({ runId, ...stage.lastRef() });
    await stage.pass(MINUTE);
    expect((await stage.records()).charges).toMatchObject([{ run_id: runId }]);
    expect(await readDeadLetters()).toEqual([]);
  });

  it("is not, by a completion that names another run", async ({ stage }) => {
    const run = await stage.start();
    await stage.abandon(run);
    await stage.push({ ...run, runId: crypto.randomUUID() });
    await stage.pass(MINUTE);
    // It was asked for, as itself.
    expect(stage.deliveredIds).toEqual([run.runId]);
  });
});

describe("long waits", () => {
  it("a billable run that waits for 31 days is delivered and charged", async ({ stage }) => {
    const run = await stage.start();
    stage.waiting.add(run.runId);
    await stage.pass(31 * DAY);
    expect(await stage.state(run)).toBe("waiting");
    stage.waiting.clear();
    await stage.pass(7 * HOUR);
    await expectNoDeadLetter(stage, run);
  });

  it("a dead letter after a retry schedule of fourteen days is there for thirty more, and can be sent again", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "604800,604800" });
    stage.receive(() => new Response(null, { status: 500 }));
    const run = await stage.finish(await stage.start());
    await stage.pass(20 * DAY);
    expect(await stage.state(run)).toBe("dead");
    expect(await readDeadLetters()).toMatchObject([{ run_id: run.runId, result: "success" }]);
    await stage.pass(21 * DAY);
    expect(await stage.state(run)).toBe("dead");
    expect(await readDeadLetters()).toHaveLength(1);
    stage.receive(() => new Response(null, { status: 204 }));
    expect((await stage.redeliver(run.runId)).status).toBe(202);
    await stage.pass(2 * SECOND);
    expect(await stage.state(run)).toBe("delivered");
    expect((await stage.records()).charges).toHaveLength(1);
  });
});
