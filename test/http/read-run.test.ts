// Reading a run: the upstream's status and body, byte for byte, at once or when the run has ended.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { never } from "../support/bindings.ts";
import { moveClock, SECOND, stopClock } from "../support/clock.ts";
import { ACTION, type Call, type Gateway, makeGateway } from "../support/gateway.ts";
import { gzip } from "../support/gzip.ts";
import { errorBody, json } from "../support/upstream.ts";

const RUN_ID = "b1e7a1d0-0000-4000-8000-000000000001";
const PATH = `/actions/v1/stored-actions/${ACTION}/runs/${RUN_ID}`;
const ONE_OFF = `/actions/v1/runs/${RUN_ID}`;
const FROM_UPSTREAM: Call = { circumstances: { errorFrom: "upstream" } };

const WAITING = `{"type":"run","id":"${RUN_ID}","status":"waiting"}`;
const ENDED = `{ "type":"run","id":"${RUN_ID}","status":"success","results":[{"n":12345678901234567890,"x":1.10}] }\n`;
const FAILED = `{"type":"run","id":"${RUN_ID}","status":"error","results":[],"errors":[{"code":"partner","title":"t","detail":"d"}]}`;

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

type Poll = () => Response | Promise<Response>;

const say = (status: number, body: string): Poll => {
  return () => new Response(body, { status, headers: { "content-type": "application/json" } });
};
const after = (ms: number, poll: Poll): Poll => {
  return () => {
    moveClock(ms);
    return poll();
  };
};
const wrap = (body: string) => `{"data":${body}}`;
/** In a coding that nothing here decodes. */
const encoded = (status: number): Poll => {
  return () => new Response(ENDED, { status, headers: { "content-encoding": "deflate" } });
};
const lose: Poll = () => Promise.reject(new Error("Network connection lost."));

/** The upstream answers each poll so, the last one for ever. */
async function gatewaySeeing(polls: Poll[], vars: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await makeGateway(vars);
  gateway.upstream.behave(() => {
    const poll = polls[Math.min(gateway.upstream.asked.length, polls.length) - 1];
    return poll === undefined ? json(500, {}) : poll();
  });
  return gateway;
}

describe("a read passes the upstream's answer on byte for byte", () => {
  it.each<{ name: string; path: string; status: number; body: string }>([
    { name: "a run that has ended", path: PATH, status: 200, body: ENDED },
    { name: "a run that failed", path: PATH, status: 200, body: FAILED },
    { name: "a run that waits", path: PATH, status: 202, body: WAITING },
    { name: "a run that waits, at an upstream that says 200", path: PATH, status: 200, body: WAITING },
    { name: "a one-off run that has ended", path: ONE_OFF, status: 200, body: wrap(ENDED) },
    { name: "a one-off run that waits", path: ONE_OFF, status: 202, body: wrap(WAITING) },
  ])("$name, also in x-gzip", async ({ path, status, body }) => {
    const headers = { "content-type": "application/json", "content-encoding": "x-gzip" };
    const respelled = () => new Response(gzip(body), { status, headers });
    const coded = await (await gatewaySeeing([respelled])).call(path);
    expect([coded.status, coded.text]).toEqual([status, body]);
    const gateway = await gatewaySeeing([say(status, body)]);
    const answer = await gateway.call(path);
    expect([answer.status, answer.text]).toEqual([status, body]);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(gateway.upstream.asked).toHaveLength(1);
  });

  it("asks at the same path, ids in lower case, without the gateway's own parameter", async () => {
    const gateway = await gatewaySeeing([say(200, ENDED)]);
    await gateway.call(`${PATH.replace(RUN_ID, RUN_ID.toUpperCase())}?wait_seconds=5`);
    expect(gateway.upstream.asked[0]).toMatchObject({ method: "GET", path: PATH, body: "" });
    expect(gateway.upstream.asked[0]?.headers.get("accept")).toBe("application/json");
  });

  it("HEAD has no body", async () => {
    const gateway = await gatewaySeeing([say(200, ENDED)]);
    const { status, text } = await gateway.call(PATH, { method: "HEAD" });
    expect([status, text]).toEqual([200, ""]);
  });
});

