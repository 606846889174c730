// A run that was abandoned, or whose key is another run's by now, is found again by its own id: when the upstream says
// yes to it once more, when it proves that it has ended, when an operator asks for it.
import { expect } from "vitest";
import { DAY, HOUR, MINUTE } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { ID } from "../support/gateway.ts";
import { it } from "../support/stage.ts";

freshForEach();

it("an abandoned run to which the upstream says yes again is delivered and charged", async ({ stage }) => {
  const first = await stage.start({ idempotency_id: ID });
  const known = [...stage.gateway.upstream.runs];
  stage.gateway.upstream.runs.clear();
  await stage.pass(4 * DAY);
  expect(await stage.state(first)).toBe("dead");
  for (const [id, runId] of known) stage.gateway.upstream.runs.set(id, runId);
  expect((await stage.start({ idempotency_id: ID })).runId).toBe(first.runId);
  await stage.pass(DAY);
  expect([await stage.state(first), await stage.chargedIds()]).toEqual(["delivered", [first.runId]]);
});

it("an abandoned run that goes on under a key of its own comes back with a proven completion", async ({
  stage,
}) => {
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
  await stage.finish(first);
  await stage.pass(HOUR);
  expect(await stage.state(first)).toBe("delivered");
});

it("an abandoned run whose key is another open run's comes back with a proven completion", async ({
  stage,
}) => {
  const first = await stage.start({ idempotency_id: ID });
  await stage.abandon(first);
  await stage.pass(73 * HOUR);
  stage.gateway.upstream.forgetIds();
  const second = await stage.start({ idempotency_id: ID });
  stage.waiting.add(second.runId);
  await stage.drain();
  await stage.push(first);
  await stage.pass(10 * MINUTE);
  expect([await stage.state(first), await stage.state(second)]).toEqual(["delivered", "waiting"]);
});
