// SECURITY-CASES, Requests: headers towards the upstream, and answers. Nothing of the caller can set what the edge
// itself asserts; nothing of the upstream can set what the edge itself promises.
import { beforeAll, describe, expect, it } from "vitest";
import { ACTION, type Answer, type Call, type Gateway, makeGateway, RUN_PATH } from "../support/gateway.ts";
import { type Asked, errorBody, json } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import { expectProblem, itAddsUp, JSON_TYPE, remainingOf, somebody } from "./bench.ts";
import { identityOf } from "./identity.ts";

const RUN = "abcdef00-abcd-4abc-8def-abcdef001122";
const STORED = `/actions/v1/stored-actions/${ACTION}`;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

const tally = { refused: 0, served: 0 };
let gateway: Gateway;

beforeAll(async () => {
  gateway = await makeGateway();
  gateway.upstream.runs.set("known", RUN);
  gateway.upstream.behave(({ method }, honest) => (method === "PUT" ? json(200, { data: {} }) : honest()));
});

/** The three ways to the upstream, and the headers that reach it on each when the caller sends what an honest one does. */
const WAYS: { name: string; path: string; call: Call; arrives: string[] }[] = [
  {
    name: "a start",
    path: RUN_PATH,
    call: { method: "POST", body: '{"data":{}}', headers: JSON_TYPE },
    arrives: ["authorization", "content-type", "traceparent", "x-request-id"],
  },
  {
    name: "a read",
    path: `${STORED}/runs/${RUN}`,
    call: {},
    arrives: ["accept", "authorization", "traceparent", "x-request-id"],
  },
  {
    name: "a pass-through",
    path: STORED,
    call: { method: "PUT", body: "{}", headers: JSON_TYPE },
    arrives: ["authorization", "content-type", "traceparent", "x-request-id"],
  },
];

