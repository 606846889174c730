import { type Clause, defineClauses } from "../clause.ts";
import { at, eventually, expect, listAt, startedRun, toJson } from "../expect.ts";
import type { Answer } from "../http.ts";
import { type Answering, type Delivery, type Endpoint, failingOnce } from "../receiver.ts";
import type { World } from "../world.ts";

const KNOWN_WITHIN_MS = 30_000;
const SLOW_SECONDS = 15;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

const clause = defineClauses("delivery");

export const DELIVERIES: readonly Clause[] = [
  clause("delivered: GET …/deliveries: delivered, callback_url, and each attempt's status", async (world) => {
    const { run, endpoint } = await deliveredRun(world);
    const data = await untilState(world, run, "delivered");
    expect.members(data, { callback_url: endpoint.url, next_attempt_at: null });
    const [attempt, ...more] = listAt(data, "attempts");
    expect.same("the number of further attempts", more.length, 0);
    expectAttempt(attempt, { number: 1, status: 204, error: null });
  }),
  clause("retrying: while attempts fail: retrying, next_attempt_at, and an error in words", async (world) => {
    const { run } = await attemptedRun(world, failingOnce(503));
    const data = await untilState(world, run, "retrying");
    expect.match("next_attempt_at", at(data, "next_attempt_at"), RFC_3339);
    const attempt = at(data, "attempts", 0);
    expectAttempt(attempt, { number: 1, status: 503 });
    expect.match("error", at(attempt, "error"), /./);
  }),
  clause("waiting: while the run has not ended: state waiting, no attempts", async (world) => {
    const { action, run } = await waitingRun(world);
    const data = at(toJson(await readDeliveries(world, run, action)), "data");
    expect.members(data, { state: "waiting" });
    expect.same("the number of attempts", listAt(data, "attempts").length, 0);
  }),
  clause("under-way: redeliver while a delivery is still under way: 409 conflict", async (world) => {
    const { action, run } = await waitingRun(world);
    expect.error(await redeliver(world, run, action), 409, "conflict");
  }),
  clause("redeliver: redeliver: 202, and it is sent again under the same webhook-id", async (world) => {
    const { run, endpoint, first } = await attemptedRun(world);
    await untilState(world, run, "delivered");
    expect.status(await redeliver(world, run), 202);
    const second = await endpoint.nth(2);
    expect.same("webhook-id", second.headers.get("webhook-id"), first.headers.get("webhook-id"));
    expect.same("the body", second.body.toString(), first.body.toString());
  }),
  clause("no-callback: a run without a callback: 404", async (world) => {
    const run = startedRun(await world.caller.start(world.action, {}));
    expect.error(await readDeliveries(world, run), 404, "not_found");
    expect.error(await redeliver(world, run), 404, "not_found");
  }),
  clause("whose: a run of another user: 404", async (world) => {
    const other = world.as("other-token");
    const { run } = await deliveredRun(world);
    expect.error(await readDeliveries(world, run, world.action, other), 404, "not_found");
    expect.error(await redeliver(world, run, world.action, other), 404, "not_found");
  }),
];

type Attempted = { run: string; endpoint: Endpoint; first: Delivery };

/** A run whose callback has been attempted. */
export async function attemptedRun(
  world: World,
  answering?: Answering,
  action = world.action,
): Promise<Attempted> {
  const endpoint = world.receiver().open(answering);
  const data = { inputs: { message: "ä € 𝄞" }, callback_url: endpoint.url };
  const run = startedRun(await world.caller.start(action, data));
  return { run, endpoint, first: await endpoint.nth(1) };
}

function deliveredRun(world: World): Promise<Attempted> {
  return world.once("delivered run", () => attemptedRun(world));
}

function waitingRun(world: World): Promise<{ action: string; run: string }> {
  return world.once("waiting run", async () => {
    const { action, inputs } = world.slow(SLOW_SECONDS);
    const data = { inputs, callback_url: world.receiver().open().url };
    return { action, run: startedRun(await world.caller.start(action, data)) };
  });
}

/** What the deliveries say once they are in that state. */
export function untilState(world: World, run: string, state: string): Promise<unknown> {
  return eventually(KNOWN_WITHIN_MS, async () => {
    const answer = await readDeliveries(world, run);
    const data = at(expect.json(answer, 200), "data");
    expect.members(data, { state });
    return data;
  });
}

export function readDeliveries(
  { action: echo, caller }: World,
  run: string,
  action = echo,
  user = caller,
): Promise<Answer> {
  return user.read(action, run, "/deliveries");
}

function redeliver(
  { action: echo, caller }: World,
  run: string,
  action = echo,
  user = caller,
): Promise<Answer> {
  const path = `/actions/v1/stored-actions/${action}/runs/${run}/deliveries/redeliver`;
  return user.call(path, { method: "POST" });
}

function expectAttempt(attempt: unknown, members: Record<string, unknown>): void {
  expect.members(attempt, members);
  expect.match("the attempt's at", at(attempt, "at"), RFC_3339);
  expect.that(Number.isInteger(at(attempt, "duration_ms")), "the attempt has no duration_ms");
}
