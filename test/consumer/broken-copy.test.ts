// What KV keeps of a large result may have broken off. In a workerd of its own: results of megabytes make others wait.
import "../support/own-workerd.ts";
import { env } from "cloudflare:workers";
import { describe, expect } from "vitest";
import { HOUR } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

freshForEach(0.5);

describe("KV whose copy of a large result broke off", () => {
  it("gives no short result: each attempt sends the whole one", async ({ stage }) => {
    const results = ["x".repeat(2_000_000)];
    stage.gateway.upstream.answerReads((id) => json(200, { type: "run", id, status: "success", results }));
    stage.receive(() => new Response(null, { status: stage.received.length < 3 ? 500 : 204 }));
    const run = await stage.finish(await stage.start());
    const { keys } = await env.KV.list({ prefix: "body:" });
    const [{ name } = expect.fail("nothing was kept")] = keys;
    const whole = (await env.KV.get(name)) ?? "";
    await env.KV.put(name, whole.slice(0, 200_000));
    await stage.pass(HOUR);
    expect(stage.received.map(({ body }) => body)).toEqual([whole, whole, whole]);
    expect(await stage.state(run)).toBe("delivered");
  });
});
