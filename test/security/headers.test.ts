// docs/security.md, Requests and answers: headers towards the upstream. Nothing of the caller can set what the edge itself
// asserts.
import { describe, expect, it } from "vitest";
import { makeGateway, RUN_PATH } from "../support/gateway.ts";
import type { Asked } from "../support/upstream.ts";
import { words } from "../support/words.ts";
import { expectProblem, itAddsUp, JSON_TYPE, newUser } from "./bench.ts";
import { readIdentity } from "./identity.ts";
import { gatewayOfWays, STORED, served, WAYS } from "./ways.ts";

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

const counts = { refused: 0, served: 0 };
const gateway = await gatewayOfWays();

describe("a header that a caller may not send on does not arrive", () => {
  it.each<[string, string]>([
    ...words`
      Proxy-Connection Keep-Alive Proxy-Authenticate Proxy-Authorization TE Trailer HTTP2-Settings
      Sec-WebSocket-Key Sec-WebSocket-Protocol X-Forwarded-For X-Forwarded-Host X-Forwarded-Port
      X-Forwarded-Prefix X-Forwarded-Uri X-Forwarded-Proto X-Forwarded-Server X-Forwarded-User
      X-Forwarded-Access-Token X-Forwarded-Client-Cert Forwarded X-Real-IP X-Client-IP True-Client-IP
      X-Original-URL X-Rewrite-URL X-Original-Host X-Host Via CF-Connecting-IP CF-Connecting-IPv6 CF-Visitor
      CF-IPCountry CF-EW-Via CF-Ray CF-Worker CF-Access-Authenticated-User-Email CF-Access-Jwt-Assertion
      CF-Access-Client-Secret CDN-Loop Cookie Cookie2 X-User X-User-Id X-Account-Id X-Auth-Request-User
      X-Remote-User Remote-User X-Consumer-Username X-Api-Key X-Internal X-Scope X-Sandbox-User X-Billing
      X-Idempotency-Id X_Idempotency_Id X-Request-Id X_Request_Id X-Correlation-Id traceparent
      tracestate baggage b3 X-B3-TraceId X-Cloud-Trace-Context webhook-id webhook-signature
      Callback-Signature X-RateLimit-Limit Host Origin Referer Content-MD5 If-Range Cache-Control Pragma
      Accept-Encoding Max-Forwards Early-Data Surrogate-Capability X-Invented`.map(
      (name): [string, string] => [name, "spoofed"],
    ),
    ["Connection", "close, x-spoofed"],
    ["Connection", "authorization, x-request-id, traceparent, content-type"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "websocket"],
    ["X-HTTP-Method-Override", "DELETE"],
    ["X-HTTP-Method", "DELETE"],
    ["Expect", "100-continue"],
    ["Range", "bytes=0-1"],
  ])("%s: %s", async (name, value) => {
    for (const { path, call, arrives } of WAYS) {
      const answer = await served(gateway, path, { ...call, headers: { ...call.headers, [name]: value } });
      const asked = lastAsked();
      expect([...asked.headers.keys()].toSorted()).toEqual(arrives);
      expect([...asked.headers.values()].filter((sent) => /spoofed/i.test(sent))).toEqual([]);
      expect(asked.headers.get("x-request-id")).toBe(answer.headers.get("x-request-id"));
      expect(asked.headers.get("traceparent")).toMatch(TRACEPARENT);
      expect(asked.headers.get("authorization")).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
      expect(asked.method).toBe(call.method ?? "GET");
      counts.refused += 1;
    }
  });

  it("a Content-Length that is not the body's own ends the upload", async () => {
    const call = { method: "PUT", body: "{}", headers: { ...JSON_TYPE, "content-length": "3" } };
    expectProblem(await gateway.call(STORED, call), 400, { pointer: "" });
    counts.refused += 1;
  });

  it("all that may pass does, on a pass-through", async () => {
    const sent = {
      accept: "application/vnd.api+json",
      "accept-language": "de",
      "content-type": "application/merge-patch+json",
      "idempotency-key": "key-1",
      "if-match": '"1"',
      "if-modified-since": "Sun, 01 Jan 2040 00:00:00 GMT",
      "if-none-match": '"2"',
      "if-unmodified-since": "Sun, 01 Jan 2040 00:00:00 GMT",
      prefer: "return=minimal",
      "user-agent": "client/1.0",
    };
    await served(gateway, STORED, { method: "PUT", body: "{}", headers: sent });
    const { headers } = lastAsked();
    expect(Object.fromEntries([...headers].filter(([name]) => name in sent))).toEqual(sent);
    expect(headers.get("authorization")).not.toBeNull();
    counts.served += 1;
  });

  it.each(WAYS)("$name without any of them is served alike", async ({ path, call, arrives }) => {
    await served(gateway, path, call);
    expect([...lastAsked().headers.keys()].toSorted()).toEqual(arrives);
    counts.served += 1;
  });
});

