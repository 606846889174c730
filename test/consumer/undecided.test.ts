// Attempts of one id may be promised different things: the one that was answered 202 decides, whichever message comes first
// (contract, Idempotency). While that answer may still come, nothing is delivered and nothing is charged.
import { beforeEach, describe, expect, it } from "vitest";
import { failing, replacing } from "../support/bindings.ts";
import { HOUR, moveClock, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { buildStart, ID, RUN_PATH } from "../support/gateway.ts";
import { HOOK, Stage, type Started } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

const OTHER = { idempotency_id: ID, callback_url: "https://other.example/b" };
const FREE = { billing: JSON.stringify({ is_billable: false }) };

let accepting: Stage;

freshForEach();
beforeEach(async () => {
  accepting = await Stage.set({}, failing(/^USER_GATE\.settle/));
});

/** The 202 was given, and its acceptance is in a message that is late. */
async function acceptedLate(claims: Record<string, unknown> = {}) {
  const run = await accepting.start({ idempotency_id: ID }, { claims });
  const late = accepting.queue.take();
  expect(late).toHaveLength(1);
  // The lease of that attempt is over.
  moveClock(20 * SECOND);
  return { run, late };
}

/** The same users, upstream and keys behind other faults. */
function second(faults: ReturnType<typeof failing>): Promise<Stage> {
  const { gateway } = accepting;
  return Stage.set({ SIGNING_KEYS: String(Reflect.get(gateway.env, "SIGNING_KEYS")) }, faults, gateway);
}

/** An attempt of the same id that ends in 503, while KV is away. */
async function failedAttempt(body: object, claims: Record<string, unknown> = {}): Promise<Stage> {
  const stage = await second(failing(/^KV\./));
  const { upstream } = stage.gateway;
  upstream.behave(() => json(503, {}));
  expect((await stage.tryStart({ idempotency_id: ID, ...body }, { claims })).status).toBe(503);
  upstream.behaveHonestly();
  return stage;
}

/** The upstream's completion comes before the late acceptance. */
async function overtake(stage: Stage, run: Started, late: ReturnType<Stage["queue"]["take"]>) {
  await stage.finish(run);
  await stage.consume(late);
  await stage.pass(HOUR);
  const { charges } = await stage.records();
  return { tasks: charges.length, delivered: stage.received.map(({ url }) => url) };
}

it("what the accepted attempt owes is charged and delivered, though a later attempt would have been free", async () => {
  const { run, late } = await acceptedLate();
  const stage = await failedAttempt(OTHER, FREE);
  expect(await overtake(stage, run, late)).toEqual({ tasks: 1, delivered: [HOOK] });
});

it("a free attempt that was accepted stays free, though a later attempt would have been charged", async () => {
  const { run, late } = await acceptedLate(FREE);
  const stage = await failedAttempt({});
  expect(await overtake(stage, run, late)).toEqual({ tasks: 0, delivered: [HOOK] });
});

it("a duplicate that is being answered from KV changes nothing", async () => {
  const { run, late } = await acceptedLate();
  const kv = { isAsked: false, isAnswered: false };
  const stage = await second(
    replacing("KV.get", async ({ args, perform }) => {
      if (String(args[0]).startsWith("answer:")) {
        kv.isAsked = true;
        while (!kv.isAnswered) await scheduler.wait(5);
      }
      return perform();
    }),
  );
  const duplicate = stage.gateway.begin(RUN_PATH, buildStart(OTHER, { claims: FREE }));
  while (!kv.isAsked) await scheduler.wait(5);
  await stage.finish(run);
  kv.isAnswered = true;
  const answer = await duplicate.response;
  expect([answer.status, answer.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
  await answer.text();
  await duplicate.rest();
  await stage.consume(late);
  await stage.pass(HOUR);
  expect((await stage.records()).charges).toHaveLength(1);
  expect(stage.received.map(({ url }) => url)).toEqual([HOOK]);
});

it("a duplicate that KV answers after another attempt has failed leaves the decision to the acceptance", async () => {
  const { run, late } = await acceptedLate();
  await failedAttempt(OTHER, FREE);
  moveClock(20 * SECOND);
  const stage = await second(() => ({}));
  await stage.finish(run);
  const again = await stage.tryStart(OTHER, { claims: FREE });
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
  await stage.pass(HOUR);
  expect(await overtake(stage, run, late)).toEqual({ tasks: 1, delivered: [HOOK] });
});

describe("a start whose answer got lost, and whose end a completion proves", () => {
  let stage: Stage;
  let run: Started;
  beforeEach(async () => {
    stage = await second(failing(/^KV\./));
  });

  /** The upstream starts it, and what is heard is a 500. */
  async function unanswered(body: object, claims: Record<string, unknown> = {}): Promise<void> {
    const { upstream } = stage.gateway;
    upstream.loseAnswers();
    expect((await stage.tryStart({ idempotency_id: ID, ...body }, { claims })).status).toBe(500);
    upstream.behaveHonestly();
    const [runId = ""] = upstream.runs.values();
    run = { runId, ...stage.lastRef() };
    moveClock(20 * SECOND);
  }

  const NONE = { callback_url: undefined };
  it.each<[string, object, Record<string, unknown>, object, string[]]>([
    ["another callback, and a task", {}, FREE, OTHER, [OTHER.callback_url]],
    ["a callback, where the first had none", NONE, {}, {}, [HOOK]],
    ["a task, where the first was free", {}, FREE, {}, [HOOK]],
    ["no callback any more", {}, FREE, NONE, []],
  ])(
    "is delivered and charged as its retry is promised: %s",
    async (_name, first, claims, retry, delivered) => {
      await unanswered(first, claims);
      await stage.finish(run);
      await stage.pass(HOUR);
      expect(stage.received).toEqual([]);
      const again = await stage.tryStart({ idempotency_id: ID, ...retry });
      expect([again.status, again.body.data.id]).toEqual([202, run.runId]);
      await stage.pass(100 * HOUR);
      expect(stage.received.map(({ url }) => url)).toEqual(delivered);
      expect([(await stage.records()).charges.length, await stage.rows()]).toEqual([1, 0]);
    },
  );

  it("and that is never retried counts as its latest attempt says, when the id's 72 hours are over", async () => {
    await unanswered({});
    await unanswered(OTHER);
    await stage.push(run);
    await stage.pass(71 * HOUR);
    expect(stage.received).toEqual([]);
    await stage.pass(2 * HOUR);
    expect(stage.received.map(({ url }) => url)).toEqual([OTHER.callback_url]);
    expect([(await stage.records()).charges.length, await stage.rows()]).toEqual([1, 0]);
  });
});
