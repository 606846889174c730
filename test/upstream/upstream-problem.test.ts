import { describe, expect, it } from "vitest";
import { callerProblem, passedThroughProblem } from "../../src/upstream/upstream-problem.ts";

const NONE = new Headers();

function envelope(error: unknown): unknown {
  return { errors: [error] };
}

describe("an upstream's error in no envelope is replaced whole", () => {
  const bad = { code: "bad_request", detail: "The actions backend refused the request." };
  const fault = { code: "external_service_error", detail: "An error occurred with an external service." };
  const gone = { code: "service_unavaiable", detail: "Service is temporarily unavailable" };

  it.each([
    { status: 400, to: 400, ...bad },
    { status: 402, to: 402, code: "payment_required", detail: "Insufficient tasks on account" },
    {
      status: 403,
      to: 403,
      code: "permission_denied",
      detail: "User does not have enough permissions to perform action",
    },
    {
      status: 404,
      to: 404,
      code: "not_found",
      detail: "The actions backend does not know this action or run.",
    },
    { status: 405, to: 400, ...bad },
    { status: 406, to: 400, ...bad },
    { status: 409, to: 400, ...bad },
    { status: 410, to: 400, ...bad },
    {
      status: 413,
      to: 413,
      code: "payload_too_large",
      detail: "The actions backend refused the request as too large.",
    },
    { status: 415, to: 400, ...bad },
    { status: 418, to: 400, ...bad },
    { status: 422, to: 400, ...bad },
    {
      status: 429,
      to: 429,
      code: "too_many_requests",
      detail: "The actions backend limits this account's requests.",
    },
    { status: 500, to: 500, ...fault },
    { status: 501, to: 500, ...fault },
    { status: 502, to: 503, ...gone },
    { status: 503, to: 503, ...gone },
    { status: 504, to: 503, ...gone },
    { status: 505, to: 500, ...fault },
    { status: 302, to: 500, ...fault },
  ])("$status becomes $to $code", ({ status, to, code, detail }) => {
    const answer = callerProblem(status, NONE, undefined);
    expect(answer.status).toBe(to);
    expect(answer.envelope).toBeNull();
    expect(answer.problem).toMatchObject({ code, detail, source: null });
  });

  it.each([
    { name: "text", body: undefined },
    { name: "a string", body: "Traceback (most recent call last): db.internal" },
    { name: "another object", body: { message: "at Object.run (/srv/app/index.js:1:1)" } },
    { name: "an array", body: [{ code: "x" }] },
    { name: "errors that are no array", body: { errors: { code: "x" } } },
    { name: "no errors", body: { errors: [] } },
    { name: "errors that are no objects", body: { errors: ["ECONNREFUSED 10.0.0.7:5432", null, 5] } },
    { name: "errors without a code", body: { errors: [{ detail: "ECONNREFUSED 10.0.0.7:5432" }] } },
    { name: "a code that is no string", body: { errors: [{ code: 17, detail: "db.internal" }] } },
  ])("$name", ({ body }) => {
    expect(callerProblem(400, NONE, body).envelope).toBeNull();
  });

  it("its 401 is about the gateway, and shown as a fault of ours whatever it says", () => {
    const said = envelope({ code: "unauthenticated", title: "t", detail: "bad gateway token" });
    expect(callerProblem(401, NONE, said)).toEqual({
      status: 500,
      problem: { ...fault, source: null },
      envelope: null,
    });
  });
});

