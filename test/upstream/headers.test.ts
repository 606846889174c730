import { describe, expect, it } from "vitest";
import { headersToCaller, headersToUpstream, startHeaders } from "../../src/upstream/headers.ts";
import { words } from "../support/words.ts";

const ASSERTED = {
  authorization: "Bearer gateway-token",
  requestId: "request-1",
  traceparent: "00-12345678901234567890123456789012-1234567890123456-01",
  tracestate: null,
};
const SAID = {
  "accept-encoding": "gzip, br",
  authorization: "Bearer gateway-token",
  "x-request-id": "request-1",
  traceparent: "00-12345678901234567890123456789012-1234567890123456-01",
};

describe("towards the upstream", () => {
  it("these of the caller's headers pass", () => {
    const passing = {
      accept: "application/json",
      "accept-language": "de",
      "content-type": "application/json",
      "idempotency-key": "key-1",
      "if-match": '"1"',
      "if-modified-since": "Sun, 01 Jan 2040 00:00:00 GMT",
      "if-none-match": '"2"',
      "if-unmodified-since": "Sun, 01 Jan 2040 00:00:00 GMT",
      prefer: "return=minimal",
      "user-agent": "client/1.0",
    };
    expect(headersToUpstream(new Headers(passing), ASSERTED)).toEqual({ ...passing, ...SAID });
  });

  it.each(words`
    cookie host connection keep-alive proxy-authorization te trailer transfer-encoding upgrade
    content-length content-encoding forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip
    cf-connecting-ip cf-ray cf-worker cdn-loop x-user-id x-edge-actions-user x-idempotency-id origin referer
    baggage`)("%s does not pass", (name) => {
    expect(headersToUpstream(new Headers({ [name]: "x" }), ASSERTED)).toEqual(SAID);
  });

  it.each(["accept-encoding", "authorization", "x-request-id", "traceparent"])(
    "%s is the gateway's to say",
    (name) => {
      expect(headersToUpstream(new Headers({ [name]: "the caller's" }), ASSERTED)).toEqual(SAID);
    },
  );

  it.each<[string | null, Record<string, string>]>([
    [null, { "content-type": "application/json" }],
    ["id-1", { "content-type": "application/json", "x-idempotency-id": "id-1" }],
  ])("a start with the caller's id %j has these too", (callersId, headers) => {
    expect(startHeaders(callersId)).toEqual(headers);
  });

  it("tracestate passes when the trace goes on, and only then", () => {
    const from = new Headers({ tracestate: "vendor=caller" });
    expect(headersToUpstream(from, ASSERTED)).not.toHaveProperty("tracestate");
    expect(headersToUpstream(from, { ...ASSERTED, tracestate: "vendor=1" })).toMatchObject({
      tracestate: "vendor=1",
    });
  });
});

function said(headers: Record<string, string>, status = 200) {
  return { status, headers: new Headers(headers) };
}

describe("back to the caller", () => {
  const base = {
    requestUrl: "https://backend.internal/actions/v1/a",
    baseUrl: "https://backend.internal",
    publicUrl: "https://edge.example",
  };

  it("these of the upstream's headers pass", () => {
    const passing = {
      allow: "GET, PUT",
      "content-disposition": "inline",
      "content-language": "de",
      "content-type": "application/json",
      etag: '"1"',
      "last-modified": "Sun, 01 Jan 2040 00:00:00 GMT",
      "retry-after": "3",
      vary: "accept",
    };
    expect(headersToCaller(said(passing), base)).toEqual(passing);
  });

  it.each([201, 202])("what points to the upstream points to the gateway, of a %i", (status) => {
    const pointing = { location: "/actions/v1/a/1", link: "<https://backend.internal/actions/b>; rel=next" };
    expect(headersToCaller(said(pointing, status), base)).toEqual({
      location: "https://edge.example/actions/v1/a/1",
      link: "<https://edge.example/actions/b>; rel=next",
    });
  });

  it.each(["link", "location"])("a %s at the upstream that is not forwarded does not pass", (name) => {
    const target = "http://backend.internal/a";
    const pointing = { [name]: name === "link" ? `<${target}>` : target };
    for (const status of [201, 202]) expect(headersToCaller(said(pointing, status), base)).toEqual({});
  });

  it.each(words`
    set-cookie server x-powered-by via connection transfer-encoding content-length content-encoding location cache-control expires age content-location
    www-authenticate access-control-allow-origin strict-transport-security content-security-policy
    x-request-id x-ratelimit-limit idempotency-replayed x-internal-host`)("%s does not pass", (name) => {
    expect(headersToCaller(said({ [name]: "x" }), base)).toEqual({});
  });
});
