// The kinds of request that contenders are asked, the same bytes for each of them.
import { randomUUID } from "node:crypto";
import { ACTION, INPUTS, RUN_PATH, type Shape, type World } from "./contender.ts";
import { type Call, FRESH_ID, type Plan } from "./requests.ts";

const KNOWN_IDS_A_USER = 4;

export function plainRuns(world: World): Shape {
  return starts(world.tokens, {});
}

export async function plainRunsWithNewTokens(world: World): Promise<Shape> {
  return starts(await world.newTokens(), {});
}

export function idempotentRuns(world: World): Shape {
  return starts(world.tokens, { idempotency_id: FRESH_ID });
}

/** Of each id the first request comes before the measuring. */
export function replays({ tokens }: World): Shape {
  const users = Array.from({ length: KNOWN_IDS_A_USER }, () => tokens).flat();
  const known = plan(202, users, (token) => start(token, { idempotency_id: randomUUID() }));
  return { plan: known, upstreamStarts: 0, callsBack: false };
}

export function runsWithCallback(world: World): Shape {
  const callback_url = `http://127.0.0.1:${world.receiver.port}/hook`;
  return { ...starts(world.tokens, { callback_url }), callsBack: true };
}

export function reads({ tokens }: World): Shape {
  return { plan: plan(200, tokens, read), upstreamStarts: 0, callsBack: false };
}

function starts(tokens: readonly string[], more: object): Shape {
  const runs = plan(202, tokens, (token) => start(token, more));
  return { plan: runs, upstreamStarts: 1, callsBack: false };
}

function read(token: string): Call {
  const path = `/actions/v1/stored-actions/${ACTION}/runs/${randomUUID()}`;
  return { method: "GET", path, token, body: null };
}

function start(token: string, more: object): Call {
  const body = JSON.stringify({ data: { inputs: INPUTS, ...more } });
  return { method: "POST", path: RUN_PATH, token, body };
}

function plan(expectedStatus: number, tokens: readonly string[], call: (token: string) => Call): Plan {
  return { calls: tokens.map(call), expectedStatus };
}
