// Promise 1: the limit is exact.
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { statuses } from "../support/times.ts";
import { atOnce, Caller, ECHO } from "./support/caller.ts";
import { type GatewayProcess, PATIENT, startPatientProcess } from "./support/process.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startPatientProcess();
  return () => gateway.close();
});

describe("the limit is exact", () => {
  it("of 400 starts at once exactly 200 pass, and exactly 200 runs exist", async () => {
    const caller = await Caller.of(gateway.url);
    const answers = await atOnce(400, () => caller.start(ECHO, {}));
    expect(statuses(answers)).toEqual({ 202: 200, 429: 200 });
    expect(await caller.runsOf(ECHO)).toHaveLength(200);
  });

  it("a token that says 37 gets exactly 37", async () => {
    const claims = { rate_limit: { exempt: false, limit_override: 37 } };
    const caller = await Caller.of(gateway.url, "thirty-seven", claims);
    const answers = await atOnce(60, () => caller.start(ECHO, {}));
    expect(statuses(answers)).toEqual({ 202: 37, 429: 23 });
    const remaining = answers.map(({ headers }) => Number(headers.get("x-ratelimit-remaining")));
    expect(remaining.filter((rest) => rest > 0).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 36 }, (_, index) => index + 1),
    );
  });

  it("two users at once have a limit each", async () => {
    const claims = { rate_limit: { exempt: false, limit_override: 20 } };
    const users = [await Caller.of(gateway.url, "ann", claims), await Caller.of(gateway.url, "ben", claims)];
    const answers = await Promise.all(users.map((user) => atOnce(30, () => user.start(ECHO, {}))));
    expect(answers.map(statuses)).toEqual([
      { 202: 20, 429: 10 },
      { 202: 20, 429: 10 },
    ]);
  });
});

describe("a gateway that is killed and started again", () => {
  it("knows the count, after a second of quiet", async () => {
    const caller = await Caller.of(gateway.url);
    expect(statuses(await atOnce(150, () => caller.start(ECHO, {})))).toEqual({ 202: 150 });
    await sleep(1000);
    await gateway.kill("SIGKILL");
    await gateway.restart();
    expect(statuses(await atOnce(100, () => caller.start(ECHO, {})))).toEqual({ 202: 50, 429: 50 });
  });

  it("with a shorter window, lets a caller pass who waits as long as Retry-After says", async () => {
    const claims = { rate_limit: { exempt: false, limit_override: 5 } };
    const caller = await Caller.of(gateway.url, "patient", claims);
    expect(statuses(await atOnce(8, () => caller.start(ECHO, {})))).toEqual({ 202: 5, 429: 3 });
    await sleep(1000);
    await gateway.kill("SIGKILL");
    await gateway.restart([...PATIENT, "--var", "RATE_LIMIT_WINDOW_SECONDS:2"]);

    // Once for the window from before, now shorter, and once for a window that was as short from its beginning.
    for (const passing of [0, 5]) {
      const answers = await atOnce(8, () => caller.start(ECHO, {}));
      const refused = answers.filter(({ status }) => status === 429);
      expect(answers.length - refused.length).toBe(passing);
      const waits = refused.map(({ headers }) => Number(headers.get("retry-after")));
      expect([1, 2]).toContain(Math.max(...waits));
      await sleep(Math.max(...waits) * 1000);
    }
    expect((await caller.start(ECHO, {})).status).toBe(202);
  });
});