describe("wait_seconds holds the request", () => {
  it.each<[name: string, path: string, polls: Poll[], body: string]>([
    ["while the upstream says 202", PATH, [say(202, WAITING), say(202, WAITING), say(200, ENDED)], ENDED],
    ["while it says 200 and waiting", PATH, [say(200, WAITING), say(200, WAITING), say(200, ENDED)], ENDED],
    [
      "while it says so in what is no JSON",
      PATH,
      [say(200, `\ufeff${WAITING}`), say(200, WAITING.replace("}", `,"eta":NaN}`)), say(200, ENDED)],
      ENDED,
    ],
    [
      "while a one-off run waits",
      ONE_OFF,
      [say(200, wrap(WAITING)), say(202, wrap(WAITING)), say(200, wrap(ENDED))],
      wrap(ENDED),
    ],
    ["over a 503", PATH, [say(202, WAITING), say(503, "down"), say(200, ENDED)], ENDED],
    ["over a time-out", PATH, [say(202, WAITING), never, say(200, ENDED)], ENDED],
  ])("%s", async (_name, path, polls, body) => {
    const gateway = await gatewaySeeing(polls, { UPSTREAM_TIMEOUT_MS: "100" });
    const answer = await gateway.call(`${path}?wait_seconds=20`);
    expect([answer.status, answer.text]).toEqual([200, body]);
    expect(gateway.upstream.asked).toHaveLength(3);
  });

  it.each<[name: string, polls: Poll[]]>([
    ["waits", [after(2 * SECOND, say(202, WAITING))]],
    ["cannot be read", [say(202, WAITING), after(3 * SECOND, say(503, "down"))]],
  ])("no longer than it says while the run %s: then its last answer is shown", async (_name, polls) => {
    stopClock();
    const gateway = await gatewaySeeing(polls);
    const answer = await gateway.call(`${PATH}?wait_seconds=5`);
    expect([answer.status, answer.text]).toEqual([202, WAITING]);
    expect(gateway.upstream.asked).toHaveLength(3);
  });

  it.each<[name: string, poll: Poll]>([
    ["hangs", never],
    ["never ends its answer", () => new Response(new IdentityTransformStream().readable)],
  ])("no longer than it says while the upstream %s: then its last answer is shown", async (_name, poll) => {
    const gateway = await gatewaySeeing([say(202, WAITING), poll]);
    const startedAtMs = performance.now();
    const answer = await gateway.call(`${PATH}?wait_seconds=1`);
    expect([answer.status, answer.text]).toEqual([202, WAITING]);
    expect(performance.now() - startedAtMs).toBeLessThan(3 * SECOND);
  });

  it.each([
    ["has ended", say(200, ENDED), 200],
    ["the upstream does not know", say(404, JSON.stringify(errorBody(404, "not_found"))), 404],
  ] as const)("not at all for a run that %s", async (_name, poll, status) => {
    const gateway = await gatewaySeeing([poll]);
    expect((await gateway.call(`${PATH}?wait_seconds=30`, FROM_UPSTREAM)).status).toBe(status);
    expect(gateway.upstream.asked).toHaveLength(1);
  });

  it("costs one read of the limit, however many polls", async () => {
    const gateway = await gatewaySeeing([say(202, WAITING), say(202, WAITING), say(200, ENDED)]);
    const { headers } = await gateway.call(`${PATH}?wait_seconds=20`);
    expect(headers.get("x-ratelimit-remaining")).toBe("5999");
  });

  it.each(["31", "1&wait_seconds=30", "5&wait_seconds=5"])("is refused as %s", async (seconds) => {
    const gateway = await gatewaySeeing([say(200, ENDED)]);
    const answer = await gateway.call(`${PATH}?wait_seconds=${seconds}`);
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ code: "bad_request", source: { parameter: "wait_seconds" } }] },
    });
    expect(gateway.upstream.asked).toEqual([]);
  });
});

