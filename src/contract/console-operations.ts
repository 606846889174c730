// The operators' part of the contract.

import { problem } from "../platform/errors.ts";
import { auditExample, CONSOLE_EXAMPLES, type ConsoleAnswer } from "./console-examples.ts";
import type { ConsoleComponentName } from "./console-schemas.ts";
import {
  type Answers,
  answer,
  challenged,
  deferred,
  type Entry,
  errorAnswer,
  jsonBody,
  OPERATOR,
  type Operation,
  ownExample,
  type Parameter,
  type RequestBody,
  ref,
  type Schema,
  uncounted,
  uuidInPath,
} from "./parts.ts";
import { RESULTS, STATES } from "./search-values.ts";

export const API = "/console/api";

export function consoleOperations(): Entry[] {
  return [
    get("/overview", "getConsoleOverview", "What the gateway has done", "ConsoleOverview", [
      inQuery("span", { type: "string", enum: ["hour", "day", "week"], default: "hour" }),
    ]),
    get("/runs", "findConsoleRuns", "Find runs", "ConsoleRunPage", [
      inQuery("run_id", uuid),
      ...userParameters(),
      inQuery("stored_action_id", uuid),
      inQuery("state", { type: "string", enum: [...STATES] }),
      inQuery("result", { type: "string", enum: [...RESULTS] }),
      ...spanParameters(),
      inQuery("cursor", text),
    ]),
    get("/runs/{run_id}", "getConsoleRun", "Read a run", "ConsoleRun", [
      uuidInPath("run_id"),
      ...userParameters(),
    ]),
    ...runActions(),
    get("/users", "findConsoleUser", "Find a user by issuer and subject", "ConsoleUser", userParameters()),
    get("/users/{user}", "getConsoleUser", "Read a user", "ConsoleUser", [userInPath]),
    post("/users/{user}/reset-window", "resetConsoleWindow", "Forget what a user's windows have counted", {
      parameters: [userInPath],
      status: "200",
      schema: "ConsoleAuditEntry",
      example: auditExample("reset_window"),
      description: "It is done",
    }),
    get("/dead-letters", "getConsoleDeadLetters", "Runs that were given up", "ConsoleDeadLetters", [
      inQuery("host", text),
      inQuery("reason", text),
      ...spanParameters(),
      inQuery("cursor", text),
    ]),
    post("/dead-letters/redeliver", "redeliverConsoleDeadLetters", "Send many dead letters again", {
      parameters: [],
      status: "202",
      schema: "ConsoleRedelivery",
      example: CONSOLE_EXAMPLES.ConsoleRedelivery,
      description: "It has begun",
      body: jsonBody(ref("ConsoleRedeliveryFilter"), {
        OfOneHost: { value: { host: "client.example" }, summary: "All of one host" },
      }),
    }),
    get("/redeliveries/{id}", "getConsoleRedelivery", "How far that is", "ConsoleRedelivery", [
      uuidInPath("id"),
    ]),
    get("/destinations", "getConsoleDestinations", "How hosts have fared", "ConsoleDestinations", []),
    get("/audit", "getConsoleAudit", "What operators did", "ConsoleAuditPage", [inQuery("cursor", text)]),
  ];
}

function runActions(): Entry[] {
  const of = {
    parameters: [uuidInPath("run_id"), ...userParameters()],
    schema: "ConsoleAuditEntry",
  } as const;
  return [
    post("/runs/{run_id}/poll", "pollConsoleRun", "Ask the upstream for a run's end now", {
      ...of,
      status: "202",
      example: auditExample("poll"),
      description: "The upstream is asked",
    }),
    post("/runs/{run_id}/redeliver", "redeliverConsoleRun", "Send a run's callback again", {
      ...of,
      status: "202",
      example: auditExample("redeliver"),
      description: "It is sent again; of an abandoned run the upstream is asked for the end first",
    }),
    post("/runs/{run_id}/abandon", "abandonConsoleRun", "Stop delivering a run's end, or asking for it", {
      ...of,
      status: "200",
      example: auditExample("abandon"),
      description: "It is a dead letter now",
    }),
    post(
      "/users/{user}/open-runs/{run_key}/poll",
      "nameConsoleRun",
      "Name the run of a start that was never answered",
      {
        parameters: [
          userInPath,
          uuidInPath("run_key"),
          { in: "query", name: "run_id", schema: uuid, required: true },
        ],
        schema: "ConsoleAuditEntry",
        status: "202",
        example: auditExample("poll"),
        description: "The upstream is asked for that run",
      },
    ),
  ];
}

