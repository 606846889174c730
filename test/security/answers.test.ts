// docs/security.md, Requests and answers: answers. Nothing of the upstream can set what the edge itself promises.
import { describe, expect, it } from "vitest";
import { type Answer, type Call, makeGateway } from "../support/gateway.ts";
import { type Asked, errorBody, json } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import { expectProblem, itAddsUp, newUser, readRemaining } from "./bench.ts";
import { RUN, STORED, WAYS } from "./ways.ts";

const counts = { refused: 0, served: 0 };

/** On every answer of the gateway. */
const OURS = words`
  cache-control content-security-policy content-type referrer-policy server-timing x-content-type-options
  x-request-id`;
const WINDOW = [
  "ratelimit",
  "ratelimit-policy",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
];

/** What an upstream might say. */
const LEAKING = words`
  Set-Cookie Set-Cookie2 Server X-Backend X-Powered-By X-AspNet-Version X-Runtime Via Connection Keep-Alive
  Proxy-Authenticate Proxy-Authentication-Info TE Trailer Transfer-Encoding Upgrade WWW-Authenticate
  Authentication-Info Authorization Cookie Location Content-Location Refresh Access-Control-Allow-Origin
  Access-Control-Allow-Credentials Content-Security-Policy Strict-Transport-Security X-Frame-Options
  X-Content-Type-Options Referrer-Policy Permissions-Policy Clear-Site-Data NEL Report-To
  Reporting-Endpoints Service-Worker-Allowed SourceMap Public-Key-Pins Alt-Svc Server-Timing X-Request-Id
  traceparent CF-Ray CF-Cache-Status X-Forwarded-For X-RateLimit-Limit X-RateLimit-Remaining
  X-RateLimit-Reset RateLimit RateLimit-Policy Idempotency-Replayed Idempotency-Payload-Mismatch
  webhook-signature Age Warning X-Invented`;

describe("a header of the upstream's own does not pass back", () => {
  const honest: Record<string, (asked: Asked) => Response> = {
    "a start": () => json(202, { data: { type: "run", id: RUN } }),
    "a read": () => json(200, { type: "run", id: RUN, status: "waiting" }),
    "a pass-through": () => json(200, { data: {} }),
    "a pass-through with its own error": () => json(422, errorBody(422, "invalid")),
    "an error page": () =>
      new Response("<h1>leaked.internal</h1>", { status: 502, headers: { "content-type": "text/html" } }),
    "an error of ours": () => json(404, { message: "leaked.internal" }),
  };
  const ways = [
    { name: "a start", way: WAYS[0], status: 202, window: WINDOW },
    { name: "a read", way: WAYS[1], status: 200, window: WINDOW },
    { name: "a pass-through", way: WAYS[2], status: 200, window: [] },
    { name: "a pass-through with its own error", way: WAYS[2], status: 422, window: [] },
    { name: "an error page", way: WAYS[0], status: 503, window: [...WINDOW, "retry-after"] },
    { name: "an error page", way: WAYS[2], status: 503, window: ["retry-after"] },
    { name: "an error of ours", way: WAYS[1], status: 404, window: WINDOW },
  ];

  it.each(ways)("on $name ($status)", async ({ name: kind, way, status, window }) => {
    const leaky = await makeGateway();
    leaky.upstream.behave((asked) => {
      const response = honest[kind]?.(asked) ?? json(500, {});
      for (const name of LEAKING)
        response.headers.append(name, name === "Transfer-Encoding" ? "chunked" : "leaked");
      return response;
    });
    const circumstances = { errorFrom: status === 422 ? "upstream" : "edge" } as const;
    const answer = await leaky.call(way?.path ?? "", { ...way?.call, claims: newUser(), circumstances });
    expect(answer.status).toBe(status);
    expect([...answer.headers.keys()].toSorted()).toEqual([...OURS, ...window].toSorted());
    expect(JSON.stringify([...answer.headers])).not.toContain("leaked");
    expect(answer.text).not.toContain("leaked");
    counts.refused += LEAKING.length;
  });

  it("what describes the body passes, on a read and on a pass-through", async () => {
    const said = {
      "content-language": "de",
      etag: '"1"',
      "last-modified": "Tue, 24 Nov 2026 00:00:00 GMT",
      vary: "accept-language",
    };
    const polite = await makeGateway();
    polite.upstream.behave(() => json(200, { type: "run", id: RUN, status: "waiting" }, said));
    for (const path of [`${STORED}/runs/${RUN}`, STORED]) {
      const answer = await polite.call(path, { claims: newUser() });
      expect(Object.fromEntries([...answer.headers].filter(([name]) => name in said))).toEqual(said);
      counts.served += 1;
    }
  });
});

