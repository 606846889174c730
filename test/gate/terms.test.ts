// Whose terms a run keeps, when what is known of it comes in an odd order.
import { describe, expect, it } from "vitest";
import { tapped } from "../support/bindings.ts";
import { HOUR, MINUTE, moveClock, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { deadLetters } from "../support/operators-index.ts";
import { HOOK, Stage } from "../support/stage.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const OTHER_HOOK = "https://other.example/hook";

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

it("a dead letter of a user with an odd name gets to the operators' index", async () => {
  const subject = "ali\u0000ce \ud800 \u{1F600} '; DROP TABLE";
  const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "1" });
  stage.receive(() => new Response(null, { status: 500 }));
  const answer = await stage.tryStart({}, { claims: { sub: subject } });
  expect(answer.status).toBe(202);
  await stage.pass(2 * HOUR, subject);
  expect(await deadLetters()).toHaveLength(1);
});
