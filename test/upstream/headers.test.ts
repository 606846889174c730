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
      "if-match": '"1"',
      "if-none-match": '"2"',
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

  it.each(["authorization", "x-request-id", "traceparent"])("%s is the gateway's to say", (name) => {
    expect(headersToUpstream(new Headers({ [name]: "the caller's" }), ASSERTED)).toEqual(SAID);
  });

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

describe("back to the caller", () => {
  it("these of the upstream's headers pass", () => {
    const passing = {
      "cache-control": "private",
      "content-disposition": "inline",
      "content-language": "de",
      "content-type": "application/json",
      etag: '"1"',
      "last-modified": "Sun, 01 Jan 2040 00:00:00 GMT",
      link: "</next>; rel=next",
      "retry-after": "3",
      vary: "accept",
    };
    expect(headersToCaller(new Headers(passing))).toEqual(passing);
  });

  it.each(words`
    set-cookie server x-powered-by via connection transfer-encoding content-length content-encoding location
    www-authenticate access-control-allow-origin strict-transport-security content-security-policy
    x-request-id x-ratelimit-limit idempotency-replayed x-internal-host`)("%s does not pass", (name) => {
    expect(headersToCaller(new Headers({ [name]: "x" }))).toEqual({});
  });
});
