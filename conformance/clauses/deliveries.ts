import type { Clause } from "../clause.ts";
import {
  at,
  eventually,
  expectError,
  expectMatch,
  expectSame,
  expectStatus,
  expectThat,
  listAt,
  startedRun,
  toJson,
} from "../expect.ts";
import type { Answer, Caller } from "../http.ts";
import { type Endpoint, failingOnce } from "../receiver.ts";
import type { World } from "../world.ts";

const KNOWN_WITHIN_MS = 30_000;
const SLOW_SECONDS = 15;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

export const DELIVERIES: readonly Clause[] = [
  {
    id: "delivery.delivered",
    text: "GET …/deliveries: state delivered, callback_url, and each attempt with its status",
    check: async (world) => {
      const { run, endpoint } = await deliveredRun(world);
      const data = await untilState(world, run, "delivered");
      expectSame("callback_url", at(data, "callback_url"), endpoint.url);
      expectSame("next_attempt_at", at(data, "next_attempt_at"), null);
      const [attempt, ...more] = listAt(data, "attempts");
      expectSame("the number of further attempts", more.length, 0);
      expectAttempt(attempt, { number: 1, status: 204 });
      expectSame("error", at(attempt, "error"), null);
    },
  },
  {
    id: "delivery.retrying",
    text: "while attempts fail: state retrying, next_attempt_at, and an error in words",
    check: async (world) => {
      const endpoint = world.receiver().open(failingOnce(503));
      const run = await startWithCallback(world, endpoint);
      await endpoint.nth(1, KNOWN_WITHIN_MS);
      await eventually(KNOWN_WITHIN_MS, async () => {
        const data = await untilState(world, run, "retrying");
        expectMatch("next_attempt_at", at(data, "next_attempt_at"), RFC_3339);
        const attempt = at(data, "attempts", 0);
        expectAttempt(attempt, { number: 1, status: 503 });
        expectMatch("error", at(attempt, "error"), /./);
      });
    },
  },
  {
    id: "delivery.waiting",
    text: "while the run has not ended: state waiting, no attempts",
    check: async (world) => {
      const { action, run } = await waitingRun(world);
      const data = at(toJson(await readDeliveries(world, run, action)), "data");
      expectSame("state", at(data, "state"), "waiting");
      expectSame("the number of attempts", listAt(data, "attempts").length, 0);
    },
  },
  {
    id: "delivery.under-way",
    text: "redeliver while a delivery is still under way: 409 conflict",
    check: async (world) => {
      const { action, run } = await waitingRun(world);
      expectError(await redeliver(world, run, action), 409, "conflict");
    },
  },
  {
    id: "delivery.redeliver",
    text: "redeliver: 202, and it is sent again under the same webhook-id",
    check: async (world) => {
      const endpoint = world.receiver().open();
      const run = await startWithCallback(world, endpoint);
      const first = await endpoint.nth(1, KNOWN_WITHIN_MS);
      await untilState(world, run, "delivered");
      expectStatus(await redeliver(world, run), 202);
      const second = await endpoint.nth(2, KNOWN_WITHIN_MS);
      const id = second.headers.get("webhook-id");
      expectSame("webhook-id", id, first.headers.get("webhook-id"));
      expectSame("the body", second.body.toString(), first.body.toString());
    },
  },
  {
    id: "delivery.no-callback",
    text: "a run without a callback: 404",
    check: async (world) => {
      const run = startedRun(await world.caller.start(world.action, {}));
      expectError(await readDeliveries(world, run), 404, "not_found");
      expectError(await redeliver(world, run), 404, "not_found");
    },
  },
  {
    id: "delivery.whose",
    text: "a run of another user: 404",
    check: async (world) => {
      const other = world.as("other-token");
      const { run } = await deliveredRun(world);
      expectError(await readDeliveries(world, run, world.action, other), 404, "not_found");
      expectError(await redeliver(world, run, world.action, other), 404, "not_found");
    },
  },
];

function deliveredRun(world: World): Promise<{ run: string; endpoint: Endpoint }> {
  return world.once("delivered run", async () => {
    const endpoint = world.receiver().open();
    const run = await startWithCallback(world, endpoint);
    await endpoint.nth(1, KNOWN_WITHIN_MS);
    return { run, endpoint };
  });
}

function waitingRun(world: World): Promise<{ action: string; run: string }> {
  return world.once("waiting run", async () => {
    const { action, inputs } = world.slow(SLOW_SECONDS);
    const data = { inputs, callback_url: world.receiver().open().url };
    return { action, run: startedRun(await world.caller.start(action, data)) };
  });
}

async function startWithCallback({ caller, action }: World, { url }: Endpoint): Promise<string> {
  return startedRun(await caller.start(action, { inputs: {}, callback_url: url }));
}

/** What the deliveries say once they are in that state. */
function untilState(world: World, run: string, state: string): Promise<unknown> {
  return eventually(KNOWN_WITHIN_MS, async () => {
    const answer = await readDeliveries(world, run);
    expectStatus(answer, 200);
    const data = at(toJson(answer), "data");
    expectSame("state", at(data, "state"), state);
    return data;
  });
}

export function readDeliveries(
  world: World,
  run: string,
  action = world.action,
  caller: Caller = world.caller,
): Promise<Answer> {
  return caller.read(action, run, "/deliveries");
}

function redeliver(
  world: World,
  run: string,
  action = world.action,
  caller: Caller = world.caller,
): Promise<Answer> {
  const path = `/actions/v1/stored-actions/${action}/runs/${run}/deliveries/redeliver`;
  return caller.call(path, { method: "POST" });
}

function expectAttempt(attempt: unknown, { number, status }: { number: number; status: number }): void {
  expectSame("the attempt's number", at(attempt, "number"), number);
  expectSame("the attempt's status", at(attempt, "status"), status);
  expectMatch("the attempt's at", at(attempt, "at"), RFC_3339);
  expectThat(Number.isInteger(at(attempt, "duration_ms")), "the attempt has no duration_ms");
}
