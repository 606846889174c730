// A redelivery makes the gateway send requests, so a caller's counts as a start.
import { describe, expect } from "vitest";
import { post } from "../console/bench.ts";
import { SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, Stage } from "../support/stage.ts";

freshForEach(0.5);

describe("a caller's redelivery", () => {
  it("is counted as a start, shows that window, and is refused when the window is used up", async () => {
    const stage = await Stage.set({ RATE_LIMIT_DEFAULT: "5" });
    const run = await stage.finish(await stage.start());
    for (const remaining of ["3", "2", "1", "0"]) {
      const { status, headers } = await stage.redeliver(run.runId);
      await stage.pass(SECOND);
      expect([status, headers.get("x-ratelimit-limit"), headers.get("x-ratelimit-remaining")]).toEqual([
        202,
        "5",
        remaining,
      ]);
    }
    for (let more = 0; more < 20; more += 1) {
      const refused = await stage.redeliver(run.runId);
      await stage.pass(SECOND);
      expect([refused.status, refused.body.errors[0].code]).toEqual([429, "too_many_requests"]);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(stage.received).toHaveLength(5);
    expect((await stage.tryStart()).status).toBe(429);
  });

  it("that is a conflict or finds nothing is not counted", async ({ stage }) => {
    const run = await stage.start();
    expect((await stage.redeliver(run.runId)).status).toBe(409);
    expect((await stage.redeliver(crypto.randomUUID())).status).toBe(404);
    expect((await stage.tryStart()).headers.get("x-ratelimit-remaining")).toBe("198");
  });

  it("is not counted when it is an operator's", async ({ stage }) => {
    const run = await stage.finish(await stage.start());
    const user = (await stage.records()).runs[0]?.user_key;
    expect((await post(stage.gateway, `/runs/${run.runId}/redeliver?user=${user}`)).status).toBe(202);
    expect((await stage.tryStart()).headers.get("x-ratelimit-remaining")).toBe("198");
  });
});
