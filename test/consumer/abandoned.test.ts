// Runs whose end the consumer could not read for a long time. An end that was not read is no end: such a run is a dead
// letter that operators see, and the upstream is asked for it once more when an operator says so. When the upstream
// knows the run, all that was promised is kept.
import { describe, expect } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { deadLetters } from "../support/operators-index.ts";
import { it, PAYING, Stage, type Started } from "../support/stage.ts";
import { errorBody, json } from "../support/upstream.ts";

freshForEach();

/** The upstream says, in its own words, that it does not know any run. */
function forgetRuns({ gateway: { upstream } }: Stage): void {
  upstream.behave(({ method }, honest) =>
    method === "GET" ? json(404, errorBody(404, "not_found")) : honest(),
  );
}

function knowRuns({ gateway: { upstream } }: Stage): void {
  upstream.behave((_request, honest) => honest());
}

async function expectKept(stage: Stage, run: Pick<Started, "runId">): Promise<void> {
  expect(await stage.state(run)).toBe("delivered");
  expect(stage.deliveredIds).toEqual([run.runId]);
  expect(await stage.chargedIds()).toEqual([run.runId]);
  expect(await stage.rows()).toBe(0);
  await stage.pass(MINUTE);
  expect(await deadLetters()).toEqual([]);
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
  [
    "the upstream does not know the run",
    async (stage) => {
      forgetRuns(stage);
      await stage.pass(3 * DAY + HOUR);
    },
  ],
  [
    "the upstream could not be reached",
    async (stage) => {
      stage.gateway.upstream.behave(({ method }, honest) => (method === "GET" ? json(503, {}) : honest()));
      await stage.pass(14 * DAY + HOUR);
    },
  ],
  [
    "an operator gave it up",
    async (stage, { ref }) => {
      stage.waiting.clear();
      expect(await (await stage.gateway.gateOf()).abandon(ref.split(".")[1] ?? "")).toBe(true);
      await stage.pass(MINUTE);
    },
  ],
];

/** Polls are seldom here, so that weeks are soon over. */
const SELDOM = { RUN_POLL_SCHEDULE: "60,21600" };

describe("404s", () => {
  it.each<[string, () => Response]>([
    ["a proxy's page", () => new Response("<html>404 Not Found</html>", { status: 404 })],
    ["JSON that is not the envelope", () => json(404, { error: "not found" })],
    ["an envelope without an error", () => json(404, { errors: [] })],
  ])("of %s for days abandon nothing", async (_name, answer) => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    stage.gateway.upstream.behave(({ method }, honest) => (method === "GET" ? answer() : honest()));
    await stage.pass(10 * DAY);
    expect(await stage.state(run)).toBe("waiting");
    knowRuns(stage);
    await stage.pass(7 * HOUR);
    await expectKept(stage, run);
  });
});

describe.each(ENDS)("a run that is abandoned because %s", (reason, abandon) => {
  it("is a dead letter that its caller and operators see, and is charged nothing", async () => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    await abandon(stage, run);
    expect((await stage.deliveries(run.runId)).body.data).toMatchObject({ state: "dead", attempts: [] });
    expect(await deadLetters()).toMatchObject([
      { run_id: run.runId, callback_url: "https://client.example/hook", reason, result: null },
    ]);
    expect((await stage.records()).charges).toEqual([]);
    expect([stage.received, await stage.rows()]).toEqual([[], 0]);
  });

  it.each(ASKS)("is delivered and charged once after %s", async (_name, ask) => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    await abandon(stage, run);
    knowRuns(stage);
    await ask(stage, run);
    await stage.pass(2 * MINUTE);
    await expectKept(stage, run);
    await stage.push(run);
    await stage.redeliver(run.runId);
    await stage.pass(MINUTE);
    expect((await stage.records()).charges).toHaveLength(1);
  });
});

describe("an abandoned run that is asked for again", () => {
  it("and is unknown still, is the same dead letter again", async () => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    forgetRuns(stage);
    await stage.pass(3 * DAY + HOUR);
    const before = stage.reads;
    await stage.redeliver(run.runId);
    await stage.pass(HOUR);
    expect(stage.reads - before).toBe(1);
    expect(await stage.state(run)).toBe("dead");
    expect(await deadLetters()).toHaveLength(1);
  });

  it("and is waiting, is waited for, and then delivered and charged", async () => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    forgetRuns(stage);
    await stage.pass(3 * DAY + HOUR);
    stage.gateway.upstream.behave(() => json(202, { status: "waiting" }));
    await stage.redeliver(run.runId);
    await stage.pass(2 * DAY);
    expect(await stage.state(run)).toBe("waiting");
    knowRuns(stage);
    await stage.pass(7 * HOUR);
    await expectKept(stage, run);
  });

  it("without a callback is charged when it ended in success", async () => {
    const stage = await Stage.set(SELDOM);
    const { body } = await stage.gateway.start({}, { claims: PAYING });
    const runId: string = body.data.id;
    forgetRuns(stage);
    await stage.pass(3 * DAY + HOUR);
    expect(await deadLetters()).toMatchObject([{ run_id: runId, callback_url: null }]);
    knowRuns(stage);
    await stage.push({ runId, ...stage.lastRef() });
    await stage.pass(MINUTE);
    expect((await stage.records()).charges).toMatchObject([{ run_id: runId }]);
    expect(await deadLetters()).toEqual([]);
  });

  it("is not, by a completion that names another run", async () => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    await (await stage.gateway.gateOf()).abandon(run.ref.split(".")[1] ?? "");
    await stage.push({ ...run, runId: crypto.randomUUID() });
    await stage.pass(MINUTE);
    // It was asked for, as itself.
    expect(stage.deliveredIds).toEqual([run.runId]);
  });
});

describe("long waits", () => {
  it("a billable run that waits for 31 days is delivered and charged", async () => {
    const stage = await Stage.set(SELDOM);
    const run = await stage.start();
    stage.waiting.add(run.runId);
    await stage.pass(31 * DAY);
    expect(await stage.state(run)).toBe("waiting");
    stage.waiting.clear();
    await stage.pass(7 * HOUR);
    await expectKept(stage, run);
  });

  it("a dead letter after a retry schedule of fourteen days is there for thirty more, and can be sent again", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "604800,604800" });
    stage.receive(() => new Response(null, { status: 500 }));
    const run = await stage.start();
    await stage.push(run);
    await stage.pass(20 * DAY);
    expect(await stage.state(run)).toBe("dead");
    expect(await deadLetters()).toMatchObject([{ run_id: run.runId, result: "success" }]);
    await stage.pass(21 * DAY);
    expect(await stage.state(run)).toBe("dead");
    expect(await deadLetters()).toHaveLength(1);
    stage.receive(() => new Response(null, { status: 204 }));
    expect((await stage.redeliver(run.runId)).status).toBe(202);
    await stage.pass(2 * SECOND);
    expect(await stage.state(run)).toBe("delivered");
    expect((await stage.records()).charges).toHaveLength(1);
  });
});