describe("a header that a caller may not send on does not arrive", () => {
  it.each<[string, string]>([
    ...words`
      Proxy-Connection Trailer HTTP2-Settings Sec-WebSocket-Key Sec-WebSocket-Protocol X-Forwarded-Proto
      X-Forwarded-Server X-Forwarded-User X-Forwarded-Access-Token X-Forwarded-Client-Cert X-Original-Host
      X-Host CF-Ray CF-Worker CF-Access-Jwt-Assertion CF-Access-Client-Secret X-User X-User-Id X-Account-Id
      X-Auth-Request-User X-Remote-User Remote-User X-Consumer-Username X-Api-Key X-Internal X-Scope
      Idempotency-Key X-Idempotency-Id X_Idempotency_Id X-Request-Id X_Request_Id X-Correlation-Id traceparent
      X-B3-TraceId X-Cloud-Trace-Context webhook-id Callback-Signature Content-MD5 If-Range Cache-Control
      Pragma Accept-Encoding Surrogate-Capability X-Invented`.map((name): [string, string] => [
      name,
      "spoofed",
    ]),
    ["Connection", "keep-alive"],
    ["Connection", "close, x-spoofed"],
    ["Connection", "authorization, x-request-id, traceparent, content-type"],
    ["Keep-Alive", "timeout=spoofed"],
    ["Proxy-Authenticate", "Basic realm=spoofed"],
    ["Proxy-Authorization", "Basic spoofed"],
    ["TE", "trailers, spoofed"],
    ["Transfer-Encoding", "chunked"],
    ["Transfer-Encoding", "spoofed, chunked"],
    ["Upgrade", "websocket"],
    ["Upgrade", "h2c"],
    ["X-Forwarded-For", "127.0.0.1, spoofed"],
    ["X-Forwarded-Host", "spoofed.example"],
    ["X-Forwarded-Port", "1"],
    ["X-Forwarded-Prefix", "/spoofed"],
    ["X-Forwarded-Uri", "/spoofed"],
    ["X-Forwarded-Method", "DELETE"],
    ["Forwarded", "for=spoofed"],
    ["X-Real-IP", "127.0.0.1"],
    ["X-Client-IP", "127.0.0.1"],
    ["X-Original-URL", "/spoofed"],
    ["X-Rewrite-URL", "/spoofed"],
    ["X-HTTP-Method-Override", "DELETE"],
    ["X-HTTP-Method", "DELETE"],
    ["X-Method-Override", "DELETE"],
    ["True-Client-IP", "127.0.0.1"],
    ["Via", "1.1 spoofed"],
    ["CF-Connecting-IP", "127.0.0.1"],
    ["CF-Connecting-IPv6", "::1"],
    ["CF-Visitor", '{"scheme":"spoofed"}'],
    ["CF-IPCountry", "XX"],
    ["CF-EW-Via", "15"],
    ["CF-Access-Authenticated-User-Email", "admin@spoofed.example"],
    ["CDN-Loop", "cloudflare; loops=99"],
    ["Cookie", "session=spoofed"],
    ["Cookie2", "$Version=spoofed"],
    ["X-Sandbox-User", '["https://login.example","spoofed"]'],
    ["X-Billing", '{"is_billable":false}'],
    ["tracestate", "spoofed=1"],
    ["baggage", "user=spoofed"],
    ["b3", "0"],
    ["webhook-signature", "v1a,spoofed"],
    ["X-RateLimit-Limit", "1000"],
    ["Host", "spoofed.example"],
    ["Origin", "https://spoofed.example"],
    ["Referer", "https://spoofed.example"],
    ["Content-Length", "3"],
    ["Expect", "100-continue"],
    ["Range", "bytes=0-1"],
    ["Max-Forwards", "0"],
    ["Early-Data", "1"],
  ])("%s: %s", async (name, value) => {
    for (const { path, call, arrives } of WAYS) {
      const answer = await served(path, { ...call, headers: { ...call.headers, [name]: value } });
      const asked = lastAsked();
      expect([...asked.headers.keys()].toSorted()).toEqual(arrives);
      expect([...asked.headers.values()].filter((sent) => /spoofed/i.test(sent))).toEqual([]);
      expect(asked.headers.get("x-request-id")).toBe(answer.headers.get("x-request-id"));
      expect(asked.headers.get("traceparent")).toMatch(TRACEPARENT);
      expect(asked.headers.get("authorization")).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
      expect(asked.method).toBe(call.method ?? "GET");
      tally.refused += 1;
    }
  });

  it("all that may pass does, on a pass-through", async () => {
    const sent = {
      accept: "application/vnd.api+json",
      "accept-language": "de",
      "content-type": "application/merge-patch+json",
      "if-match": '"1"',
      "if-none-match": '"2"',
      prefer: "return=minimal",
      "user-agent": "client/1.0",
    };
    await served(STORED, { method: "PUT", body: "{}", headers: sent });
    const { headers } = lastAsked();
    expect(Object.fromEntries([...headers].filter(([name]) => name in sent))).toEqual(sent);
    expect(headers.get("authorization")).not.toBeNull();
    tally.served += 1;
  });

  it.each(WAYS)("$name without any of them is served alike", async ({ path, call, arrives }) => {
    await served(path, call);
    expect([...lastAsked().headers.keys()].toSorted()).toEqual(arrives);
    tally.served += 1;
  });
});

