// The checker of test/support/contract.ts finds every kind of breach: each row plants one in a good answer.

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
const READ_ONE_OFF: Asked = { method: "GET", path: `/actions/v1/runs/${ID}` };
const READY: Asked = { method: "GET", path: "/readyz" };
const USAGE: Asked = { method: "GET", path: "/usage?from=a&to=b" };
const LIST: Asked = { method: "GET", path: "/actions/v1/stored-actions" };

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
const CSV = { ...PLAIN, "content-type": "text/csv; charset=utf-8" };
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

function errorBody(status: number, members: object = {}) {
  const error = { status, code: "c", title: "t", detail: "d", source: null, meta: { request_id: "req-1" } };
  return { errors: [{ ...error, ...members }] };
}

const refused = (status: number, headers: object, members?: object, plant?: Plant) =>
  answer(status, { ...COUNTED, ...headers }, errorBody(status, members), plant);

const limited = (members?: object, plant?: Plant) => refused(429, { "retry-after": "1" }, members, plant);

const GOOD: [string, Asked, Answered, Circumstances?][] = [
  ["a started run", START, started()],
  ["a replay", START, started({ headers: { "idempotency-replayed": "true" } })],
  [
    "a replay of another payload",
    START,
    started({ headers: { "idempotency-replayed": "true", "idempotency-payload-mismatch": "true" } }),
  ],
  [
    "a start that took over one with another payload, whose end nobody knows",
    START,
    started({ headers: { "idempotency-payload-mismatch": "true" } }),
  ],
  ["a started one-off run", ONE_OFF, started()],
  ["a started run without a limit", START, answer(202, PLAIN, STARTED), { rateLimit: "off" }],
  ["a started run, limit not known", START, answer(202, PLAIN, STARTED), { rateLimit: "any" }],
  [
    "a reset as a date-time",
    START,
    started({ headers: { "x-ratelimit-reset": "2026-11-23T23:50:00Z" } }),
    { resetFormat: "date-time" },
  ],
  ["a charset", START, started({ headers: { "content-type": "application/json; charset=utf-8" } })],
  ["bad request", START, refused(400, {}, { source: { pointer: "/data" } })],
  ["no token", START, answer(401, { ...PLAIN, "www-authenticate": "Bearer" }, errorBody(401))],
  [
    "bad token",
    START,
    answer(401, { ...PLAIN, "www-authenticate": 'Bearer error="invalid_token"' }, errorBody(401)),
  ],
  ["no tasks", START, refused(402, {})],
  ["no scope", START, answer(403, PLAIN, errorBody(403))],
  ["the upstream's refusal", START, refused(403, {}, { meta: null, source: {} }), { errorFrom: "upstream" }],
  ["no such action", START, refused(404, {})],
  ["method", START, answer(405, { ...PLAIN, allow: "POST, GET" }, errorBody(405))],
  ["too large", START, refused(413, {})],
  ["too many", START, limited()],
  ["fault", START, refused(500, {})],
  ["down", START, refused(503, { "retry-after": "30" })],
  ["an ended run", READ, answer(200, COUNTED, ENDED)],
  ["an ended run, reads not counted", READ, answer(200, PLAIN, ENDED)],
  ["a waiting run", READ, answer(202, PLAIN, { ...ENDED, status: "waiting" })],
  ["a one-off run", READ_ONE_OFF, answer(200, PLAIN, { data: ENDED })],
  ["no such run", READ, answer(404, PLAIN, errorBody(404))],
  ["keys", { method: "GET", path: "/.well-known/jwks.json" }, answer(200, PLAIN, { keys: [] })],
  ["not ready", READY, answer(503, PLAIN, { status: "unavailable", dependencies: { upstream: "down" } })],
  ["a list passed through", LIST, answer(200, { "x-request-id": "r", "content-type": "text/plain" }, "[]")],
  ["usage", USAGE, answer(200, COUNTED, { data: [], next_cursor: null })],
  ["usage as CSV", USAGE, answer(200, CSV, "", { text: "run_id\r\n" })],
  ["no such path", { method: "GET", path: "/nowhere" }, answer(404, PLAIN, errorBody(404))],
  [
    "no such path, without a body",
    { method: "HEAD", path: "/nowhere" },
    answer(404, PLAIN, "", { text: "" }),
  ],
  ["an error passed through", LIST, answer(418, PLAIN, "teapot"), { errorFrom: "upstream" }],
];

