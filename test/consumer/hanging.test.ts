// Parties that do not answer, for longer than the gateway waits.
import { describe, expect, it } from "vitest";
import { never, replacing } from "../support/bindings.ts";
import { SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { Stage } from "../support/stage.ts";

freshForEach();

describe("a host's breaker that hangs", () => {
  it("when it is asked, keeps no attempt from being made", async () => {
    const stage = await Stage.set({}, replacing("DESTINATION_BREAKER.acquire", never));
    stage.receive(() => new Response(null, { status: stage.received.length === 1 ? 404 : 204 }));
    const run = await stage.finish(await stage.start({ callback_url: "https://asked-in-vain.example/" }));
    await stage.pass(6 * SECOND);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("delivered");
  });

  it("when it is told of a failure, keeps no attempt from being counted", async () => {
    const stage = await Stage.set({}, replacing("DESTINATION_BREAKER.report", never));
    stage.receive(() => new Response(null, { status: 503 }));
    const run = await stage.finish(await stage.start({ callback_url: "https://told-in-vain.example/" }));
    expect(stage.received).toHaveLength(1);
    expect((await stage.records()).attempts).toMatchObject([{ number: 1, status: 503 }]);
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("retrying");
  });
});
