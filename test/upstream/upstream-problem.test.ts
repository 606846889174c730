import { describe, expect, it } from "vitest";
import { callerProblem, passedThroughProblem } from "../../src/upstream/upstream-problem.ts";
import { times } from "../support/times.ts";

type Row = [status: number, to: number, code: string, detail: string];

const NONE = new Headers();

function all(statuses: number[], to: number, code: string, detail: string): Row[] {
  return statuses.map((status) => [status, to, code, detail]);
}

function envelope(error: unknown): unknown {
  return { errors: [error] };
}

describe("an upstream's error in no envelope is replaced whole", () => {
  const BAD = ["bad_request", "The actions backend refused the request."] as const;
  const FAULT = ["external_service_error", "An error occurred with an external service."] as const;
  const GONE = ["service_unavaiable", "Service is temporarily unavailable"] as const;

  it.each<Row>([
    ...all([400, 405, 406, 409, 410, 412, 415, 418, 422, 428], 400, ...BAD),
    [402, 402, "payment_required", "Insufficient tasks on account"],
    [403, 403, "permission_denied", "User does not have enough permissions to perform action"],
    [404, 404, "not_found", "The actions backend does not know this action or run."],
    [413, 413, "payload_too_large", "The actions backend refused the request as too large."],
    [429, 429, "too_many_requests", "The actions backend limits this account's requests."],
    ...all([302, 500, 501, 505], 500, ...FAULT),
    ...all([502, 503, 504], 503, ...GONE),
  ])("%i becomes %i %s", (status, to, code, detail) => {
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
      problem: { code: FAULT[0], detail: FAULT[1], source: null },
      envelope: null,
      upstreamStatus: 401,
    });
  });
});

describe("an error in the envelope keeps what it says", () => {
  it("its five members, and nothing else", () => {
    const error = {
      code: "partner_error",
      title: "Partner Error",
      detail: "Slack says no.",
      source: { pointer: "/data/inputs/channel" },
      meta: { retry: false },
    };
    const said = { ...error, status: 400, stack: "at run (/srv/index.js)", host: "db.internal" };
    expect(callerProblem(400, NONE, envelope(said)).envelope).toEqual([error]);
  });

  it.each([
    { name: "no source", source: undefined, shown: null },
    { name: "null", source: null, shown: null },
    { name: "a string", source: "/data", shown: null },
    ...[{ pointer: "/data" }, { parameter: "page" }, { header: "Accept" }].map((source) => {
      return { name: JSON.stringify(source), source, shown: source };
    }),
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
    const errors = ["no", good, { detail: "no code" }];
    expect(callerProblem(400, NONE, { errors }).envelope).toEqual([good]);
  });

  it("twenty at most", () => {
    const errors = times(30, (at) => ({ code: `e${at}`, title: "t", detail: "d" }));
    const shown = callerProblem(400, NONE, { errors }).envelope;
    expect(shown?.map(({ code }) => code)).toEqual(times(20, (at) => `e${at}`));
  });
});

describe("Retry-After", () => {
  it.each([
    ...[null, "0", "-5", "1.5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"].map((header) => ({
      header,
      seconds: 1,
    })),
    { header: "7", seconds: 7 },
    ...["86400", "9999999999", "Wed, 21 Oct 2048 07:28:00 GMT"].map((header) => ({
      header,
      seconds: 86_400,
    })),
  ])("$header is passed on as $seconds", ({ header, seconds }) => {
    const headers = new Headers(header === null ? {} : { "retry-after": header });
    for (const status of [429, 502, 503, 504]) {
      expect(callerProblem(status, headers, null).problem.retryAfterSeconds).toBe(seconds);
    }
  });

  it("as a date is passed on in seconds", () => {
    const inTwoMinutes = new Date(Date.now() + 120_500).toUTCString();
    const { problem } = callerProblem(503, new Headers({ "retry-after": inTwoMinutes }), null);
    expect(problem.retryAfterSeconds).toBeGreaterThanOrEqual(119);
    expect(problem.retryAfterSeconds).toBeLessThanOrEqual(121);
  });

  it.each([400, 402, 403, 404, 500, 527])("is not for a %i", (status) => {
    const headers = new Headers({ "retry-after": "7" });
    expect(callerProblem(status, headers, null).problem.retryAfterSeconds).toBeUndefined();
  });
});

describe("in the pass-through", () => {
  const said = envelope({ code: "x", title: "t", detail: "d", source: null, meta: {} });

  it.each([
    ...[400, 405, 409, 412, 422, 500, 503].map((status) => ({ status, to: status })),
    { status: 501, to: 500 },
    { status: 504, to: 503 },
  ])("an envelope with $status is shown with $to", ({ status, to }) => {
    expect(passedThroughProblem(status, NONE, said)).toMatchObject({ status: to, envelope: [{ code: "x" }] });
  });

  it.each([
    { status: 401, to: 500, code: "external_service_error" },
    { status: 405, to: 405, code: "method_not_allowed" },
    { status: 409, to: 409, code: "conflict" },
    { status: 412, to: 412, code: "precondition_failed" },
    { status: 415, to: 400, code: "bad_request" },
    { status: 422, to: 400, code: "bad_request" },
    { status: 428, to: 428, code: "precondition_required" },
  ])("without one, $status is shown as $to $code", ({ status, to, code }) => {
    expect(passedThroughProblem(status, NONE, null)).toMatchObject({
      status: to,
      problem: { code },
      envelope: null,
    });
  });

  it.each([{ body: said }, { body: null }])("405 has Allow, and 409 Retry-After, with $body", ({ body }) => {
    const headers = new Headers({ allow: "GET, PUT", "retry-after": "7" });
    expect(passedThroughProblem(405, headers, body).problem.headers).toEqual({ allow: "GET, PUT" });
    expect(passedThroughProblem(409, headers, body).problem).not.toHaveProperty("headers");
    expect(passedThroughProblem(409, headers, body).problem.retryAfterSeconds).toBe(7);
  });

  it("neither is there when the upstream has said neither, or has failed", () => {
    const headers = new Headers({ allow: "GET, PUT", "retry-after": "7" });
    for (const { problem } of [
      passedThroughProblem(405, NONE, said),
      passedThroughProblem(500, headers, said),
    ]) {
      expect(problem).not.toHaveProperty("headers");
      expect(problem).not.toHaveProperty("retryAfterSeconds");
    }
  });

  it("401 stays hidden in its envelope too", () => {
    expect(passedThroughProblem(401, NONE, said)).toMatchObject({ status: 500, envelope: null });
  });
});
