// The kinds of request that contenders are asked, the same bytes for each of them.
import { randomUUID } from "node:crypto";
import { ACTION, RUN_PATH, type Shape, type World } from "./contender.ts";
import { type Call, FRESH_ID, type Plan } from "./requests.ts";

/** At most so many of a user, and hardly more in all: each is asked once before the measuring. */
const KNOWN_IDS_A_USER = 4;
const KNOWN_IDS = 256;

export function plainRuns(world: World): Shape {
  return starts(world, {});
}

export async function plainRunsWithNewTokens(world: World): Promise<Shape> {
  return starts({ ...world, tokens: await world.newTokens() }, {});
}

export function idempotentRuns(world: World): Shape {
  return starts(world, { idempotency_id: FRESH_ID });
}

/** Of each id the first request comes before the measuring. */
export function replays({ tokens, inputs }: World): Shape {
  const each = Math.min(KNOWN_IDS_A_USER, Math.ceil(KNOWN_IDS / tokens.length));
  const users = Array.from({ length: each }, () => tokens).flat();
  const known = plan(202, users, (token) => start(token, { inputs, idempotency_id: randomUUID() }));
  return { plan: known, upstreamStarts: 0, callsBack: false };
}

export function runsWithCallback(world: World): Shape {
  const callback_url = `http://127.0.0.1:${world.receiver.port}/hook`;
  return { ...starts(world, { callback_url }), callsBack: true };
}

export function reads({ tokens }: World): Shape {
  return { plan: plan(200, tokens, read), upstreamStarts: 0, callsBack: false };
}

function starts({ tokens, inputs }: World, more: object): Shape {
  const runs = plan(202, tokens, (token) => start(token, { inputs, ...more }));
  return { plan: runs, upstreamStarts: 1, callsBack: false };
}

function read(token: string): Call {
  const path = `/actions/v1/stored-actions/${ACTION}/runs/${randomUUID()}`;
  return { method: "GET", path, token, body: null };
}

function start(token: string, data: object): Call {
  const body = JSON.stringify({ data });
  return { method: "POST", path: RUN_PATH, token, body };
}

function plan(expectedStatus: number, tokens: readonly string[], call: (token: string) => Call): Plan {
  return { calls: tokens.map(call), expectedStatus };
}
