// One wide line per request: these fields and no others. Tokens, headers, bodies and full URLs have none to go into.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { buildUserKey } from "../../../src/auth/caller.ts";
import { failing } from "../../support/bindings.ts";
import { ACTION, buildStart, type Call, makeGateway, RUN_PATH } from "../../support/gateway.ts";

const RUN_ID = "b1e7a1d0-0000-4000-8000-000000000001";
const ID = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";

type Line = Record<string, unknown> & { event: string };

let written: string[];

beforeEach(() => {
  written = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => {
    written.push(String(line));
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

function lines(event: string): Line[] {
  return written.map((line): Line => JSON.parse(line)).filter((line) => line.event === event);
}

describe("request.served", () => {
  it("has the promised fields, and no others", async () => {
    const gateway = await makeGateway();
    const traceparent = "00-12345678901234567890123456789012-1234567890123456-01";
    const { headers, body } = await gateway.start({}, { headers: { traceparent } });
    expect(written).toHaveLength(1);
    const milliseconds = expect.any(Number);
    expect(lines("request.served")).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        event: "request.served",
        request_id: headers.get("x-request-id"),
        trace_id: "12345678901234567890123456789012",
        method: "POST",
        route: "/actions/v1/stored-actions/:stored_action_id/run",
        status: 202,
        outcome: "accepted",
        user: await buildUserKey("https://login.example", "alice"),
        run_id: body.data.id,
        total_ms: milliseconds,
        auth_ms: milliseconds,
        gate_ms: milliseconds,
        upstream_ms: milliseconds,
      },
    ]);
  });

  const run = `/actions/v1/stored-actions/${ACTION}/runs/${RUN_ID}`;
  const RUNS = "/actions/v1/runs";
  const REST = "/actions/";
  const START = "/actions/v1/stored-actions/:stored_action_id/run";
  const READ = "/actions/v1/stored-actions/:stored_action_id/runs/:run_id";
  const unknown = buildStart({}, { claims: null });
  it.each<{ path: string; call: Call; status: number; route: string; outcome: string }>([
    { path: "/healthz", call: {}, status: 200, route: "/healthz", outcome: "served" },
    { path: "/nowhere/secret", call: {}, status: 404, route: "/*", outcome: "not_found" },
    { path: "/healthz", call: { method: "POST" }, status: 405, route: "/healthz", outcome: "served" },
    { path: RUN_PATH, call: unknown, status: 401, route: START, outcome: "unauthorized" },
    { path: RUN_PATH, call: buildStart({ page: 5 }), status: 400, route: START, outcome: "malformed" },
    { path: RUNS, call: buildStart({}), status: 202, route: RUNS, outcome: "accepted" },
    { path: run, call: {}, status: 404, route: READ, outcome: "upstream_refused" },
    { path: `${run}?wait_seconds=99`, call: {}, status: 400, route: READ, outcome: "malformed" },
    { path: `${REST}secret?q=secret`, call: {}, status: 404, route: `${REST}*`, outcome: "upstream_refused" },
  ])("names the route, never the path: $path is $status $outcome", async ({ path, call, ...expected }) => {
    const gateway = await makeGateway();
    await gateway.call(path, { circumstances: { errorFrom: "upstream" }, ...call });
    expect(lines("request.served")).toMatchObject([expected]);
    expect(written.join()).not.toContain("secret");
  });

  it.each([
    { outcome: "replayed", limit: "200", data: { idempotency_id: ID } },
    { outcome: "limited", limit: "1", data: {} },
  ])("tells apart what came of a start: $outcome", async ({ outcome, limit, data }) => {
    const gateway = await makeGateway({ RATE_LIMIT_DEFAULT: limit });
    await gateway.start(data);
    await gateway.start(data);
    expect(lines("request.served").at(-1)?.["outcome"]).toBe(outcome);
  });

  it.each([
    { status: 401, outcome: "upstream_failed" },
    { status: 403, outcome: "upstream_refused" },
    { status: 404, outcome: "upstream_refused" },
    { status: 500, outcome: "upstream_failed" },
    { status: 503, outcome: "upstream_failed" },
  ])("an upstream's $status is $outcome, whatever it was asked", async ({ status, outcome }) => {
    const gateway = await makeGateway();
    gateway.upstream.behave(() => new Response("no", { status }));
    const answers = [
      await gateway.start({}),
      await gateway.call(run),
      await gateway.call("/actions/v1/apps"),
    ];
    // Tests before this one may have left requests behind in the isolate that they share.
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    const served = lines("request.served").filter(({ request_id: id }) => ids.includes(String(id)));
    expect(served.map((line) => line["outcome"])).toEqual([outcome, outcome, outcome]);
  });
});

