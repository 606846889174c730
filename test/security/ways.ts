// The three ways to the upstream: a start, a read, a pass-through.
import { expect } from "vitest";
import { ACTION, type Answer, type Call, type Gateway, makeGateway, RUN_PATH } from "../support/gateway.ts";
import { json } from "../support/upstream.ts";
import { JSON_TYPE } from "./bench.ts";

export const RUN = "abcdef00-abcd-4abc-8def-abcdef001122";
export const STORED = `/actions/v1/stored-actions/${ACTION}`;

/** With the headers that reach it on each when the caller sends what an honest one does. */
export const WAYS: { name: string; path: string; call: Call; arrives: string[] }[] = [
  {
    name: "a start",
    path: RUN_PATH,
    call: { method: "POST", body: '{"data":{}}', headers: JSON_TYPE },
    arrives: ["accept-encoding", "authorization", "content-type", "traceparent", "x-request-id"],
  },
  {
    name: "a read",
    path: `${STORED}/runs/${RUN}`,
    call: {},
    arrives: ["accept", "accept-encoding", "authorization", "traceparent", "x-request-id"],
  },
  {
    name: "a pass-through",
    path: STORED,
    call: { method: "PUT", body: "{}", headers: JSON_TYPE },
    arrives: ["accept-encoding", "authorization", "content-type", "traceparent", "x-request-id"],
  },
];

/** At its upstream, each of them is served. */
export async function gatewayOfWays(): Promise<Gateway> {
  const gateway = await makeGateway();
  gateway.upstream.runs.set("known", RUN);
  gateway.upstream.behave(({ method }, honest) => (method === "PUT" ? json(200, { data: {} }) : honest()));
  return gateway;
}

/** Without a limit, because one user sends it all. */
export async function served(gateway: Gateway, path: string, call: Call): Promise<Answer> {
  const claims = { rate_limit: { exempt: true } };
  const answer = await gateway.call(path, { ...call, claims, circumstances: { rateLimit: "off" } });
  expect([200, 202]).toContain(answer.status);
  return answer;
}