describe("a large result", () => {
  const HEAD = `{"type":"run","id":"${RUN_ID}","status":"success","results":["`;
  const TAIL = '"],"errors":[]}';

  it.each(["", "?wait_seconds=10"])("of 8 MB passes whole (%j)", async (query) => {
    const body = HEAD + "x".repeat(8 * 1024 * 1024) + TAIL;
    const gateway = await gatewaySeeing([say(200, body)]);
    const { text } = await gateway.call(PATH + query);
    expect(text.length).toBe(body.length);
    expect(text === body).toBe(true);
  });

  it.each(["", "?wait_seconds=10"])("is on its way before its end is there (%j)", async (query) => {
    const encoder = new TextEncoder();
    const body = HEAD + "x".repeat(40_000);
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const gateway = await gatewaySeeing([() => new Response(readable)]);
    const begun = writer.write(encoder.encode(body));
    const response = await gateway.begin(PATH + query).response;
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let received = "";
    while (received.length < body.length) received += (await text?.read())?.value ?? "";
    expect(received).toBe(body);
    await begun;
    const rest = Promise.all([writer.write(encoder.encode(TAIL)), writer.close()]);
    expect(await text?.read()).toEqual({ done: false, value: TAIL });
    await rest;
  });
});

describe("an upstream that has trouble", () => {
  it.each<{ name: string; first: Poll }>([
    { name: "a 503", first: say(503, "down") },
    { name: "a 502", first: say(502, "down") },
    { name: "a lost connection", first: lose },
  ])("is asked once more after $name", async ({ first }) => {
    const gateway = await gatewaySeeing([first, say(200, ENDED)]);
    expect((await gateway.call(PATH)).text).toBe(ENDED);
    expect(gateway.upstream.asked).toHaveLength(2);
  });

  it.each<{ name: string; poll: Poll; status: number; code: string; asked: number }>([
    { name: "503 for good", poll: say(503, "down"), status: 503, code: "service_unavaiable", asked: 2 },
    { name: "lost for good", poll: lose, status: 503, code: "service_unavaiable", asked: 2 },
    {
      name: "a 404 of 100 KB",
      poll: say(404, JSON.stringify({ errors: [{ code: "x", pad: "x".repeat(100_000) }] })),
      status: 404,
      code: "not_found",
      asked: 1,
    },
    { name: "a redirect", poll: say(302, ""), status: 500, code: "external_service_error", asked: 1 },
    { name: "another coding", poll: encoded(200), status: 500, code: "external_service_error", asked: 1 },
    { name: "a 202 in it", poll: encoded(202), status: 500, code: "external_service_error", asked: 1 },
    { name: "a 404 in it", poll: encoded(404), status: 404, code: "not_found", asked: 1 },
    { name: "a 201", poll: say(201, "{}"), status: 500, code: "external_service_error", asked: 1 },
  ])("$name is shown as $status $code", async ({ poll, status, code, asked }) => {
    const gateway = await gatewaySeeing([poll]);
    for (const query of ["", "?wait_seconds=5"]) {
      const answer = await gateway.call(PATH + query);
      expect([answer.status, answer.body.errors[0].code]).toEqual([status, code]);
      expect(answer.text).not.toContain("html");
    }
    expect(gateway.upstream.asked).toHaveLength(2 * asked);
  });

  it("keeps what it says in the envelope", async () => {
    const gateway = await gatewaySeeing([say(404, JSON.stringify(errorBody(404, "run_gone")))]);
    const answer = await gateway.call(PATH, FROM_UPSTREAM);
    expect(answer).toMatchObject({
      status: 404,
      body: { errors: [{ code: "run_gone", detail: "detail of run_gone", meta: { from: "upstream" } }] },
    });
  });
});