describe("nothing that a caller or an upstream says gets into the log", () => {
  const SECRET = "hunter2";

  it("not the token, a header, the body, the query or the answer", async () => {
    const gateway = await makeGateway();
    gateway.upstream.behave(({ method }, honest) =>
      method === "POST" ? honest() : Response.json({ said: SECRET }, { headers: { etag: SECRET } }),
    );
    const token = await gateway.issuer.token({ sub: `alice-${SECRET}` });
    const headers = { authorization: `Bearer ${token}`, "user-agent": SECRET, cookie: SECRET };
    const call: Call = { claims: null, headers };
    await gateway.start(
      { inputs: { password: SECRET }, callback_url: `https://client.example/${SECRET}`, idempotency_id: ID },
      call,
    );
    await gateway.call(`/actions/v1/apps/${SECRET}?q=${SECRET}`, call);
    await gateway.start({ page: { [SECRET]: 1 } }, call);
    expect(lines("request.served")).toHaveLength(3);
    expect(written.join()).not.toContain(SECRET);
    for (const part of token.split(".")) expect(written.join()).not.toContain(part);
  });

  it("not a token that was refused, only why", async () => {
    const gateway = await makeGateway();
    const token = await gateway.issuer.token({ exp: 1_000_000_000, sub: SECRET });
    const authorization = `Bearer ${token}`;
    const { headers } = await gateway.start({}, { claims: null, headers: { authorization } });
    expect(lines("caller.refused")).toEqual([
      {
        time: expect.any(String),
        event: "caller.refused",
        request_id: headers.get("x-request-id"),
        reason: "token.expired",
      },
    ]);
    for (const part of token.split(".")) expect(written.join()).not.toContain(part);
  });

  const error = new Error("Durable Object reset", { cause: new Error(SECRET) });
  const fetching = new TypeError(`Fetch API cannot load: https://client.example/${SECRET}?token=${SECRET}`);
  const redirect = new Error(`redirect from http://a.example/?${SECRET} to https://b.example/#${SECRET}`);
  const parsing = new SyntaxError(`Unexpected token 'h', "${SECRET}" is not valid JSON`);
  it.each([
    ["of an error, its name and message: no stack, no cause", error, "Error: Durable Object reset"],
    ["not the URL that fetch() cannot load", fetching, "TypeError: Fetch API cannot load: <url>"],
    ["not two URLs among words", redirect, "Error: redirect from <url> to <url>"],
    ["not the text that the JSON parser stumbled over", parsing, "SyntaxError"],
  ])("%s", async (_what, thrown, logged) => {
    const gateway = await makeGateway(
      {},
      failing(/^USER_GATE/, () => thrown),
    );
    await gateway.start({}, { circumstances: { rateLimit: "any" } });
    expect(lines("gate.unavailable")).toEqual([
      {
        time: expect.any(String),
        event: "gate.unavailable",
        gate: (await gateway.gateOf()).id.toString(),
        error: logged,
      },
    ]);
    expect(written.join()).not.toMatch(/hunter2|\bat \w+|\.ts:/);
  });
});
