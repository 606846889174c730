// The pieces that operations are put together from. Everything is a function or a small constant: loading this file
// must cost a request nothing.

import type * as z from "zod/mini";
import { errorObject, type Problem, statusOf } from "../platform/errors.ts";
import type { ALL_GATES_COMPONENTS } from "./all-gates-schemas.ts";
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
type Content = {
  "application/json"?: Media;
  "text/csv"?: Media;
  "text/html"?: Media;
  "application/x-ndjson"?: Media;
};
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

export const CALLER = [{ OAuth: ["external"] }, { Bearer: ["external"] }];
export const OPERATOR = [{ Operator: [] }];
export const NO_TOKEN = [];

const REQUEST_ID: Headers = {
  "X-Request-Id": {
    schema: { type: "string" },
    description: "Names this request in our logs; an error's `meta.request_id` is the same.",
  },
};

/** On every answer to a request that was counted. The first three are the published ones. */
const RATE_LIMIT: Headers = {
  "X-RateLimit-Limit": {
    schema: { type: "integer" },
    description:
      "Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000.",
  },
  "X-RateLimit-Remaining": {
    schema: { type: "integer" },
    description: "Requests remaining in the current window.",
  },
  // No `format: date-time`: the published file contradicts itself here, and its clients read an integer.
  "X-RateLimit-Reset": {
    schema: { type: "string" },
    description: "Unix timestamp when the current 300-second window resets.",
  },
  "RateLimit-Policy": {
    schema: { type: "string" },
    description: 'The policy and its window, as in `"runs";q=200;w=300`.',
  },
  RateLimit: {
    schema: { type: "string" },
    description: 'What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`.',
  },
};

const RETRY_AFTER: Headers = {
  "Retry-After": {
    schema: { type: "integer" },
    description: "Seconds to wait before retrying.",
    required: true,
  },
};

const WWW_AUTHENTICATE: Headers = {
  "WWW-Authenticate": {
    schema: { type: "string" },
    description: '`Bearer`, with `error="invalid_token"` when a token was sent.',
    required: true,
  },
};

const REPLAY: Headers = {
  "Idempotency-Replayed": {
    schema: { type: "string", const: "true" },
    description: "Present on the repeated answer to an `idempotency_id` that is already known.",
  },
  "Idempotency-Payload-Mismatch": {
    schema: { type: "string", const: "true" },
    description: "Present on a repeated answer when the first request had another payload.",
  },
};

const LINK: Headers = {
  Link: {
    schema: { type: "string" },
    description: 'On a page of CSV that is not the last: the next one, as `<URL>; rel="next"`.',
  },
};

const NEXT_PAGE: Headers = {
  Link: {
    schema: { type: "string" },
    description: 'On a page that is not the last: the next one, as `<URL>; rel="next"`.',
  },
  "X-Next-Cursor": {
    schema: { type: "string" },
    description: "With `Link`, and its `cursor` by itself.",
  },
};

/** Which headers an answer may carry, beside the request's id. */
export const counted: Headers = { ...REQUEST_ID, ...RATE_LIMIT };
export const uncounted: Headers = REQUEST_ID;
export const challenged: Headers = { ...REQUEST_ID, ...WWW_AUTHENTICATE };
export const postponed: Headers = { ...counted, ...RETRY_AFTER };
export const deferred: Headers = { ...REQUEST_ID, ...RETRY_AFTER };
export const replayable: Headers = { ...counted, ...REPLAY };
export const exported: Headers = { ...uncounted, ...NEXT_PAGE };
export const linked: Headers = { ...counted, ...LINK };

type AnyComponentName = ComponentName | ConsoleComponentName | keyof typeof ALL_GATES_COMPONENTS;

export function ref(name: AnyComponentName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function answer(description: string, schema: Schema, headers: Headers, examples?: Examples): Answer {
  const media = examples === undefined ? { schema } : { schema, examples };
  return { description, headers, content: { "application/json": media } };
}

export function emptyAnswer(description: string, headers: Headers): Answer {
  return { description, headers };
}

export function errorAnswer(description: string, headers: Headers, examples: Examples): Answer {
  return answer(description, ref("ActionsErrorResponse"), headers, examples);
}

/** An example of one of our own errors, exactly as the gateway writes it. */
export function ownExample(name: string, problem: Problem): Examples {
  const error = errorObject(problem, "6f1f2c1e-7f0b-4d53-9b0c-3a3c8f0e7b55");
  return { [name]: { value: { errors: [error] }, summary: `${error.title} (${statusOf(problem.code)})` } };
}

export function uuidInPath(name: string): Parameter {
  return { in: "path", name, schema: { type: "string", format: "uuid" }, required: true };
}

export function jsonBody(schema: Schema, examples: Examples): RequestBody {
  return { content: { "application/json": { schema, examples } }, required: true };
}