describe("an error in the envelope keeps what it says", () => {
  it("its five members", () => {
    const error = {
      code: "partner_error",
      title: "Partner Error",
      detail: "Slack says no.",
      source: { pointer: "/data/inputs/channel" },
      meta: { retry: false },
    };
    expect(callerProblem(400, NONE, envelope({ ...error, status: 400 })).envelope).toEqual([error]);
  });

  it("and nothing else", () => {
    const error = {
      code: "x",
      title: "t",
      detail: "d",
      stack: "at run (/srv/index.js)",
      host: "db.internal",
    };
    expect(callerProblem(400, NONE, envelope(error)).envelope).toEqual([
      { code: "x", title: "t", detail: "d", source: null, meta: {} },
    ]);
  });

  it.each([
    { name: "no source", source: undefined, shown: null },
    { name: "null", source: null, shown: null },
    { name: "a string", source: "/data", shown: null },
    { name: "a pointer", source: { pointer: "/data" }, shown: { pointer: "/data" } },
    { name: "a parameter", source: { parameter: "page" }, shown: { parameter: "page" } },
    { name: "a header", source: { header: "Accept" }, shown: { header: "Accept" } },
    { name: "a pointer that is no string", source: { pointer: 1 }, shown: null },
    { name: "a file name beside", source: { pointer: "/data", file: "x.js" }, shown: { pointer: "/data" } },
  ])("source: $name", ({ source, shown }) => {
    const error = { code: "x", title: "t", detail: "d", ...(source === undefined ? {} : { source }) };
    expect(callerProblem(400, NONE, envelope(error)).envelope?.[0]?.source).toEqual(shown);
  });

  it("what it leaves out is filled in, so that every client understands it", () => {
    expect(callerProblem(402, NONE, envelope({ code: "no_tasks" })).envelope).toEqual([
      {
        code: "no_tasks",
        title: "Payment Required",
        detail: "Insufficient tasks on account",
        source: null,
        meta: {},
      },
    ]);
  });

  it("those among them that are no errors are left out", () => {
    const good = { code: "x", title: "t", detail: "d", source: null, meta: {} };
    expect(callerProblem(400, NONE, { errors: ["no", good, { detail: "no code" }] }).envelope).toEqual([
      good,
    ]);
  });

  it("twenty at most", () => {
    const errors = Array.from({ length: 30 }, (_, at) => ({ code: `e${at}`, title: "t", detail: "d" }));
    const shown = callerProblem(400, NONE, { errors }).envelope;
    expect(shown).toHaveLength(20);
    expect(shown?.at(-1)?.code).toBe("e19");
  });
});

describe("Retry-After", () => {
  it.each([
    { header: null, seconds: 1 },
    { header: "7", seconds: 7 },
    { header: "0", seconds: 1 },
    { header: "86400", seconds: 86_400 },
    { header: "999999999", seconds: 86_400 },
    { header: "9999999999", seconds: 1 },
    { header: "-5", seconds: 1 },
    { header: "1.5", seconds: 1 },
    { header: "soon", seconds: 1 },
    { header: "Wed, 21 Oct 2040 07:28:00 GMT", seconds: 1 },
  ])("$header is passed on as $seconds", ({ header, seconds }) => {
    const headers = new Headers(header === null ? {} : { "retry-after": header });
    for (const status of [429, 502, 503, 504]) {
      expect(callerProblem(status, headers, null).problem.retryAfterSeconds).toBe(seconds);
    }
  });

  it.each([400, 402, 403, 404, 500])("is not for a %i", (status) => {
    const headers = new Headers({ "retry-after": "7" });
    expect(callerProblem(status, headers, null).problem.retryAfterSeconds).toBeUndefined();
  });
});

describe("in the pass-through", () => {
  const said = envelope({ code: "x", title: "t", detail: "d", source: null, meta: {} });

  it.each([
    { status: 400, to: 400 },
    { status: 405, to: 405 },
    { status: 409, to: 409 },
    { status: 412, to: 412 },
    { status: 422, to: 422 },
    { status: 500, to: 500 },
    { status: 501, to: 500 },
    { status: 503, to: 503 },
    { status: 504, to: 503 },
  ])("an envelope with $status is shown with $to", ({ status, to }) => {
    expect(passedThroughProblem(status, NONE, said)).toMatchObject({ status: to, envelope: [{ code: "x" }] });
  });

  it.each([
    { status: 401, to: 500 },
    { status: 409, to: 400 },
    { status: 422, to: 400 },
  ])("without one, $status is shown as $to", ({ status, to }) => {
    expect(passedThroughProblem(status, NONE, null)).toMatchObject({ status: to, envelope: null });
  });

  it("401 stays hidden in its envelope too", () => {
    expect(passedThroughProblem(401, NONE, said)).toMatchObject({ status: 500, envelope: null });
  });
});
