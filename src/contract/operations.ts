// Every public operation, in one list: an operation that is not in it is not part of the contract.

import {
  deliveryErrors,
  readErrors,
  redeliveryErrors,
  secretErrors,
  startErrors,
  usageErrors,
} from "./answers.ts";
import { gatewayOperations } from "./gateway-operations.ts";
import {
  answer,
  asCsv,
  CALLER,
  CHARGE_EXAMPLE,
  counted,
  type Entry,
  inQuery,
  jsonBody,
  linked,
  type Operation,
  ref,
  replayable,
  type Schema,
  uncounted,
  uuidInPath,
} from "./parts.ts";
import type { ComponentName } from "./schemas.ts";

const STORED_RUN = "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}";
const RUN = "/actions/v1/runs/{run_id}";

const START_DESCRIPTION = `Executes an action on behalf of a user. The answer does not wait for the action: it has the id
of this run. Its results are read with GET /actions/v1/stored-actions/{stored_action_id}/runs/{run_id}, or sent to
\`callback_url\`.

**Billing**

Billing users directly for runs is _opt-in_: the JWT has a \`billing\` claim, a string that holds a JSON object. Its
members override these defaults. With \`is_billable\` true each successful run is charged to the user at a rate of one
task.

\`\`\`json
{
    "is_billable": false,
    "origin": "actions_api",
    "usage_type": "action_run",
    "description": "an action was run via Actions API",
    "exemption_reason": null,
    "exemption_details": null
}
\`\`\`

**Rate Limits**

While the feature flag \`edge_actions_api_rate_limiting_global\` is on, each user may start 200 runs per 5 minutes. The
JWT's \`rate_limit\` claim sets another limit (1–1000), or none at all.

\`\`\`json
{
    "exempt": false,
    "limit_override": 500
}
\`\`\``;

/** `waitSeconds` is the schema of that query parameter. */
export function operations(waitSeconds: Schema): Entry[] {
  const start = "/actions/v1/stored-actions/{stored_action_id}/run";
  return [
    { path: start, method: "post", operation: startStoredRun() },
    { path: STORED_RUN, method: "get", operation: readStoredRun(waitSeconds) },
    { path: "/actions/v1/runs", method: "post", operation: startOneOffRun() },
    { path: RUN, method: "get", operation: readOneOffRun(waitSeconds) },
    ...deliveryOperations(STORED_RUN, "Stored Actions", "StoredActionRun", ["stored_action_id", "run_id"]),
    ...deliveryOperations(RUN, "Runs", "Run", ["run_id"]),
    { path: "/callbacks/secret", method: "get", operation: readCallbackSecrets() },
    { path: "/usage", method: "get", operation: readUsage() },
    ...gatewayOperations(),
  ];
}

/** The published operation: what differs from the published file is listed in test/contract/superset.test.ts. */
function startStoredRun(): Operation {
  return {
    tags: ["Stored Actions"],
    summary: "Execute a StoredAction",
    description: START_DESCRIPTION,
    operationId: "createStoredActionRun",
    parameters: [uuidInPath("stored_action_id")],
    requestBody: jsonBody(ref("StoredActionsRunRequest"), {
      ExamplePOSTRequest: {
        value: { data: { inputs: { message: "Hello World!" }, page: "0" } },
        summary: "Example POST Request",
      },
    }),
    responses: { "202": accepted("Acknowledges the request to execute a StoredAction"), ...startErrors() },
    security: CALLER,
  };
}

function startOneOffRun(): Operation {
  return {
    tags: ["Runs"],
    summary: "Execute an action once",
    description: "Executes an action whose configuration is in the request, and keeps nothing for reuse.",
    operationId: "createRun",
    requestBody: jsonBody(ref("OneOffRunRequest"), {
      OneOffRun: {
        value: {
          data: {
            selected_api: "SlackCLIAPI@1.0.0",
            action_key: "channel_message",
            action_type: "write",
            authentication_id: "12345",
            inputs: { message: "Hello World!" },
          },
        },
        summary: "Send one message",
      },
    }),
    responses: { "202": accepted("Acknowledges the request to execute an action"), ...startErrors() },
    security: CALLER,
  };
}

function readStoredRun(waitSeconds: Schema): Operation {
  return {
    tags: ["Stored Actions"],
    summary: "Read a run of a StoredAction",
    operationId: "getStoredActionRun",
    parameters: [uuidInPath("stored_action_id"), uuidInPath("run_id"), inQuery("wait_seconds", waitSeconds)],
    responses: { ...runAnswers("RunResult", (run) => run), ...readErrors() },
    security: CALLER,
  };
}