describe("the caller's identity reaches the upstream in the gateway's own words", () => {
  it.each(WAYS)("$name", async ({ path, call }) => {
    for (const scheme of ["Bearer", "bearer", "JWT"]) {
      const claims = newUser();
      const token = await gateway.issuer.token({ ...claims, act: { sub: "admin" }, scope: "external extra" });
      const headers = { ...call.headers, authorization: `${scheme} ${token}` };
      await gateway.call(path, { ...call, claims: null, headers });
      const asked = lastAsked();
      expect(JSON.stringify([...asked.headers])).not.toContain(token);
      const { iss, sub, sub_id, scope, act } = await readIdentity(gateway, asked);
      expect({ iss, sub, sub_id, scope, act }).toEqual({
        iss: "http://127.0.0.1:8787",
        sub: claims.sub,
        sub_id: { format: "iss_sub", iss: "https://login.example", sub: claims.sub },
        scope: "external extra",
        act: undefined,
      });
      counts.served += 1;
    }
  });

  it("a second Authorization header is refused, not chosen from", async () => {
    const mine = await gateway.issuer.token(newUser());
    const theirs = await gateway.issuer.token(newUser());
    const asked = gateway.upstream.asked.length;
    const headers = { authorization: `Bearer ${mine}, Bearer ${theirs}` };
    const answer = await gateway.call(STORED, { claims: null, headers, circumstances: { rateLimit: "off" } });
    expectProblem(answer, 401, null);
    expect(gateway.upstream.asked).toHaveLength(asked);
    counts.refused += 1;
  });

  it("an upstream that checks callers' tokens gets the token, and nothing else of the caller's", async () => {
    const passing = await makeGateway({ UPSTREAM_AUTH: "caller" }, undefined, { issuer: gateway.issuer });
    const token = await passing.issuer.token(newUser());
    const headers = { authorization: `JWT ${token}`, cookie: "a=b", "x-forwarded-for": "1.1.1.1" };
    await passing.call(STORED, { claims: null, headers, circumstances: { errorFrom: "upstream" } });
    const [asked] = passing.upstream.asked;
    expect(asked?.headers.get("authorization")).toBe(`Bearer ${token}`);
    expect([...(asked?.headers.keys() ?? [])].toSorted()).toEqual([
      "accept-encoding",
      "authorization",
      "traceparent",
      "x-request-id",
    ]);
    counts.refused += 1;
    counts.served += 1;
  });
});

describe("a trace is continued, never imposed", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const spanId = "00f067aa0ba902b7";

  it.each([
    "spoofed",
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  ])("traceparent %s begins a new one", async (traceparent) => {
    const headers = { ...JSON_TYPE, traceparent, tracestate: "vendor=spoofed" };
    await served(gateway, RUN_PATH, { method: "POST", body: '{"data":{}}', headers });
    const asked = lastAsked();
    expect(asked.headers.get("traceparent")).toMatch(TRACEPARENT);
    expect(asked.headers.get("traceparent")?.toLowerCase()).not.toContain(traceId);
    expect(asked.headers.get("traceparent")).not.toContain(spanId);
    expect(asked.headers.get("tracestate")).toBeNull();
    counts.refused += 1;
  });

  it("a well-formed one goes on under a span of the gateway's own", async () => {
    const headers = { ...JSON_TYPE, traceparent: `00-${traceId}-${spanId}-01`, tracestate: "vendor=1" };
    await served(gateway, RUN_PATH, { method: "POST", body: '{"data":{}}', headers });
    const asked = lastAsked();
    expect(asked.headers.get("traceparent")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(asked.headers.get("traceparent")).not.toContain(spanId);
    expect(asked.headers.get("tracestate")).toBe("vendor=1");
    counts.served += 1;
  });
});

itAddsUp(counts, { refused: 270, served: 15 });

function lastAsked(): Asked {
  const asked = gateway.upstream.asked.at(-1);
  if (asked === undefined) throw new Error("the upstream was not asked");
  return asked;
}
