// The pieces that operations are put together from. Everything is a function or a small constant: loading this file
// must cost a request nothing.

import type * as z from "zod/mini";
import {
  errorObject,
  type Problem,
  type ProblemCode,
  problem,
  statusOf,
  titleOf,
} from "../platform/errors.ts";
import type { ConsoleComponentName } from "./console-schemas.ts";
import type { ComponentName } from "./schemas.ts";

export type Schema = z.core.JSONSchema.BaseSchema;

type Header = { schema: Schema; description: string; required?: true };
type Headers = Record<string, Header>;
export type Examples = Record<string, { value: unknown; summary?: string }>;

export type Answer = {
  description: string;
  headers: Headers;
  /** None: the answer has no body. */
  content?: Content;
};
export type Media = { schema: Schema; examples?: Examples };
type Content = { [T in "application/json" | "text/csv" | "text/html" | "application/x-ndjson"]?: Media };
export type Answers = Record<string, Answer>;

export type Parameter = {
  in: string;
  name: string;
  schema: Schema;
  required: boolean;
};

export type RequestBody = { content: { "application/json": Media }; required: true };

export type Operation = {
  tags: readonly string[];
  summary: string;
  description?: string;
  operationId: string;
  parameters?: readonly Parameter[];
  requestBody?: RequestBody;
  responses: Answers;
  security: readonly Record<string, readonly string[]>[];
};

export type Entry = { path: string; method: "get" | "post"; operation: Operation };

export const CALLER = [{ Bearer: [] }];
export const OPERATOR = [{ Operator: [] }];
export const NO_TOKEN = [];

const REQUEST_ID: Headers = {
  "X-Request-Id": header("Names this request in our logs; an error's `meta.request_id` is the same."),
};

/** On every answer to a request that was counted. The first three are the published ones. */
const RATE_LIMIT: Headers = {
  "X-RateLimit-Limit": header(
    "Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000.",
    "integer",
  ),
  "X-RateLimit-Remaining": header("Requests remaining in the current window.", "integer"),
  // No `format: date-time`: the published file contradicts itself here, and its clients read an integer.
  "X-RateLimit-Reset": header("Unix timestamp when the current 300-second window resets."),
  "RateLimit-Policy": header('The policy and its window, as in `"runs";q=200;w=300`.'),
  RateLimit: header('What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`.'),
};

const RETRY_AFTER: Headers = {
  "Retry-After": { ...header("Seconds to wait before retrying.", "integer"), required: true },
};

const WWW_AUTHENTICATE: Headers = {
  "WWW-Authenticate": {
    ...header(
      '`Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`.',
    ),
    required: true,
  },
};

const ALWAYS_TRUE: Schema = { type: "string", const: "true" };
const REPLAY: Headers = {
  "Idempotency-Replayed": {
    schema: ALWAYS_TRUE,
    description: "Present on the repeated answer to an `idempotency_id` that is already known.",
  },
  "Idempotency-Payload-Mismatch": {
    schema: ALWAYS_TRUE,
    description: "Present on a repeated answer when the first request had another payload.",
  },
};

const LINK: Headers = {
  Link: header('On a page of CSV that is not the last: the next one, as `<URL>; rel="next"`.'),
};

const NEXT_PAGE: Headers = {
  Link: header('On a page that is not the last: the next one, as `<URL>; rel="next"`.'),
  "X-Next-Cursor": header("With `Link`, and its `cursor` by itself."),
};

function header(description: string, type: "string" | "integer" = "string"): Header {
  return { schema: { type }, description };
}

/** Which headers an answer may carry, beside the request's id. */
export const counted: Headers = { ...REQUEST_ID, ...RATE_LIMIT };
export const uncounted: Headers = REQUEST_ID;
export const challenged: Headers = { ...REQUEST_ID, ...WWW_AUTHENTICATE };
export const postponed: Headers = { ...counted, ...RETRY_AFTER };
export const deferred: Headers = { ...REQUEST_ID, ...RETRY_AFTER };
export const replayable: Headers = { ...counted, ...REPLAY };
export const exported: Headers = { ...uncounted, ...NEXT_PAGE };
export const linked: Headers = { ...counted, ...LINK };

export function ref(name: ComponentName | ConsoleComponentName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function answer(description: string, schema: Schema, headers: Headers, examples?: Examples): Answer {
  const media = examples === undefined ? { schema } : { schema, examples };
  return { description, headers, content: { "application/json": media } };
}

type OwnError = readonly [
  code: ProblemCode,
  description: string,
  detail: string,
  /** `name` is the example's, where it is not the error's. */
  extra?: { name?: string } & Partial<Problem>,
];

/** Our own errors by their status, each with an example exactly as the gateway writes it. */
export function ownErrors(headers: Headers, ...errors: readonly OwnError[]): Answers {
  return Object.fromEntries(
    errors.map(([code, description, detail, { name = titleOf(code).replaceAll(" ", ""), ...extra } = {}]) => {
      const error = errorObject(problem(code, detail, extra), "6f1f2c1e-7f0b-4d53-9b0c-3a3c8f0e7b55");
      const summary = `${error.title} (${statusOf(code)})`;
      return [String(statusOf(code)), errorAnswer(description, headers, summary, error, name)];
    }),
  );
}

/** The example's name is its summary without blanks, unless another is given. */
export function errorAnswer(
  description: string,
  headers: Headers,
  summary: string,
  error: object,
  name = summary.replaceAll(/ (.)/g, (_, first: string) => first.toUpperCase()),
): Answer {
  const examples = { [name]: { value: { errors: [error] }, summary } };
  return answer(description, ref("ActionsErrorResponse"), headers, examples);
}

export function uuidInPath(name: string): Parameter {
  return { in: "path", name, schema: { type: "string", format: "uuid" }, required: true };
}

export function inQuery(name: string, schema: Schema, required = false): Parameter {
  return { in: "query", name, schema, required };
}

export function jsonBody(schema: Schema, examples: Examples): RequestBody {
  return { content: { "application/json": { schema, examples } }, required: true };
}

/** One charge, as every answer that shows charges has it. */
export const CHARGE_EXAMPLE = {
  run_id: "123e4567-e89b-12d3-a456-426614174000",
  stored_action_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  charged_at: "2026-11-20T12:00:00.000Z",
  tasks: 1,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

/** A row of an answer's JSON as the CSV that it may be instead. */
export function asCsv(row: Record<string, string | number | null>): Media {
  const rows = [Object.keys(row), Object.values(row).map((field) => field ?? "")];
  const value = rows.map((fields) => `${fields.join()}\r\n`).join("");
  return { schema: { type: "string" }, examples: { Csv: { value, summary: "The same as CSV" } } };
}
