// The checker of test/support/contract.ts finds every kind of breach: each row plants one in a good answer. That it accepts
// good answers, each test shows that gets one.

import { describe, expect, it } from "vitest";
import {
  type Answered,
  type Asked,
  type Circumstances,
  checkAnswer,
  expectContract,
} from "../support/contract.ts";

const ID = "123e4567-e89b-12d3-a456-426614174000";
const START: Asked = { method: "POST", path: `/actions/v1/stored-actions/${ID}/run` };
const ONE_OFF: Asked = { method: "POST", path: "/actions/v1/runs" };
const READ: Asked = { method: "GET", path: `/actions/v1/stored-actions/${ID}/runs/${ID}?wait_seconds=5` };
const LIST: Asked = { method: "GET", path: "/actions/v1/stored-actions" };
const NOWHERE: Asked = { method: "GET", path: "/nowhere" };

type Plant = { status?: number; headers?: Record<string, string | null>; body?: unknown; text?: string };

const PLAIN = { "content-type": "application/json", "x-request-id": "req-1" };
const COUNTED = {
  ...PLAIN,
  "x-ratelimit-limit": "200",
  "x-ratelimit-remaining": "199",
  "x-ratelimit-reset": "1795478400",
  "ratelimit-policy": '"runs";q=200;w=300',
  ratelimit: '"runs";r=199;t=300',
};
const NO_UUID = { data: { type: "run", id: "1" } };
const STARTED = { data: { type: "run", id: ID } };
const ENDED = { type: "run", id: ID, status: "success", results: [{}], next_page: "0", errors: [] };

function answer(status: number, headers: Record<string, string>, body: unknown, plant: Plant = {}): Answered {
  const all = Object.entries({ ...headers, ...plant.headers });
  return {
    status: plant.status ?? status,
    headers: new Headers(all.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    bodyText: plant.text ?? JSON.stringify(plant.body === undefined ? body : plant.body),
  };
}

const started = (plant?: Plant) => answer(202, COUNTED, STARTED, plant);
const withHeader = (name: string, value: string | null) => started({ headers: { [name]: value } });

function errorBody(status: number, members: object = {}) {
  const error = { status, code: "c", title: "t", detail: "d", source: null, meta: { request_id: "req-1" } };
  return { errors: [{ ...error, ...members }] };
}

const refused = (status: number, members?: object, plant?: Plant) =>
  answer(status, COUNTED, errorBody(status, members), plant);

const BREACHES: [breach: string, Asked, Answered, Circumstances?][] = [
  ["status 200 is not in the contract", START, started({ status: 200 })],
  ["status 409 is not in the contract", READ, refused(409)],
  // bodies of runs
  ["the body is not JSON", START, started({ text: '{"data":' })],
  [
    'body #/data: Instance type "array" is invalid. Expected "object".',
    START,
    started({ body: { data: [] } }),
  ],
  ['body #/data/id: String does not match format "uuid".', ONE_OFF, started({ body: NO_UUID })],
  ["data.id is missing", START, started({ body: { data: { type: "run" } } })],
  ['data.type is not "run"', START, started({ body: { data: { id: ID, type: "Run" } } })],
  ['body #: Instance does not have required property "status".', READ, answer(200, PLAIN, { data: ENDED })],
  // errors
  ["errors is empty or missing", START, refused(400, {}, { body: { errors: [] } })],
  ["an error lacks source", START, refused(400, { source: undefined })],
  ["an error's title is empty", START, refused(400, { title: "" })],
  ["an error's status is not the HTTP status", START, refused(400, { status: 422 })],
  ["meta.request_id is missing", START, refused(400, { meta: {} })],
  ["meta.request_id is not X-Request-Id", START, refused(400, { meta: { request_id: "req-2" } })],
  ["an error lacks title", NOWHERE, answer(404, PLAIN, errorBody(404, { title: undefined }))],
  ["an error lacks title", LIST, answer(500, PLAIN, errorBody(500, { title: undefined }))],
  ["an error lacks title", START, refused(403, { title: undefined }), { errorFrom: "upstream" }],
  // headers
  ["Content-Type is text/html", START, withHeader("content-type", "text/html")],
  ["X-Request-Id is missing", LIST, answer(200, {}, [])],
  ["Retry-After is missing", READ, refused(503)],
  ["Retry-After is missing", LIST, refused(429)],
  ["Retry-After is wrong: 0", START, refused(429, {}, { headers: { "retry-after": "0" } })],
  ["WWW-Authenticate is missing", START, answer(401, PLAIN, errorBody(401))],
  ["Allow is missing", START, answer(405, PLAIN, errorBody(405))],
  ["Idempotency-Replayed is wrong: 1", START, withHeader("idempotency-replayed", "1")],
  // limits
  ["RateLimit-Policy is missing", ONE_OFF, answer(202, PLAIN, STARTED)],
  [
    "X-RateLimit-Limit is missing",
    READ,
    answer(200, COUNTED, ENDED, { headers: { "x-ratelimit-limit": null } }),
  ],
  ["RateLimit is there, but no limit applies", START, started(), { rateLimit: "off" }],
  ["X-RateLimit-Limit is there, but no limit applies", START, refused(401)],
  ["X-RateLimit-Limit is missing", READ, answer(200, PLAIN, ENDED), { rateLimit: "applies" }],
  ["X-RateLimit-Remaining is wrong: -1", START, withHeader("x-ratelimit-remaining", "-1")],
  ["X-RateLimit-Reset is wrong: 300", START, withHeader("x-ratelimit-reset", "300")],
  ["X-RateLimit-Reset is wrong: 1795478400", START, started(), { resetFormat: "date-time" }],
  ["RateLimit and X-RateLimit disagree", START, withHeader("ratelimit", '"results";r=199;t=300')],
  [
    "more remains than the limit allows",
    START,
    started({ headers: { "x-ratelimit-remaining": "201", ratelimit: '"runs";r=201;t=300' } }),
  ],
];

describe("the checker of answers", () => {
  it.each(BREACHES)("finds: %s (%o)", (breach, asked, answered, circumstances) => {
    expect(checkAnswer(asked, answered, circumstances)).toContain(breach);
  });

  it("throws with every breach, or not at all", () => {
    const bad = started({ body: { data: {} }, headers: { "x-request-id": null } });
    expect(() => expectContract(START, bad)).toThrow(
      /202 and broke[^]*data.id is missing[^]*X-Request-Id is missing/,
    );
    expect(() => expectContract(START, started())).not.toThrow();
  });
});
