// How the operations of the console's API are written down: each reads something, or does something that is audited.
import { publicErrors } from "./answers.ts";
import type { ConsoleComponentName } from "./console-schemas.ts";
import {
  type Answers,
  answer,
  challenged,
  deferred,
  type Entry,
  OPERATOR,
  type Operation,
  ownErrors,
  type Parameter,
  type RequestBody,
  ref,
  uncounted,
} from "./parts.ts";

export const API = "/console/api";

export function get(
  path: string,
  operationId: string,
  summary: string,
  schema: ConsoleComponentName,
  parameters: readonly Parameter[],
): Entry {
  const responses = { "200": answer("As it is now", ref(schema), uncounted), ...errors() };
  return {
    path: API + path,
    method: "get",
    operation: { ...common(operationId, summary), parameters, responses },
  };
}

type Action = {
  parameters: readonly Parameter[];
  /** Of the answer: mostly the entry of the audit trail. */
  schema?: ConsoleComponentName;
  status?: "200" | "202";
  description: string;
  body?: RequestBody;
};

export function post(path: string, operationId: string, summary: string, action: Action): Entry {
  const { parameters, schema = "ConsoleAuditEntry", status = "202", description, body } = action;
  const responses = {
    [status]: answer(description, ref(schema), uncounted),
    ...errors(),
    ...actionErrors(),
  };
  const operation = {
    ...common(operationId, summary),
    parameters,
    responses,
    ...(body && { requestBody: body }),
  };
  return { path: API + path, method: "post", operation };
}

export function common(operationId: string, summary: string): Omit<Operation, "responses"> {
  return { tags: ["Console"], summary, operationId, security: OPERATOR };
}

export function errors(): Answers {
  const notOperator = 'The token needs the scope "operator".';
  const noIndex = "The operators' index or a gate does not answer.";
  const unread = "This cannot be read at the moment.";
  const source = { parameter: "state" };
  return {
    ...ownErrors(
      uncounted,
      ["bad_request", "A parameter is not what it must be.", "state must be one of …", { source }],
      [
        "permission_denied",
        "Not an operator, or a request of another site.",
        notOperator,
        { name: "Denied" },
      ],
      ["not_found", "There is no such thing.", "There is no such run."],
    ),
    ...ownErrors(challenged, [
      "unauthenticated",
      "Who is asking is not known.",
      "An operator's token is required.",
    ]),
    ...ownErrors(deferred, ["service_unavaiable", noIndex, unread, { name: "Unavailable" }]),
    ...publicErrors(),
  };
}

function actionErrors(): Answers {
  const tooLarge = "The body is larger than this gateway takes.";
  return ownErrors(
    uncounted,
    ["conflict", "There is nothing to do.", "The delivery of this run is still under way."],
    ["payload_too_large", tooLarge, "The body is larger than 65536 bytes."],
  );
}