const BREACHES: [breach: string, Asked, Answered, Circumstances?][] = [
  // statuses
  ["status 200 is not in the contract", START, started({ status: 200 })],
  ["status 418 is not in the contract", START, refused(418, {})],
  ["status 409 is not in the contract", READ, refused(409, {})],
  ["status 402 is not in the contract", READ, refused(402, {})],
  // bodies of runs
  ["the body is not JSON", START, started({ text: "" })],
  ["the body is not JSON", START, started({ text: '{"data":' })],
  ['body #: Instance does not have required property "data".', START, started({ body: {} })],
  [
    'body #/data: Instance type "array" is invalid. Expected "object".',
    START,
    started({ body: { data: [] } }),
  ],
  [
    'body #/data/id: String does not match format "uuid".',
    START,
    started({ body: { data: { type: "run", id: "1" } } }),
  ],
  [
    'body #/data/id: String does not match format "uuid".',
    ONE_OFF,
    started({ body: { data: { type: "run", id: "1" } } }),
  ],
  ["data.id is missing", START, started({ body: { data: { type: "run" } } })],
  ['data.type is not "run"', START, started({ body: { data: { id: ID } } })],
  ['data.type is not "run"', START, started({ body: { data: { id: ID, type: "Run" } } })],
  ['body #: Instance does not have required property "status".', READ, answer(200, PLAIN, { data: ENDED })],
  ['body #: Instance does not have required property "data".', READ_ONE_OFF, answer(200, PLAIN, ENDED)],
  [
    'body #/status: Instance does not match any of ["waiting","success","error"].',
    READ,
    answer(200, PLAIN, { ...ENDED, status: "done" }),
  ],
  // errors
  ["errors is empty or missing", START, refused(400, {}, {}, { body: { errors: [] } })],
  [
    'body #: Instance does not have required property "errors".',
    START,
    refused(400, {}, {}, { body: { error: "x" } }),
  ],
  ...["status", "code", "title", "detail", "source", "meta"].map((name): [string, Asked, Answered] => [
    `an error lacks ${name}`,
    START,
    refused(400, {}, { [name]: undefined }),
  ]),
  ["an error's title is empty", START, refused(400, {}, { title: "" })],
  [
    'body #/errors/0/code: Instance type "number" is invalid. Expected "string".',
    START,
    refused(400, {}, { code: 400 }),
  ],
  [
    'body #/errors/0/source: Instance type "string" is invalid. Expected "null".',
    START,
    refused(400, {}, { source: "/data" }),
  ],
  ["an error's status is not the HTTP status", START, refused(400, {}, { status: 422 })],
  ["meta.request_id is missing", START, refused(400, {}, { meta: {} })],
  ["meta.request_id is not X-Request-Id", START, refused(400, {}, { meta: { request_id: "req-2" } })],
  [
    "an error lacks title",
    { method: "GET", path: "/nowhere" },
    answer(404, PLAIN, errorBody(404, { title: undefined })),
  ],
  ["an error lacks title", LIST, answer(500, PLAIN, errorBody(500, { title: undefined }))],
  ["an error lacks title", START, refused(403, {}, { title: undefined }), { errorFrom: "upstream" }],
  // headers
  ["Content-Type is text/html", START, started({ headers: { "content-type": "text/html" } })],
  ["Content-Type is null", START, started({ headers: { "content-type": null } })],
  ["Content-Type is text/csv; charset=utf-8", READ, answer(200, CSV, "", { text: "run_id\r\n" })],
  ["X-Request-Id is missing", START, started({ headers: { "x-request-id": null } })],
  ["X-Request-Id is missing", LIST, answer(200, {}, [])],
  ["Retry-After is missing", START, limited({}, { headers: { "retry-after": null } })],
  ["Retry-After is missing", START, refused(503, {})],
  ["Retry-After is missing", READ, refused(503, {})],
  ["Retry-After is missing", LIST, refused(429, {})],
  ["Retry-After is wrong: 0", START, limited({}, { headers: { "retry-after": "0" } })],
  ["Retry-After is wrong: 1.5", START, limited({}, { headers: { "retry-after": "1.5" } })],
  ["WWW-Authenticate is missing", START, answer(401, PLAIN, errorBody(401))],
  [
    "WWW-Authenticate is wrong: Basic",
    READ,
    answer(401, { ...PLAIN, "www-authenticate": "Basic" }, errorBody(401)),
  ],
  ["Allow is missing", START, answer(405, PLAIN, errorBody(405))],
  ["Idempotency-Replayed is wrong: 1", START, started({ headers: { "idempotency-replayed": "1" } })],
  // limits
  ...[
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
  ].flatMap((name): [string, Asked, Answered, Circumstances?][] => [
    [`${name} is missing`, START, started({ headers: { [name.toLowerCase()]: null } })],
    [`${name} is missing`, READ, answer(200, COUNTED, ENDED, { headers: { [name.toLowerCase()]: null } })],
    [`${name} is missing`, ONE_OFF, answer(202, PLAIN, STARTED)],
    [`${name} is there, but no limit applies`, START, started(), { rateLimit: "off" }],
    [`${name} is there, but no limit applies`, START, refused(401, { "www-authenticate": "Bearer" })],
  ]),
  ["X-RateLimit-Limit is missing", READ, answer(200, PLAIN, ENDED), { rateLimit: "applies" }],
  ["X-RateLimit-Limit is wrong: many", START, started({ headers: { "x-ratelimit-limit": "many" } })],
  ["X-RateLimit-Remaining is wrong: -1", START, started({ headers: { "x-ratelimit-remaining": "-1" } })],
  ["X-RateLimit-Reset is wrong: 300", START, started({ headers: { "x-ratelimit-reset": "300" } })],
  [
    "X-RateLimit-Reset is wrong: 1795478400000",
    START,
    started({ headers: { "x-ratelimit-reset": "1795478400000" } }),
  ],
  [
    "X-RateLimit-Reset is wrong: 2026-11-23T23:50:00Z",
    START,
    started({ headers: { "x-ratelimit-reset": "2026-11-23T23:50:00Z" } }),
  ],
  ["X-RateLimit-Reset is wrong: 1795478400", START, started(), { resetFormat: "date-time" }],
  ["RateLimit is wrong: 199", START, started({ headers: { ratelimit: "199" } })],
  ["RateLimit and X-RateLimit disagree", START, started({ headers: { ratelimit: '"runs";r=198;t=300' } })],
  ["RateLimit and X-RateLimit disagree", START, started({ headers: { ratelimit: '"results";r=199;t=300' } })],
  [
    "RateLimit and X-RateLimit disagree",
    START,
    started({ headers: { "ratelimit-policy": '"runs";q=100;w=300' } }),
  ],
  [
    "more remains than the limit allows",
    START,
    started({ headers: { "x-ratelimit-remaining": "201", ratelimit: '"runs";r=201;t=300' } }),
  ],
];

describe("the checker of answers", () => {
  it.each(GOOD)("accepts: %s", (_, asked, answered, circumstances) => {
    expect(checkAnswer(asked, answered, circumstances)).toEqual([]);
  });

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