describe("the caller's identity reaches the upstream in the gateway's own words", () => {
  it.each(WAYS)("$name", async ({ path, call }) => {
    for (const scheme of ["Bearer", "bearer", "JWT"]) {
      const claims = somebody();
      const token = await gateway.issuer.token({ ...claims, act: { sub: "admin" }, scope: "external extra" });
      const headers = { ...call.headers, authorization: `${scheme} ${token}` };
      await gateway.call(path, { ...call, claims: null, headers });
      const asked = lastAsked();
      expect(JSON.stringify([...asked.headers])).not.toContain(token);
      const { iss, sub, sub_id, scope, act } = await identityOf(gateway, asked);
      expect({ iss, sub, sub_id, scope, act }).toEqual({
        iss: "http://127.0.0.1:8787",
        sub: claims.sub,
        sub_id: { format: "iss_sub", iss: "https://login.example", sub: claims.sub },
        scope: "external extra",
        act: undefined,
      });
      tally.served += 1;
    }
  });

  it("a second Authorization header is refused, not chosen from", async () => {
    const mine = await gateway.issuer.token(somebody());
    const theirs = await gateway.issuer.token(somebody());
    const asked = gateway.upstream.asked.length;
    const headers = { authorization: `Bearer ${mine}, Bearer ${theirs}` };
    const answer = await gateway.call(STORED, { claims: null, headers, circumstances: { rateLimit: "off" } });
    expectProblem(answer, 401, null);
    expect(gateway.upstream.asked).toHaveLength(asked);
    tally.refused += 1;
  });

  it("an upstream that checks callers' tokens gets the token, and nothing else of the caller's", async () => {
    const passing = await makeGateway({ UPSTREAM_AUTH: "caller" }, undefined, { issuer: gateway.issuer });
    const token = await passing.issuer.token(somebody());
    const headers = { authorization: `JWT ${token}`, cookie: "a=b", "x-forwarded-for": "1.1.1.1" };
    await passing.call(STORED, { claims: null, headers, circumstances: { errorFrom: "upstream" } });
    const [asked] = passing.upstream.asked;
    expect(asked?.headers.get("authorization")).toBe(`Bearer ${token}`);
    expect([...(asked?.headers.keys() ?? [])].toSorted()).toEqual([
      "authorization",
      "traceparent",
      "x-request-id",
    ]);
    tally.refused += 1;
    tally.served += 1;
  });
});

describe("a trace is continued, never imposed", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const spanId = "00f067aa0ba902b7";

  it.each([
    ...words`
    spoofed 00-${"0".repeat(32)}-${spanId}-01 00-${traceId}-${"0".repeat(16)}-01 ff-${traceId}-${spanId}-01
    00-${traceId.toUpperCase()}-${spanId}-01 00-${traceId}-${spanId} 00-${traceId}-${spanId}-1
    00-${traceId}-${spanId}-zz 00-${traceId.slice(1)}-${spanId}-01 0-${traceId}-${spanId}-01
    x00-${traceId}-${spanId}-01 00_${traceId}_${spanId}_01`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  ])("traceparent %s begins a new one", async (traceparent) => {
    const headers = { ...JSON_TYPE, traceparent, tracestate: "vendor=spoofed" };
    await served(RUN_PATH, { method: "POST", body: '{"data":{}}', headers });
    const asked = lastAsked();
    expect(asked.headers.get("traceparent")).toMatch(TRACEPARENT);
    expect(asked.headers.get("traceparent")?.toLowerCase()).not.toContain(traceId);
    expect(asked.headers.get("traceparent")).not.toContain(spanId);
    expect(asked.headers.get("tracestate")).toBeNull();
    tally.refused += 1;
  });

  it("a well-formed one goes on under a span of the gateway's own", async () => {
    const headers = { ...JSON_TYPE, traceparent: `00-${traceId}-${spanId}-01`, tracestate: "vendor=1" };
    await served(RUN_PATH, { method: "POST", body: '{"data":{}}', headers });
    const asked = lastAsked();
    expect(asked.headers.get("traceparent")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(asked.headers.get("traceparent")).not.toContain(spanId);
    expect(asked.headers.get("tracestate")).toBe("vendor=1");
    tally.served += 1;
  });

  it("a tracestate of any length does not go on", async () => {
    const tracestate = `vendor=${"x".repeat(5000)}`;
    const headers = { ...JSON_TYPE, traceparent: `00-${traceId}-${spanId}-01`, tracestate };
    await served(RUN_PATH, { method: "POST", body: '{"data":{}}', headers });
    expect(lastAsked().headers.get("tracestate")).toBeNull();
    tally.refused += 1;
  });
});

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

