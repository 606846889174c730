import { type Clause, defineClauses, Skip } from "../clause.ts";
import { expect, startedRun } from "../expect.ts";
import type { Answer } from "../http.ts";
import type { TokenOption } from "../options.ts";
import type { World } from "../world.ts";

export const RATE_LIMIT_HEADERS = [
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "ratelimit-policy",
  "ratelimit",
];

const clause = defineClauses("who");

export const WHO: readonly Clause[] = [
  clause("no-token: no token: 401 unauthenticated, WWW-Authenticate is a bare Bearer", async (world) => {
    const answer = await startWith(world, {});
    expect.error(answer, 401, "unauthenticated");
    expect.header(answer, "www-authenticate", /^Bearer$/);
  }),
  clause('bad-token: a bad token: 401, WWW-Authenticate says error="invalid_token"', async (world) => {
    const { token } = world.caller;
    for (const bad of ["garbage", otherSignature(token), withoutSignature(token)])
      expectInvalid(await startWith(world, { authorization: `Bearer ${bad}` }));
  }),
  clause('expired-token: an expired token: 401, error="invalid_token"', async (world) =>
    expectInvalid(await startAs(world, "expired-token")),
  ),
  clause("scheme-jwt: the scheme JWT is accepted too", async (world) => {
    startedRun(await startWith(world, { authorization: `JWT ${world.caller.token}` }));
  }),
  clause(
    "everywhere: everything under /actions/, /usage and the secret want a token",
    async ({ http, action }) => {
      const run = `/actions/v1/stored-actions/${action}/runs/${action}`;
      const own = ["/usage", "/callbacks/secret"];
      const paths = [...own, "/actions/v1/stored-actions", "/actions/nothing", run, `${run}/deliveries`];
      for (const path of paths) expect.error(await http.call(path), 401, "unauthenticated");
      const redeliver = await http.call(`${run}/deliveries/redeliver`, { method: "POST" });
      expect.error(redeliver, 401, "unauthenticated");
    },
  ),
  clause("not-in-the-url: a token in the URL is none", async ({ http, caller }) => {
    expect.status(await http.call(`/usage?access_token=${caller.token}`), 401);
  }),
  clause("before-the-body: comes first: a malformed request without a token is a 401", async ({ http }) => {
    const headers = { "content-type": "application/json" };
    const path = "/actions/v1/stored-actions/no-uuid/run";
    expect.status(await http.call(path, { method: "POST", headers, body: "{" }), 401);
  }),
  clause("scope: a good token without the scope: 403 permission_denied", async (world) => {
    expect.error(await startAs(world, "no-scope-token"), 403, "permission_denied");
  }),
  clause("billing-claim: a malformed billing claim: 403", async (world) => {
    expect.error(await startAs(world, "bad-billing-token"), 403, "permission_denied");
  }),
  clause("rate-limit-claim: a malformed rate_limit claim: 403", async (world) => {
    expect.error(await startAs(world, "bad-rate-limit-token"), 403, "permission_denied");
  }),
  clause("no-limit-headers: neither the 401 nor the 403 carries rate-limit headers", async (world) => {
    const refused = [await startWith(world, {})];
    for (const option of ["no-scope-token", "bad-billing-token", "bad-rate-limit-token"] as const)
      if (world.options.given[option] !== undefined) refused.push(await startAs(world, option));
    if (refused.length === 1) throw new Skip("needs --no-scope-token, or another one that is a 403");
    for (const answer of refused) for (const name of RATE_LIMIT_HEADERS) expect.noHeader(answer, name);
  }),
];

function startAs(world: World, option: TokenOption): Promise<Answer> {
  return startWith(world, { authorization: `Bearer ${world.given(option)}` });
}

function startWith({ http, action }: World, headers: Record<string, string>): Promise<Answer> {
  return http.call(`/actions/v1/stored-actions/${action}/run`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: '{"data":{}}',
  });
}

function expectInvalid(answer: Answer): void {
  expect.error(answer, 401, "unauthenticated");
  expect.header(answer, "www-authenticate", /^Bearer\b.*\berror="invalid_token"/);
}

/** In its middle: the last character of base64url has bits that mean nothing. */
function otherSignature(token: string): string {
  const middle = token.length - 20;
  expect.that(token.split(".").length === 3, "--token is no JWT");
  return `${token.slice(0, middle)}${token[middle] === "A" ? "B" : "A"}${token.slice(middle + 1)}`;
}

function withoutSignature(token: string): string {
  const head = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  return `${head}.${token.split(".")[1]}.`;
}
