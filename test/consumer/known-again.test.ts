// A run that was abandoned, or whose key is another run's by now, is found again by its own id: when the upstream says
// yes to it once more, when it proves that it has ended, when an operator asks for it.
import { beforeEach, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { Stage } from "../support/stage.ts";

const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

let stage: Stage;

freshForEach();
beforeEach(async () => {
  stage = await Stage.set();
});

it("an abandoned run to which the upstream says yes again is delivered and charged", async () => {
  const first = await stage.start({ idempotency_id: ID });
  const known = [...stage.gateway.upstream.runs];
  stage.gateway.upstream.runs.clear();
  await stage.pass(4 * DAY);
  expect((await stage.records()).runs).toMatchObject([{ status: "abandoned", state: "dead" }]);
  for (const [id, runId] of known) stage.gateway.upstream.runs.set(id, runId);
  expect((await stage.start({ idempotency_id: ID })).runId).toBe(first.runId);
  await stage.pass(DAY);
  const { runs, charges } = await stage.records();
  expect([runs, charges]).toMatchObject([[{ status: "ended", state: "delivered" }], [{}]]);
});

it("an abandoned run that goes on under a key of its own comes back with a proven completion", async () => {
  const first = await stage.start({ idempotency_id: ID });
  stage.waiting.add(first.runId);
  await stage.pass(73 * HOUR);
  // The 72 hours of the id are over, and the upstream has forgotten it: another run.
  stage.gateway.upstream.runs.clear();
  const second = await stage.start({ idempotency_id: ID });
  expect(second.runId).not.toBe(first.runId);
  await stage.push(second);
  stage.waiting.delete(first.runId);
  await stage.pass(4 * DAY);
  expect(await stage.state(first)).toBe("dead");
  stage.gateway.upstream.runs.set("again", first.runId);
  await stage.push(first);
  await stage.pass(HOUR);
  expect(await stage.state(first)).toBe("delivered");
});

it("an abandoned run whose key is another open run's comes back with a proven completion", async () => {
  const first = await stage.start({ idempotency_id: ID });
  await (await stage.gateway.gateOf()).abandon(ID);
  await stage.pass(73 * HOUR);
  const known = [...stage.gateway.upstream.runs.values()];
  stage.gateway.upstream.runs.clear();
  const second = await stage.start({ idempotency_id: ID });
  for (const [at, runId] of known.entries()) stage.gateway.upstream.runs.set(`known ${at}`, runId);
  stage.waiting.add(second.runId);
  await stage.drain();
  await stage.push(first);
  await stage.pass(10 * MINUTE);
  expect([await stage.state(first), await stage.state(second)]).toEqual(["delivered", "waiting"]);
});