/** What an upstream might say, each value marked. */
const LEAKING: [string, string][] = [
  ...words`
    X-Powered-By X-AspNet-Version X-Runtime Proxy-Authentication-Info TE Trailer Transfer-Encoding Upgrade
    Access-Control-Allow-Credentials X-Content-Type-Options Referrer-Policy Permissions-Policy Clear-Site-Data
    NEL Report-To Reporting-Endpoints Service-Worker-Allowed SourceMap Public-Key-Pins X-Request-Id
    traceparent Authentication-Info Cookie CF-Ray CF-Cache-Status X-Forwarded-For X-RateLimit-Limit
    X-RateLimit-Remaining X-RateLimit-Reset RateLimit RateLimit-Policy Idempotency-Replayed
    Idempotency-Payload-Mismatch webhook-signature Age X-Invented`.map((name): [string, string] => [
    name,
    "leaked",
  ]),
  ["Set-Cookie", "session=leaked; HttpOnly"],
  ["Set-Cookie2", "session=leaked"],
  ["Server", "leaked/1.0"],
  ["X-Backend", "leaked.internal"],
  ["Via", "1.1 leaked.internal"],
  ["Connection", "x-leaked"],
  ["Keep-Alive", "timeout=leaked"],
  ["Proxy-Authenticate", "Basic realm=leaked"],
  ["WWW-Authenticate", "Basic realm=leaked"],
  ["Location", "http://leaked.internal/"],
  ["Content-Location", "http://leaked.internal/"],
  ["Refresh", "0; url=http://leaked.internal/"],
  ["Access-Control-Allow-Origin", "https://leaked.example"],
  ["Content-Security-Policy", "default-src leaked"],
  ["Strict-Transport-Security", "max-age=0; leaked"],
  ["X-Frame-Options", "ALLOW-FROM leaked"],
  ["Alt-Svc", 'h3="leaked.internal:443"'],
  ["Server-Timing", "leaked;dur=1"],
  ["Authorization", "Bearer leaked"],
  ["Warning", "199 leaked"],
];

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
    const leaky = await makeGateway({}, undefined, { issuer: gateway.issuer });
    leaky.upstream.behave((asked) => {
      const response = honest[kind]?.(asked) ?? json(500, {});
      for (const [name, value] of LEAKING) response.headers.append(name, value);
      return response;
    });
    const circumstances = { errorFrom: status === 422 ? "upstream" : "edge" } as const;
    const answer = await leaky.call(way?.path ?? "", { ...way?.call, claims: somebody(), circumstances });
    expect(answer.status).toBe(status);
    expect([...answer.headers.keys()].toSorted()).toEqual([...OURS, ...window].toSorted());
    expect(JSON.stringify([...answer.headers])).not.toContain("leaked");
    expect(answer.text).not.toContain("leaked");
    tally.refused += LEAKING.length;
  });

  it("what describes the body passes, on a read and on a pass-through", async () => {
    const said = {
      "cache-control": "private, max-age=1",
      "content-language": "de",
      etag: '"1"',
      "last-modified": "Tue, 24 Nov 2026 00:00:00 GMT",
      vary: "accept-language",
    };
    const polite = await makeGateway({}, undefined, { issuer: gateway.issuer });
    polite.upstream.behave(() => json(200, { type: "run", id: RUN, status: "waiting" }, said));
    for (const path of [`${STORED}/runs/${RUN}`, STORED]) {
      const answer = await polite.call(path, { claims: somebody() });
      expect(Object.fromEntries([...answer.headers].filter(([name]) => name in said))).toEqual(said);
      tally.served += 1;
    }
  });
});

describe("a redirect of the upstream is neither followed nor shown", () => {
  it.each([300, 301, 302, 303, 307, 308])("%i", async (status) => {
    for (const { path, call } of WAYS) {
      const lost = await makeGateway({}, undefined, { issuer: gateway.issuer });
      lost.upstream.behave(
        () =>
          new Response("see http://leaked.internal/", {
            status,
            headers: { location: "http://leaked.internal/" },
          }),
      );
      const answer = await lost.call(path, { ...call, claims: somebody() });
      expectProblem(answer, 500, null);
      expect(answer.headers.get("location")).toBeNull();
      expect(answer.text).not.toContain("leaked");
      expect(lost.upstream.asked.map((asked) => asked.path)).toEqual([path]);
      tally.refused += 1;
    }
  });

  it.each(WAYS)("$name that is no redirect is served", async ({ path, call }) => {
    await served(path, call);
    tally.served += 1;
  });
});

