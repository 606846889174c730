// A yes that is too long for a queue message, while the gate is away at settle.
import { expect, it } from "vitest";
import { tapped } from "../support/bindings.ts";
import { MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { Stage } from "../support/stage.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

freshForEach();

it("is replayed byte for byte, and not forwarded again", async () => {
  let away = true;
  const stage = await Stage.set({}, (env) =>
    tapped(env, ({ name, perform }) =>
      away && name === "USER_GATE.settle" ? Promise.reject(new Error("down")) : perform(),
    ),
  );
  let n = 0;
  stage.gateway.upstream.behave(async ({ method }, honest) => {
    const answer = honest();
    if (method !== "POST") return answer;
    const { data }: any = await answer.json();
    return Response.json({ data, meta: { n: ++n, pad: "x".repeat(33_000) } }, { status: 202 });
  });
  const first = await stage.tryStart({ idempotency_id: ID });
  expect(first.status).toBe(202);
  away = false;
  await stage.pass(10 * MINUTE);
  const again = await stage.tryStart({ idempotency_id: ID });
  expect(again.text === first.text).toBe(true);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(stage.gateway.upstream.starts).toHaveLength(1);
});