const text: Schema = { type: "string" };
const uuid: Schema = { type: "string", format: "uuid" };
const time: Schema = { type: "string", format: "date-time" };
const userKey: Schema = { type: "string", pattern: "^[A-Za-z0-9_-]{43}$" };
const userInPath = { in: "path", name: "user", schema: userKey, required: true };

function userParameters(): Parameter[] {
  return [inQuery("user", userKey), inQuery("issuer", text), inQuery("subject", text)];
}

function spanParameters(): Parameter[] {
  return [inQuery("from", time), inQuery("to", time)];
}

export function inQuery(name: string, schema: Schema): Parameter {
  return { in: "query", name, schema, required: false };
}

function get(
  path: string,
  operationId: string,
  summary: string,
  schema: ConsoleAnswer,
  parameters: readonly Parameter[],
): Entry {
  const examples = { Now: { value: CONSOLE_EXAMPLES[schema], summary } };
  const responses = { "200": answer("As it is now", ref(schema), uncounted, examples), ...errors() };
  return {
    path: API + path,
    method: "get",
    operation: { ...common(operationId, summary), parameters, responses },
  };
}

function post(
  path: string,
  operationId: string,
  summary: string,
  of: {
    parameters: readonly Parameter[];
    status: "200" | "202";
    schema: ConsoleComponentName;
    example: object;
    description: string;
    body?: RequestBody;
  },
): Entry {
  const { parameters, status, schema, example, description, body } = of;
  const examples = { Done: { value: example, summary: description } };
  const responses = {
    [status]: answer(description, ref(schema), uncounted, examples),
    ...errors(),
    ...actionErrors(),
  };
  const operation = { ...common(operationId, summary), parameters, responses };
  return {
    path: API + path,
    method: "post",
    operation: body === undefined ? operation : { ...operation, requestBody: body },
  };
}

export function common(operationId: string, summary: string): Omit<Operation, "responses"> {
  return { tags: ["Console"], summary, operationId, security: OPERATOR };
}

export function errors(): Answers {
  const source = { parameter: "state" };
  return {
    "400": errorAnswer(
      "A parameter is not what it must be.",
      uncounted,
      ownExample("BadRequest", problem("bad_request", "state must be one of …", { source })),
    ),
    "401": errorAnswer(
      "Who is asking is not known.",
      challenged,
      ownExample("Unauthenticated", problem("unauthenticated", "An operator's token is required.")),
    ),
    "403": errorAnswer(
      "Not an operator, or a request of another site.",
      uncounted,
      ownExample("Denied", problem("permission_denied", 'The token needs the scope "operator".')),
    ),
    "404": errorAnswer(
      "There is no such thing.",
      uncounted,
      ownExample("NotFound", problem("not_found", "There is no such run.")),
    ),
    "500": errorAnswer(
      "A fault of ours.",
      uncounted,
      ownExample("Fault", problem("external_service_error", "An error occurred.")),
    ),
    "503": errorAnswer(
      "The operators' index or a gate does not answer.",
      deferred,
      ownExample("Unavailable", problem("service_unavaiable", "This cannot be read at the moment.")),
    ),
  };
}

function actionErrors(): Answers {
  return {
    "409": errorAnswer(
      "There is nothing to do.",
      uncounted,
      ownExample("Conflict", problem("conflict", "The delivery of this run is still under way.")),
    ),
    "413": errorAnswer(
      "The body is larger than this gateway takes.",
      uncounted,
      ownExample("PayloadTooLarge", problem("payload_too_large", "The body is larger than 65536 bytes.")),
    ),
  };
}