describe("a redirect of the upstream is neither followed nor shown", () => {
  it.each([302, 307])("%i", async (status) => {
    for (const { path, call } of WAYS) {
      const broken = await makeGateway();
      broken.upstream.behave(
        () =>
          new Response("see http://leaked.internal/", {
            status,
            headers: { location: "http://leaked.internal/" },
          }),
      );
      const answer = await broken.call(path, { ...call, claims: newUser() });
      expectProblem(answer, 500, null);
      expect(answer.headers.get("location")).toBeNull();
      expect(answer.text).not.toContain("leaked");
      expect(broken.upstream.asked.map((asked) => asked.path)).toEqual([path]);
      counts.refused += 1;
    }
  });
});

const INJECTION = "x\r\nSet-Cookie: session=leaked\r\n\r\n<script>";

describe("line breaks in the upstream's data make no header", () => {
  it("in a run's id: that is no id, and nothing was started that a caller could name", async () => {
    const answer = await injected(0, () => json(202, { data: { type: "run", id: INJECTION } }));
    expectProblem(answer, 500, null);
  });

  it("in any member of an error", async () => {
    const said = { code: INJECTION, title: INJECTION, detail: INJECTION, source: { pointer: INJECTION } };
    const body = { errors: [{ ...said, status: INJECTION, meta: { [INJECTION]: INJECTION } }] };
    for (const [way, status] of [
      [0, 403],
      [2, 409],
    ] as const) {
      const call = { circumstances: { errorFrom: "upstream" } } as const;
      const answer = await injected(way, () => json(status, body), call);
      expect([answer.status, answer.body.errors]).toMatchObject([status, [{ ...said, status }]]);
    }
  });

  it("nor is such a Retry-After taken over", async () => {
    const answer = await injected(
      0,
      () => json(429, errorBody(429, "slow_down"), { "retry-after": "1; leaked" }),
      { circumstances: { errorFrom: "upstream" } },
    );
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "1"]);
  });

  it("an honest Retry-After, id and error pass", async () => {
    const polite = await makeGateway();
    const call = { claims: newUser(), circumstances: { errorFrom: "upstream" } } as const;
    polite.upstream.behave(() => json(429, errorBody(429, "slow_down"), { "retry-after": "7" }));
    const limited = await polite.start({}, call);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(limited.body.errors[0].detail).toBe("detail of slow_down");
    polite.upstream.behave((_asked, honest) => honest());
    const started = await polite.start({}, call);
    expect([started.status, readRemaining(started)]).toEqual([202, 198]);
    counts.served += 2;
  });
});

const NEST = "[".repeat(9000) + "]".repeat(9000);

describe("the meta of an error keeps its numbers as they were written, if it is an object", () => {
  it.each([
    { meta: '{"big":12345678901234567890,"price":1.10,"list":[-0.0,1e400,1E-7],"n":1}', kept: true },
    { meta: "1.10", kept: false },
    { meta: "12345678901234567890", kept: false },
  ])("$meta: $kept", async ({ meta, kept }) => {
    const body = `{"errors":[{"code":"c","title":"t","detail":"d","source":null,"meta":${meta}}]}`;
    const call = { circumstances: { errorFrom: "upstream" } } as const;
    for (const way of [0, 1, 2]) {
      const { status, text } = await injected(way, () => new Response(body, { status: 403 }), call);
      expect([status, text.slice(text.indexOf('"meta"'))]).toEqual([403, `"meta":${kept ? meta : "{}"}}]}`]);
    }
  });

  it.each([
    { name: "nested too deeply to be printed", body: `{"errors":[{"code":"c","meta":{"a":${NEST}}}]}` },
    { name: "longer than 64 kB", body: JSON.stringify(errorBody(403, "long")).padEnd(65_537) },
  ])("an error that is $name is replaced, and keeps its status", async ({ body }) => {
    for (const way of [0, 1, 2])
      expectProblem(await injected(way, () => new Response(body, { status: 403 })), 403, null);
  });

  it("an honest error of 64 kB passes", async () => {
    const body = JSON.stringify(errorBody(403, "long")).padEnd(65_536);
    const call = { circumstances: { errorFrom: "upstream" } } as const;
    for (const way of [0, 1, 2]) {
      const answer = await injected(way, () => new Response(body, { status: 403 }), call);
      expect(answer.body.errors[0].code).toBe("long");
    }
  });
});

itAddsUp(counts, { refused: 420, served: 4 });

/** The upstream answers crookedly on one of the WAYS; nothing of it may stand in a header. */
async function injected(way: number, answerWith: () => Response, call: Call = {}): Promise<Answer> {
  const crooked = await makeGateway();
  crooked.upstream.behave(answerWith);
  const { path = "", call: base = {} } = WAYS[way] ?? {};
  const answer = await crooked.call(path, { ...base, claims: newUser(), ...call });
  const allowed = [...OURS, ...WINDOW, "retry-after"];
  expect([...answer.headers.keys()].filter((name) => !allowed.includes(name))).toEqual([]);
  expect(JSON.stringify([...answer.headers])).not.toContain("leaked");
  expect(answer.text).not.toContain("\r");
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  counts.refused += 1;
  return answer;
}