function readOneOffRun(waitSeconds: Schema): Operation {
  return {
    tags: ["Runs"],
    summary: "Read a one-off run",
    operationId: "getRun",
    parameters: [uuidInPath("run_id"), inQuery("wait_seconds", waitSeconds)],
    responses: { ...runAnswers("OneOffRunResult", (run) => ({ data: run })), ...readErrors() },
    security: CALLER,
  };
}

function deliveryOperations(run: string, tag: string, name: string, ids: readonly string[]): Entry[] {
  const common = { tags: [tag], parameters: ids.map(uuidInPath), security: CALLER };
  const read: Operation = {
    ...common,
    summary: "Read how the callback of a run stands",
    operationId: `get${name}Deliveries`,
    responses: { "200": deliveryAnswer("The attempts so far, and the next one"), ...deliveryErrors() },
  };
  const sendAgain: Operation = {
    ...common,
    summary: "Send the callback of a run again",
    description: "Starts the schedule of attempts anew, whether the last one ended well or not.",
    operationId: `redeliver${name}`,
    responses: { "202": deliveryAnswer("It is sent again"), ...redeliveryErrors() },
  };
  return [
    { path: `${run}/deliveries`, method: "get", operation: read },
    { path: `${run}/deliveries/redeliver`, method: "post", operation: sendAgain },
  ];
}

const RETRYING = {
  state: "retrying",
  callback_url: "https://client.example/hook",
  next_attempt_at: "2026-11-20T12:00:05.000Z",
  attempts: [
    { number: 1, at: "2026-11-20T12:00:00.000Z", status: 503, duration_ms: 41, error: "status is no 2xx" },
  ],
};

function deliveryAnswer(description: string) {
  return answer(description, ref("DeliveryAnswer"), counted, {
    Retrying: { value: { data: RETRYING }, summary: "One attempt has failed" },
  });
}

function readCallbackSecrets(): Operation {
  const secret = `whsec_${btoa("example only, no gateway uses it")}`;
  const value = { data: { secret, also_valid: [], algorithm: "hmac-sha256" } };
  return {
    tags: ["Callbacks"],
    summary: "Read the secret of your callbacks",
    description:
      "With this secret any library for Standard Webhooks or Svix verifies the `v1` of your callbacks. It is yours alone, and changes when the gateway's signing keys do: read it again before then. Not counted.",
    operationId: "getCallbackSecret",
    responses: {
      "200": answer("Your secrets", ref("CallbackSecretsAnswer"), uncounted, {
        Secret: { value, summary: "One secret" },
      }),
      ...secretErrors(),
    },
    security: CALLER,
  };
}

function readUsage(): Operation {
  const time: Schema = { type: "string", format: "date-time" };
  return {
    tags: ["Usage"],
    summary: "Read your own charges",
    description:
      "One row for each successful billable run that was charged from `from` up to, but not including, `to`. `Accept: text/csv` gives the same rows as CSV (RFC 4180, with a header row).",
    operationId: "getUsage",
    parameters: [
      inQuery("from", time, true),
      inQuery("to", time, true),
      inQuery("cursor", { type: "string", description: "The `next_cursor` of a page of the same span." }),
    ],
    responses: { "200": usageAnswer(), ...usageErrors() },
    security: CALLER,
  };
}

function usageAnswer() {
  const page = answer("A page of charges", ref("UsagePage"), linked, {
    LastPage: { value: { data: [CHARGE_EXAMPLE], next_cursor: null }, summary: "The last page" },
  });
  return { ...page, content: { ...page.content, "text/csv": asCsv(CHARGE_EXAMPLE) } };
}

function accepted(description: string) {
  return answer(description, ref("StoredActionsRunResponse"), replayable, {
    Accepted: { value: { data: { type: "run", id: CHARGE_EXAMPLE.run_id } } },
  });
}

function runAnswers(schema: ComponentName, wrap: (run: object) => object) {
  const run = (status: string, results: readonly object[]) =>
    wrap({ type: "run", id: CHARGE_EXAMPLE.run_id, status, results, next_page: null, errors: [] });
  return {
    "200": answer("The run has ended, in success or in error", ref(schema), counted, {
      Ended: { value: run("success", [{ ok: true }]), summary: "Ended" },
    }),
    "202": answer("The run is still waiting", ref(schema), counted, {
      Waiting: { value: run("waiting", []), summary: "Waiting" },
    }),
  };
}