const INJECTION = "x\r\nSet-Cookie: session=leaked\r\n\r\n<script>";

describe("line breaks in the upstream's data make no header", () => {
  it("in a run's id: that is no id, and nothing was started that a caller could name", async () => {
    const answer = await injected(0, () => json(202, { data: { type: "run", id: INJECTION } }));
    expectProblem(answer, 500, null);
  });

  it("in each member of an error", async () => {
    for (const member of ["code", "title", "detail"]) {
      const body = { errors: [{ ...refusal(), [member]: INJECTION }] };
      const answer = await injected(0, () => json(403, body), { circumstances: { errorFrom: "upstream" } });
      expect([answer.status, answer.body.errors[0][member]]).toEqual([403, INJECTION]);
    }
  });

  it("in an error's source and meta", async () => {
    const body = {
      errors: [{ ...refusal(), source: { pointer: INJECTION }, meta: { [INJECTION]: INJECTION } }],
    };
    const answer = await injected(2, () => json(409, body), { circumstances: { errorFrom: "upstream" } });
    expect([answer.status, answer.body.errors[0].source.pointer]).toEqual([409, INJECTION]);
  });

  it("in an error's status", async () => {
    const body = { errors: [{ ...refusal(), status: INJECTION }] };
    const answer = await injected(0, () => json(403, body), { circumstances: { errorFrom: "upstream" } });
    expect([answer.status, answer.body.errors[0].status]).toEqual([403, 403]);
  });

  it.each([["1, 2"], ["-1"], ["1e9"], ["Tue, 24 Nov 2026 00:00:00 GMT"], ["1; leaked"], [""]])(
    "Retry-After %j is not taken over",
    async (value) => {
      const answer = await injected(
        0,
        () => json(429, errorBody(429, "slow_down"), { "retry-after": value }),
        {
          circumstances: { errorFrom: "upstream" },
        },
      );
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "1"]);
    },
  );

  it("an honest Retry-After, id and error pass", async () => {
    const polite = await makeGateway({}, undefined, { issuer: gateway.issuer });
    const call = { claims: somebody(), circumstances: { errorFrom: "upstream" } } as const;
    polite.upstream.behave(() => json(429, errorBody(429, "slow_down"), { "retry-after": "7" }));
    const limited = await polite.start({}, call);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(limited.body.errors[0].detail).toBe("detail of slow_down");
    polite.upstream.behave((_asked, honest) => honest());
    const started = await polite.start({}, call);
    expect([started.status, remainingOf(started)]).toEqual([202, 198]);
    tally.served += 2;
  });
});

itAddsUp(tally, { refused: 723, served: 22 });

/** The upstream answers crookedly on one of the WAYS; nothing of it may stand in a header. */
async function injected(way: number, answerWith: () => Response, call: Call = {}): Promise<Answer> {
  const crooked = await makeGateway({}, undefined, { issuer: gateway.issuer });
  crooked.upstream.behave(answerWith);
  const { path = "", call: base = {} } = WAYS[way] ?? {};
  const answer = await crooked.call(path, { ...base, claims: somebody(), ...call });
  const allowed = [...OURS, ...WINDOW, "retry-after"];
  expect([...answer.headers.keys()].filter((name) => !allowed.includes(name))).toEqual([]);
  expect(JSON.stringify([...answer.headers])).not.toContain("leaked");
  expect(answer.text).not.toContain("\r");
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  tally.refused += 1;
  return answer;
}

function refusal() {
  const meta: Record<string, unknown> = {};
  return { status: 403, code: "refused", title: "Refused", detail: "no", source: null, meta };
}

/** Without a limit, because one user sends it all. */
async function served(path: string, call: Call): Promise<Answer> {
  const claims = { rate_limit: { exempt: true } };
  const answer = await gateway.call(path, { ...call, claims, circumstances: { rateLimit: "off" } });
  expect([200, 202]).toContain(answer.status);
  return answer;
}

function lastAsked(): Asked {
  const asked = gateway.upstream.asked.at(-1);
  if (asked === undefined) throw new Error("the upstream was not asked");
  return asked;
}
