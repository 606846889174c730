// Promise 1: the limit is exact.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { statuses } from "../support/times.ts";
import { atOnce, Caller, ECHO } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";

const gateway = await forFile(gatewayWith());

it("of 400 starts at once exactly 200 pass, and exactly 200 runs exist", async () => {
  const caller = await Caller.of(gateway.url);
  const answers = await atOnce(400, () => caller.start(ECHO, {}));
  expect(statuses(answers)).toEqual({ 202: 200, 429: 200 });
  expect(await caller.listRuns(ECHO)).toHaveLength(200);
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

it("a gateway that is killed and started again knows the count, after a second of quiet", async () => {
  const caller = await Caller.of(gateway.url);
  expect(statuses(await atOnce(150, () => caller.start(ECHO, {})))).toEqual({ 202: 150 });
  await sleep(1000);
  await gateway.kill("SIGKILL");
  await gateway.restart();
  expect(statuses(await atOnce(100, () => caller.start(ECHO, {})))).toEqual({ 202: 50, 429: 50 });
});
