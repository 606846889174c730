// Whose terms a run keeps, when what is known of it comes in an odd order.
import { describe, expect, it } from "vitest";
import { tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { deadLetters } from "../support/operators-index.ts";
import { HOOK, Stage } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const OTHER_HOOK = "https://other.example/hook";
const DAY = 24 * HOUR;

freshForEach();

describe("a 202 whose yes waits in a queue that stands still", () => {
  it.each([
    ["the yes comes first", false],
    ["the completion comes first", true],
  ])(
    "keeps its own terms though a duplicate with other terms was replayed from KV; %s",
    async (_, completionFirst) => {
      let away = true;
      const stage = await Stage.set({}, (env) =>
        tapped(env, ({ name, perform }) =>
          away && name === "USER_GATE.settle" ? Promise.reject(new Error("down")) : perform(),
        ),
      );
      stage.queue.isPaused = true;
      const run = await stage.start({ idempotency_id: ID });
      away = false;
      // The lease of the first start is over.
      moveClock(20 * SECOND);
      const again = await stage.gateway.start({ idempotency_id: ID, callback_url: OTHER_HOOK });
      expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
      expect(stage.gateway.upstream.starts).toHaveLength(1);
      await stage.push(run);
      stage.queue.isPaused = false;
      const messages = stage.queue.take();
      expect(messages).toHaveLength(2);
      for (const message of completionFirst ? messages.toReversed() : messages)
        await stage.consume([message]);
      await stage.pass(10 * MINUTE);
      const { charges } = await stage.records();
      expect([stage.received.map(({ url }) => url), charges.length]).toEqual([[HOOK], 1]);
    },
  );
});

it("a run named by a proven completion for two starts is charged once", async () => {
  const stage = await Stage.set();
  let lose = true;
  stage.gateway.upstream.behave(({ method }, honest) => {
    const answer = honest();
    return method === "POST" && lose ? json(500, {}) : answer;
  });
  await stage.tryStart({});
  const first = stage.lastRef();
  lose = false;
  // The second start is in flight at the upstream; its run's end is reported under the first one's reference.
  let pushed = false;
  stage.gateway.upstream.behave(async ({ method }, honest) => {
    const answer = honest();
    if (method === "POST" && !pushed) {
      pushed = true;
      const runId = [...stage.gateway.upstream.runs.values()].at(-1) ?? "";
      await stage.push({ runId, ...first });
      // Read, and found waiting nowhere: the upstream does not answer reads at the moment.
      stage.gateway.upstream.behave(({ method: how }, h) => (how === "GET" ? json(503, {}) : h()));
      await stage.drain();
      stage.gateway.upstream.behave((_asked, h) => h());
    }
    return answer;
  });
  const second = await stage.start({});
  await stage.pass(HOUR);
  const { charges } = await stage.records();
  expect(charges.filter(({ run_id }) => run_id === second.runId)).toHaveLength(1);
  // It may be told twice: at least once is promised, and its receiver tells them by the webhook-id.
  const ids = stage.received.map(({ headers }) => headers.get("webhook-id"));
  expect(new Set(ids.filter((id) => id?.includes(second.runId)))).toHaveLength(1);
});

it("a dead letter of a user with an odd name gets to the operators' index", async () => {
  const subject = "ali\u0000ce \ud800 \u{1F600} '; DROP TABLE";
  const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" });
  stage.receive(() => new Response(null, { status: 500 }));
  const answer = await stage.tryStart({}, { claims: { sub: subject } });
  expect(answer.status).toBe(202);
  await stage.pass(2 * HOUR, subject);
  expect(await deadLetters()).toHaveLength(1);
});

it("a dead letter that operators see can be sent again, for as long as they see it", async () => {
  const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" });
  stage.receive(() => new Response(null, { status: 500 }));
  const run = await stage.start();
  await stage.pass(HOUR);
  expect(await deadLetters()).toHaveLength(1);
  await stage.pass(45 * DAY);
  const seen = (await deadLetters()).length;
  const { status } = await stage.redeliver(run.runId);
  expect([seen, status]).toEqual(seen === 0 ? [0, 404] : [1, 202]);
});
